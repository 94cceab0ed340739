// Records of event files, byte for byte.
#include <tenon/io/event.h>

#include "event_reader.h"

using namespace tenon;
using namespace tenon::test;

namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    constexpr const char* digits = "0123456789abcdef";
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

}  // namespace

TEST_CASE("records have their golden bytes") {
  CHECK(hex(io::version_record(1700000000)) ==
        "1800000000000000a37f4b220900000040fc54d9411a0d627261696e2e4576656e743a32eced8f9d");
  CHECK(hex(io::scalar_record("loss", 0.25, 7, 1700000000)) ==
        "1a00000000000000129bd82d0900000040fc54d94110072a0d0a0b0a046c6f7373150000803edc831689");
}

TEST_CASE("fields with value 0 are omitted, except the value of a scalar") {
  const auto payload = [](const std::string& record) { return record.substr(12, record.size() - 16); };
  CHECK(hex(payload(io::version_record(0))) == "1a0d627261696e2e4576656e743a32");
  CHECK(hex(payload(io::scalar_record("loss", 0, 0, 0))) == "2a0d0a0b0a046c6f73731500000000");
  const std::vector<double> zero = {0};
  const std::string record =
      io::histogram_record("h", io::make_histogram(std::span<const double>(zero)), 0, 0);
  const Message histogram = decode(value_of(payload(record)).bytes.at(5));
  CHECK(histogram.numbers.size() == 1);
  CHECK(histogram.real(3) == 1);
}
