#include <tenon/io/utf8.h>

#include "support/catch.h"

using namespace tenon;

TEST_CASE("is_utf8 accepts well-formed text") {
  for (const char* text : {"", "loss", "\x7f", "\u0080", "é", "\u07ff", "\u0800", "\xed\x9f\xbf", "\ue000",
           "\uffff", "\U00010000", "\U0010ffff"})
    CHECK(io::is_utf8(text));
}

TEST_CASE("is_utf8 rejects ill-formed text") {
  for (const char* text :
      {"\x80", "a\xbf", "\xc3", "\xc3(", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
          "\xe2\x82(", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xf0\x9f\x98"})
    CHECK_FALSE(io::is_utf8(text));
}

TEST_CASE("code points and invalid bytes are read one at a time") {
  std::string_view text = "aé€😀\xe2\x82z\xff";
  for (const char32_t c : {U'a', U'é', U'€', U'😀'}) CHECK(io::take_code_point(text) == c);
  CHECK(io::take_code_point(text) == std::nullopt);
  CHECK(io::take_code_point(text) == std::nullopt);
  CHECK(io::take_code_point(text) == U'z');
  CHECK(io::take_code_point(text) == std::nullopt);
  CHECK(text.empty());
}

TEST_CASE("code points are counted") {
  CHECK(io::code_points("") == 0);
  CHECK(io::code_points("aé€😀") == 4);
}
