// The checksum of TensorBoard's event files.
#pragma once
#include <cstdint>
#include <string_view>

namespace tenon::io {

/// CRC-32C (Castagnoli): reflected polynomial 0x82F63B78, initial value and final xor 0xFFFFFFFF.
std::uint32_t crc32c(std::string_view bytes);

/// The masked form stored in TFRecord files, because checksums of data that contains its own checksums are
/// weak.
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace tenon::io
