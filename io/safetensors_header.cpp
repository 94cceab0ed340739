#include <tenon/io/safetensors_header.h>
#include <tenon/io/utf8.h>

#include <algorithm>
#include <optional>
#include <set>

namespace tenon::io {

namespace {

const char* name_of(DType dtype) {
  switch (dtype) {
    case DType::float32: return "F32";
    case DType::float64: return "F64";
    case DType::int64: return "I64";
    case DType::boolean: return "BOOL";
  }
  return "";
}

// The character after the backslash, and what it stands for.
constexpr std::string_view escapes = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";

void append_string(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (const auto i = meanings.find(c); i != meanings.npos && c != '/') (out += '\\') += escapes[i];
    else if (byte < 0x20) ((out += "\\u00") += digits[byte >> 4]) += digits[byte & 15];
    else out += c;
  }
  out += '"';
}

void append_code_point(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  const auto tail = [&](int shift) { byte(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    byte(0xE0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    byte(0xF0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

/// A reader of the subset of JSON that a header consists of: objects, strings, and lists of whole numbers.
/// Nothing nests deeper than the format, so no input can exhaust the stack.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  SafetensorsHeader header() {
    SafetensorsHeader header;
    std::set<std::string> names;
    bool has_metadata = false;
    object([&](std::string name) {
      if (name == metadata_name) {
        check(!has_metadata, "\"__metadata__\" is given twice");
        has_metadata = true;
        object([&](std::string key) {
          const auto [entry, added] = header.metadata.emplace(std::move(key), std::string());
          check(added, "\"{}\" is given twice in the metadata", entry->first);
          entry->second = string();
        });
        return;
      }
      check(names.insert(name).second, "\"{}\" is given twice", name);
      header.entries.push_back(entry(std::move(name)));
    });
    skip_space();
    check(at_ == text_.size(), "the header has text after its end, at byte {}", at_);
    return header;
  }

 private:
  SafetensorsEntry entry(std::string name) {
    SafetensorsEntry entry{.name = std::move(name)};
    bool has_dtype = false, has_shape = false, has_offsets = false;
    object([&](const std::string& key) {
      bool* const has = key == "dtype"          ? &has_dtype
                        : key == "shape"        ? &has_shape
                        : key == "data_offsets" ? &has_offsets
                                                : nullptr;
      check(has != nullptr, "\"{}\" has the unknown field \"{}\"", entry.name, key);
      check(!*has, "\"{}\" has the field \"{}\" twice", entry.name, key);
      *has = true;
      if (has == &has_dtype) {
        entry.dtype = dtype(entry.name);
      } else if (has == &has_shape) {
        list([&](std::int64_t size) {
          check(entry.shape.rank() < max_rank, "\"{}\" has more than {} dimensions", entry.name, max_rank);
          entry.shape.push_back(size);
        });
      } else {
        int count = 0;
        list([&](std::int64_t offset) { (count++ == 0 ? entry.begin : entry.end) = offset; });
        check(count == 2, "\"{}\" must have two data_offsets; it has {}", entry.name, count);
      }
    });
    check(has_dtype && has_shape && has_offsets, "\"{}\" lacks its dtype, shape or data_offsets", entry.name);
    return entry;
  }

  DType dtype(const std::string& name) {
    const std::string given = string();
    for (const DType dtype : {DType::float32, DType::float64, DType::int64, DType::boolean})
      if (given == name_of(dtype)) return dtype;
    fail("\"{}\" has the dtype \"{}\"; F32, F64, I64 and BOOL can be read", name, given);
  }

  /// Calls value(key) at the value of each key.
  template <class Value>
  void object(Value value) {
    expect('{');
    if (take('}')) return;
    do {
      std::string key = string();
      expect(':');
      value(std::move(key));
    } while (take(','));
    expect('}');
  }
  template <class Item>
  void list(Item item) {
    expect('[');
    if (take(']')) return;
    do item(integer());
    while (take(','));
    expect(']');
  }

  std::int64_t integer() {
    skip_space();
    const std::size_t begin = at_;
    std::int64_t value = 0;
    bool fits = true;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_)
      fits = fits && !__builtin_mul_overflow(value, 10, &value) &&
             !__builtin_add_overflow(value, text_[at_] - '0', &value);
    const bool is_whole = at_ > begin && (text_[begin] != '0' || at_ == begin + 1);
    check(is_whole && fits, "the header needs a whole number from 0 to 2^63 - 1 at byte {}", begin);
    return value;
  }

  std::string string() {
    expect('"');
    std::string out;
    for (;;) {
      check(at_ < text_.size(), "the header ends inside a string");
      const char c = text_[at_++];
      if (c == '"') break;
      check(static_cast<unsigned char>(c) >= 0x20, "the header has a control character at byte {}", at_ - 1);
      if (c != '\\') out += c;
      else escape(out);
    }
    check(out.find('\0') == out.npos, "the header has a NUL in a string, before byte {}", at_);
    return out;
  }

  void escape(std::string& out) {
    check(at_ < text_.size(), "the header ends inside a string");
    const char c = text_[at_++];
    if (const auto i = escapes.find(c); i != escapes.npos) {
      out += meanings[i];
      return;
    }
    check(c == 'u', "the header has an unknown escape at byte {}", at_ - 1);
    std::uint32_t code = four_digits();
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      const std::uint32_t low = four_digits();
      check(low >= 0xDC00 && low < 0xE000, "the header has half a surrogate pair before byte {}", at_);
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    check(code < 0xD800 || code >= 0xE000, "the header has half a surrogate pair before byte {}", at_);
    append_code_point(out, code);
  }

  std::uint32_t four_digits() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = at_ < text_.size() ? text_[at_] : ' ';
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      check(digit >= 0, "the header needs four hexadecimal digits at byte {}", at_);
      code = code * 16 + static_cast<std::uint32_t>(digit);
    }
    return code;
  }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    const bool found = take(c);
    check(found, "the header needs '{}' at byte {}", std::string_view(&c, 1), at_);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// The bytes of a tensor; nothing if the number exceeds 63 bits.
std::optional<std::int64_t> bytes_of(const SafetensorsEntry& entry) {
  // An extent of 0 does not excuse the others: a shape whose product overflows could not be a tensor's.
  std::int64_t bytes = static_cast<std::int64_t>(size_of(entry.dtype)), product = bytes;
  for (const std::int64_t size : entry.shape) {
    bytes *= size != 0;
    if (__builtin_mul_overflow(product, std::max<std::int64_t>(size, 1), &product)) return {};
  }
  return bytes == 0 ? 0 : product;
}

}  // namespace

std::string safetensors_json(const SafetensorsHeader& header) {
  std::string out = "{";
  const auto begin = [&](std::string_view name) {
    if (out.size() > 1 && out.back() != '{') out += ',';
    append_string(out, name);
    out += ':';
  };
  if (!header.metadata.empty()) {
    begin(metadata_name);
    out += '{';
    for (const auto& [key, value] : header.metadata) {
      begin(key);
      append_string(out, value);
    }
    out += '}';
  }
  for (const SafetensorsEntry& entry : header.entries) {
    begin(entry.name);
    ((out += "{\"dtype\":\"") += name_of(entry.dtype)) += "\",\"shape\":[";
    for (int i = 0; i < entry.shape.rank(); ++i) {
      if (i > 0) out += ',';
      out += std::to_string(entry.shape[i]);
    }
    out += "],\"data_offsets\":[" + std::to_string(entry.begin) + ',' + std::to_string(entry.end) + "]}";
  }
  out += '}';
  out.append((8 - out.size() % 8) % 8, ' ');
  return out;
}

SafetensorsHeader parse_safetensors_header(std::string_view json, std::int64_t data_bytes) {
  check(is_utf8(json), "the header is not UTF-8");
  check(json.starts_with('{'), "the header does not begin with '{'");
  SafetensorsHeader header = Parser(json).header();
  std::sort(header.entries.begin(), header.entries.end(),
      [](const auto& a, const auto& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  std::int64_t at = 0;
  for (const SafetensorsEntry& entry : header.entries) {
    const std::optional<std::int64_t> bytes = bytes_of(entry);
    check(bytes.has_value(), "\"{}\" has the shape {}, which is too large", entry.name, entry.shape);
    check(entry.begin == at, "\"{}\" begins at byte {}, but the tensors before it end at {}", entry.name,
        entry.begin, at);
    check(entry.end >= entry.begin && entry.end - entry.begin == *bytes,
        "\"{}\" has the bytes from {} to {}, but its shape {} of {} needs {}", entry.name, entry.begin,
        entry.end, entry.shape, entry.dtype, *bytes);
    at = entry.end;
  }
  check(at == data_bytes, "the tensors end at byte {}, the file at {}", at, data_bytes);
  return header;
}

}  // namespace tenon::io
