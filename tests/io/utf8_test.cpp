#include <tenon/io/utf8.h>

#include "support/catch.h"

using namespace tenon;

TEST_CASE("is_utf8 takes what is well formed") {
  for (const char* text : {"", "loss", "\x7f", "\u0080", "é", "\u07ff", "\u0800", "\xed\x9f\xbf", "\ue000",
           "\uffff", "\U00010000", "\U0010ffff"})
    CHECK(io::is_utf8(text));
}

TEST_CASE("is_utf8 refuses what is not") {
  for (const char* text :
      {"\x80", "a\xbf", "\xc3", "\xc3(", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
          "\xe2\x82(", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xf0\x9f\x98"})
    CHECK_FALSE(io::is_utf8(text));
}

TEST_CASE("code points are counted and cut whole") {
  CHECK(io::code_points("") == 0);
  CHECK(io::code_points("aé€😀") == 4);
  CHECK(io::first_code_points("aé€😀", 0) == "");
  CHECK(io::first_code_points("aé€😀", 2) == "aé");
  CHECK(io::first_code_points("aé€😀", 3) == "aé€");
  CHECK(io::first_code_points("aé€😀", 4) == "aé€😀");
  CHECK(io::first_code_points("aé€😀", 9) == "aé€😀");
}
