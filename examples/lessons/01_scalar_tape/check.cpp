// Checks exp and division, then a sigmoid that is made of them.
#include <cmath>
#include <cstdio>
#include <functional>

#include "tape.h"

Value exp(Value a);
Value operator/(Value a, Value b);

namespace {

using Function = std::function<Value(Value)>;

double value_at(const Function& f, double x) {
  Tape tape;
  return f(tape.leaf(x)).value();
}

bool right(const char* text, const Function& f, double x, const char* hint) {
  Tape tape;
  const Value input = tape.leaf(x);
  tape.backward(f(input));
  const double h = 1e-6, measured = (value_at(f, x + h) - value_at(f, x - h)) / (2 * h);
  if (std::abs(input.grad() - measured) < 1e-6) return true;
  std::printf("failed: the slope of %s at x = %g should be %.4f, yours is %.4f\n%s\n", text, x, measured,
      input.grad(), hint);
  return false;
}

Value number(Value like, double value) { return like.tape->leaf(value); }
Value sigmoid(Value x) { return number(x, 1) / (number(x, 1) + exp(number(x, 0) - x)); }

}  // namespace

int main() {
  const bool all =
      right(
          "exp(x)", [](Value x) { return exp(x); }, 0.5, "The slope of exp is exp itself.") &&
      right(
          "x / 4", [](Value x) { return x / number(x, 4); }, 3,
          "b is a constant: how much does a / b move when a moves by 1?") &&
      right(
          "3 / x", [](Value x) { return number(x, 3) / x; }, 4,
          "a is a constant, and a / b = a * b^-1: the slope with respect to b is -a / b^2.") &&
      right(
          "x / x", [](Value x) { return x / x; }, 4, "x / x is always 1: its two slopes must add up to 0.") &&
      right("sigmoid(x)", sigmoid, 0.5, "It is 1 / (1 + exp(-x)).");
  if (!all) return 1;
  std::puts("passed");
}
