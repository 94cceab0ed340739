// The checksum of TensorBoard's event files.
#pragma once
#include <cstdint>
#include <string_view>

namespace tenon::io {

/// CRC-32C (Castagnoli): reflected polynomial 0x82F63B78, initial value and final xor 0xFFFFFFFF.
std::uint32_t crc32c(std::string_view bytes);

/// The form that a TFRecord stores: a file that contains its own checksums should not have weak ones.
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace tenon::io
