#include <cmath>

#include "tape.h"

Value exp(Value a) {
  const double y = std::exp(a.value());
  return a.tape->record("exp", y, {{a.row, y}});
}
// d(a/b)/da = 1 / b; d(a/b)/db = -a / b^2
Value operator/(Value a, Value b) {
  const double x = a.value(), y = b.value();
  return a.tape->record("div", x / y, {{a.row, 1 / y}, {b.row, -x / (y * y)}});
}
