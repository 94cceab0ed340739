#include <tenon/io/crc32c.h>
#include <tenon/io/event.h>

#include <bit>

namespace tenon::io {
namespace {

template <class Word>
void append_little_endian(std::string& out, Word word) {
  for (std::size_t i = 0; i < sizeof(Word); ++i) out += static_cast<char>((word >> (8 * i)) & 0xFF);
}

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  out += static_cast<char>(value);
}

// A field's key is its number and its wire type: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes.
void append_key(std::string& out, unsigned field, unsigned wire_type) {
  append_varint(out, field << 3 | wire_type);
}

void append_bytes(std::string& out, unsigned field, std::string_view bytes) {
  append_key(out, field, 2);
  append_varint(out, bytes.size());
  out += bytes;
}

void append_double(std::string& out, unsigned field, double value) {
  if (value == 0) return;  // proto3 omits default values
  append_key(out, field, 1);
  append_little_endian(out, std::bit_cast<std::uint64_t>(value));
}

void append_doubles(std::string& out, unsigned field, const std::vector<double>& values) {
  append_key(out, field, 2);
  append_varint(out, values.size() * sizeof(double));
  for (const double value : values) append_little_endian(out, std::bit_cast<std::uint64_t>(value));
}

// TFRecord: length, masked checksum of the length, payload, masked checksum of the payload.
std::string frame(std::string_view payload) {
  std::string record;
  record.reserve(payload.size() + 16);
  append_little_endian(record, std::uint64_t{payload.size()});
  append_little_endian(record, masked_crc32c(record));
  record += payload;
  append_little_endian(record, masked_crc32c(payload));
  return record;
}

// Event { 1 wall_time, 2 step, 5 summary }, Summary { 1 value }, Value { 1 tag, then `content` }.
std::string summary_record(
    std::string_view tag, std::string_view content, std::int64_t step, double wall_time) {
  std::string value, summary, event;
  append_bytes(value, 1, tag);
  value += content;
  append_bytes(summary, 1, value);
  append_double(event, 1, wall_time);
  if (step != 0) {
    append_key(event, 2, 0);
    append_varint(event, static_cast<std::uint64_t>(step));
  }
  append_bytes(event, 5, summary);
  return frame(event);
}

}  // namespace

std::string version_record(double wall_time) {
  std::string event;
  append_double(event, 1, wall_time);
  append_bytes(event, 3, "brain.Event:2");
  return frame(event);
}

std::string scalar_record(std::string_view tag, double value, std::int64_t step, double wall_time) {
  std::string content;
  append_key(content, 2, 5);  // a member of a oneof: written even if it is 0
  append_little_endian(content, std::bit_cast<std::uint32_t>(static_cast<float>(value)));
  return summary_record(tag, content, step, wall_time);
}

std::string histogram_record(
    std::string_view tag, const Histogram& histogram, std::int64_t step, double wall_time) {
  std::string histo, content;
  append_double(histo, 1, histogram.min);
  append_double(histo, 2, histogram.max);
  append_double(histo, 3, histogram.count);
  append_double(histo, 4, histogram.sum);
  append_double(histo, 5, histogram.sum_of_squares);
  append_doubles(histo, 6, histogram.limits);
  append_doubles(histo, 7, histogram.buckets);
  append_bytes(content, 5, histo);
  return summary_record(tag, content, step, wall_time);
}

}  // namespace tenon::io
