#include <tenon/io/crc32c.h>

#include <string>

#include "support/catch.h"

using namespace tenon;

TEST_CASE("crc32c has its published values") {
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending += static_cast<char>(i);
  CHECK(io::crc32c("") == 0);
  CHECK(io::crc32c("123456789") == 0xE3069283);
  CHECK(io::crc32c(std::string(32, '\0')) == 0x8A9136AA);
  CHECK(io::crc32c(std::string(32, '\xff')) == 0x62A8AB43);
  CHECK(io::crc32c(ascending) == 0x46DD794E);
  CHECK(io::masked_crc32c("123456789") == 0xC78AB0E5);
}
