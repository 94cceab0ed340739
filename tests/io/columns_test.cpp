#include <tenon/io/columns.h>

#include <string>

#include "support/catch.h"

using namespace tenon;

TEST_CASE("printable text has neither control characters nor invalid bytes") {
  CHECK(io::printable("größer 学習 e\u0301 😀") == "größer 学習 e\u0301 😀");
  CHECK(io::printable(std::string("a\0b", 3)) == "a b");
  CHECK(io::printable("a\n\x1b[31mb\r\t\x7f") == "a  [31mb   ");
  CHECK(io::printable("a\u0080b\u009b31m\u009f") == "a b 31m ");  // U+009B begins a command, like ESC [
  CHECK(io::printable("a\u2028b\u2029c\u202ed\u2066e\u2069") == "a b c d e ");
  CHECK(io::printable("gr\xf6\xdf"
                      "er \xc3") == "gr??er ?");
  CHECK(io::printable("\u00a0\u00ad\u2027\u202f") == "\u00a0\u00ad\u2027\u202f");
}

TEST_CASE("columns: wide characters take two columns, combining marks none") {
  CHECK(io::columns("") == 0);
  CHECK(io::columns("loss −0.5 größer ━╸") == 19);
  CHECK(io::columns("学習") == 4);
  CHECK(io::columns("ﾊﾝｶｸ") == 4);
  CHECK(io::columns("ＡＢ") == 4);
  CHECK(io::columns("한국") == 4);
  CHECK(io::columns("\u1112\u1161\u11ab") == 2);  // 한 as three code points
  CHECK(io::columns("e\u0301a\u0308\u0323") == 2);
  CHECK(io::columns("नमस्ते") == 4);
  CHECK(io::columns("שָׁלוֹם") == 4);
  CHECK(io::columns("🚀😀") == 4);
  CHECK(io::columns("👍🏽") == 4);  // terminals differ on sequences; overestimating breaks no line
  CHECK(io::columns("🇩🇪") == 2);
  CHECK(io::columns("❤") == 1);
  CHECK(io::columns("❤\ufe0f") == 2);
  CHECK(io::columns("a\u200bb\ufeff") == 2);
  CHECK(io::columns("\u00ad") == 1);
  CHECK(io::columns("\U00020000") == 2);
  CHECK(io::columns("\U0010ffff") == 1);
}

TEST_CASE("text is cut between characters at the available width") {
  const std::string_view text = "a学e\u0301😀";
  CHECK(io::first_columns(text, -1) == "");
  CHECK(io::first_columns(text, 0) == "");
  CHECK(io::first_columns(text, 1) == "a");
  CHECK(io::first_columns(text, 2) == "a");
  CHECK(io::first_columns(text, 3) == "a学");
  CHECK(io::first_columns(text, 4) == "a学e\u0301");
  CHECK(io::first_columns(text, 5) == "a学e\u0301");
  CHECK(io::first_columns(text, 6) == text);
  CHECK(io::first_columns(text, 99) == text);
  CHECK(io::first_columns("❤\ufe0f", 1) == "❤");
}
