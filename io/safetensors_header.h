// The JSON header of a safetensors file.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/core/dtype.h>
#include <tenon/core/shape.h>

namespace tenon::io {

/// The bytes [begin, end) after the header hold the elements of a tensor.
struct SafetensorsEntry {
  std::string name;
  DType dtype{};
  Shape shape{};
  std::int64_t begin = 0, end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // in the order of their bytes
  std::map<std::string, std::string> metadata;
};

/// The entry that is no tensor.
inline constexpr std::string_view metadata_name = "__metadata__";

/// A longer header is refused, by the reference implementation too.
inline constexpr std::int64_t most_header_bytes = 100'000'000;

/// The header as compact JSON, padded with spaces to a multiple of 8 bytes.
std::string safetensors_json(const SafetensorsHeader& header);

/// Reads a header of a file that has `data_bytes` bytes after it. Throws Error with what is wrong: text that
/// is not exactly such a header, a name twice, a shape that contradicts its bytes, or bytes that belong to no
/// tensor or to several.
SafetensorsHeader parse_safetensors_header(std::string_view json, std::int64_t data_bytes);

}  // namespace tenon::io
