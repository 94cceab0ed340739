// A strict reader of event files: it checks every length and checksum.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/io/crc32c.h>
#include <tenon/io/summary_writer.h>

#include "../support/catch.h"
#include "../support/files.h"

namespace tenon::test {

/// For writers whose records all have the same time.
inline double fixed_time() { return 1700000000; }
inline const io::SummaryWriterOptions fixed = {.wall_time = fixed_time};

struct Message {
  std::map<unsigned, std::uint64_t> numbers;  // varints and fixed words, by field
  std::map<unsigned, std::string> bytes;

  std::uint64_t number(unsigned field) const { return numbers.at(field); }
  double real(unsigned field) const { return std::bit_cast<double>(numbers.at(field)); }
  std::vector<double> reals(unsigned field) const {
    const std::string& packed = bytes.at(field);
    std::vector<double> values(packed.size() / sizeof(double));
    std::memcpy(values.data(), packed.data(), packed.size());
    return values;
  }
};

inline std::uint64_t take_word(std::string_view& bytes, std::size_t size) {
  REQUIRE(bytes.size() >= size);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i)
    word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  bytes.remove_prefix(size);
  return word;
}

inline std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const std::uint64_t byte = take_word(bytes, 1);
    value |= (byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
}

inline Message decode(std::string_view bytes) {
  Message message;
  while (!bytes.empty()) {
    const std::uint64_t key = take_varint(bytes);
    const auto field = static_cast<unsigned>(key >> 3);
    switch (key & 7) {
      case 0: message.numbers[field] = take_varint(bytes); break;
      case 1: message.numbers[field] = take_word(bytes, 8); break;
      case 5: message.numbers[field] = take_word(bytes, 4); break;
      case 2: {
        const std::uint64_t size = take_varint(bytes);
        REQUIRE(size <= bytes.size());
        message.bytes[field] = bytes.substr(0, size);
        bytes.remove_prefix(size);
        break;
      }
      default: FAIL("unknown wire type in key " << key);
    }
  }
  return message;
}

/// The payloads of a file of complete TFRecords.
inline std::vector<std::string> read_records(const std::string& path) {
  const std::string file = read_file(path);
  std::vector<std::string> payloads;
  for (std::string_view rest = file; !rest.empty();) {
    const std::string_view length_bytes = rest.substr(0, 8);
    const std::uint64_t length = take_word(rest, 8);
    REQUIRE(take_word(rest, 4) == io::masked_crc32c(length_bytes));
    REQUIRE(rest.size() >= length);
    payloads.emplace_back(rest.substr(0, length));
    rest.remove_prefix(length);
    REQUIRE(take_word(rest, 4) == io::masked_crc32c(payloads.back()));
  }
  return payloads;
}

struct Scalar {
  std::string tag;
  float value;
  std::int64_t step;
  double wall_time;
  bool operator==(const Scalar&) const = default;
};

/// The content of a summary event: the Value message.
inline Message value_of(const std::string& event) {
  return decode(decode(decode(event).bytes.at(5)).bytes.at(1));
}

inline std::string only_event_file(const std::string& directory) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    if (entry.is_regular_file()) paths.push_back(entry.path().string());
  REQUIRE(paths.size() == 1);
  return paths[0];
}

/// All scalars of the only event file in a directory; the file must begin with its version.
inline std::vector<Scalar> read_scalars(const std::string& directory) {
  std::vector<Scalar> scalars;
  const std::vector<std::string> events = read_records(only_event_file(directory));
  REQUIRE(!events.empty());
  REQUIRE(decode(events[0]).bytes.at(3) == "brain.Event:2");
  for (std::size_t i = 1; i < events.size(); ++i) {
    const Message event = decode(events[i]), value = value_of(events[i]);
    const std::int64_t step = event.numbers.contains(2) ? static_cast<std::int64_t>(event.number(2)) : 0;
    scalars.push_back({value.bytes.at(1), std::bit_cast<float>(static_cast<std::uint32_t>(value.number(2))),
        step, event.real(1)});
  }
  return scalars;
}

}  // namespace tenon::test
