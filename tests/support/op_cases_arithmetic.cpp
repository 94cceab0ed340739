// Rows of the table of operations: arithmetic.h.
#include <algorithm>
#include <cmath>

#include "support/op_case_rows.h"

namespace tenon::test {

void add_binary(std::vector<OpCase>& rows, const char* name, Domain domain,
    Tensor (*op)(const Tensor&, const Tensor&, CallSite), double (*f)(double, double)) {
  const auto call = [op](const Tensors& in) { return op(in[0], in[1], CallSite::current()); };
  const auto ref = [f](const Arrays& in) { return map(in[0], in[1], f); };
  rows.push_back({name, "same shape", {{{4, 3}, domain}, {{4, 3}, domain}}, call, ref, true});
  rows.push_back({name, "row and column", {{{3, 1}, domain}, {{2, 1, 4}, domain}}, call, ref, true});
  rows.push_back({name, "number", {{{}, domain}, {{2, 3}, domain}}, call, ref, true});
}

void add_arithmetic(std::vector<OpCase>& rows) {
  add_binary(rows, "add", Domain::real, &add, [](double a, double b) { return a + b; });
  add_binary(rows, "sub", Domain::real, &sub, [](double a, double b) { return a - b; });
  add_binary(rows, "mul", Domain::real, &mul, [](double a, double b) { return a * b; });
  add_binary(rows, "div", Domain::positive, &div, [](double a, double b) { return a / b; });
  add_binary(rows, "pow", Domain::positive, &pow, [](double a, double b) { return std::pow(a, b); });
  add_binary(rows, "maximum", Domain::apart, &maximum, [](double a, double b) { return std::max(a, b); });
  add_binary(rows, "minimum", Domain::apart, &minimum, [](double a, double b) { return std::min(a, b); });

  rows.push_back(scalar(
      "add", "x + 1.5", Domain::real, [](const Tensor& x) { return x + 1.5; },
      [](double x) { return x + 1.5; }));
  rows.push_back(scalar(
      "sub", "x - 1.5", Domain::real, [](const Tensor& x) { return x - 1.5; },
      [](double x) { return x - 1.5; }));
  rows.push_back(scalar(
      "sub", "1.5 - x", Domain::real, [](const Tensor& x) { return 1.5 - x; },
      [](double x) { return 1.5 - x; }));
  rows.push_back(scalar(
      "mul", "-2.5 x", Domain::real, [](const Tensor& x) { return -2.5 * x; },
      [](double x) { return -2.5 * x; }));
  rows.push_back(scalar(
      "div", "x / 4", Domain::real, [](const Tensor& x) { return x / 4; }, [](double x) { return x / 4; }));
  rows.push_back(scalar(
      "div", "3 / x", Domain::positive, [](const Tensor& x) { return 3 / x; },
      [](double x) { return 3 / x; }));
  for (const double p : {1.0, 2.0, 3.0, 0.5, -1.0, 1.7})
    rows.push_back({"pow", "x^" + std::to_string(p), {{{2, 3}, Domain::positive}},
        [p](const Tensors& in) { return pow(in[0], p); },
        [p](const Arrays& in) { return map(in[0], [p](double x) { return std::pow(x, p); }); }, true});
  rows.push_back({"pow", "x^0", {{{2, 3}}}, [](const Tensors& in) { return pow(in[0], 0); },
      [](const Arrays& in) { return map(in[0], [](double) { return 1.0; }); }, false});
  rows.push_back(scalar(
      "pow", "2.5^x", Domain::real, [](const Tensor& x) { return pow(2.5, x); },
      [](double x) { return std::pow(2.5, x); }));
  rows.push_back(scalar(
      "maximum", "x, 0", Domain::apart, [](const Tensor& x) { return maximum(x, 0); },
      [](double x) { return std::max(x, 0.0); }));
  rows.push_back(scalar(
      "maximum", "0, x", Domain::apart, [](const Tensor& x) { return maximum(0, x); },
      [](double x) { return std::max(x, 0.0); }));
  rows.push_back(scalar(
      "minimum", "x, 0", Domain::apart, [](const Tensor& x) { return minimum(x, 0); },
      [](double x) { return std::min(x, 0.0); }));
  rows.push_back(scalar(
      "minimum", "0, x", Domain::apart, [](const Tensor& x) { return minimum(0, x); },
      [](double x) { return std::min(x, 0.0); }));
  add_binary(rows, "hypot", Domain::positive, &hypot, [](double a, double b) { return std::hypot(a, b); });
  add_binary(rows, "atan2", Domain::apart, &atan2, [](double a, double b) { return std::atan2(a, b); });
  add_binary(rows, "fmod", Domain::apart, &fmod, [](double a, double b) { return std::fmod(a, b); });
  add_binary(rows, "remainder", Domain::apart, &remainder,
      [](double a, double b) { return a - b * std::floor(a / b); });
  rows.push_back(scalar(
      "fmod", "number", Domain::apart, [](const Tensor& x) { return fmod(x, -0.37); },
      [](double x) { return std::fmod(x, -0.37); }));
  rows.push_back(scalar(
      "remainder", "number", Domain::apart, [](const Tensor& x) { return remainder(x, -0.37); },
      [](double x) { return x + 0.37 * std::floor(x / -0.37); }));

  const auto of_three = [](double (*f)(double, double, double)) {
    return [f](const Arrays& in) {
      return build({2, 3}, [&](const Index& i) {
        return f(broadcast_element(in[0], i), broadcast_element(in[1], i), broadcast_element(in[2], i));
      });
    };
  };
  rows.push_back({"lerp", "tensors", {{{2, 3}}, {{3}}, {{2, 1}}},
      [](const Tensors& in) { return lerp(in[0], in[1], in[2]); },
      of_three([](double a, double b, double w) { return a + w * (b - a); }), true});
  for (const double w : {0.25, 0.75})
    rows.push_back({"lerp", "number " + std::to_string(w), {{{2, 1}}, {{3}}},
        [w](const Tensors& in) { return lerp(in[0], in[1], w); },
        [w](const Arrays& in) {
          return map(in[0], in[1], [w](double a, double b) { return a + w * (b - a); });
        },
        true});
  rows.push_back({"addcmul", "", {{{2, 3}}, {{3}}, {{2, 1}}},
      [](const Tensors& in) { return addcmul(in[0], in[1], in[2]); },
      of_three([](double a, double b, double c) { return a + b * c; }), true});
  rows.push_back({"addcmul", "value", {{{3}}, {{2, 3}}, {{2, 1}}},
      [](const Tensors& in) { return addcmul(in[0], in[1], in[2], -1.5); },
      of_three([](double a, double b, double c) { return a - 1.5 * b * c; }), true});
  rows.push_back(unary("neg", Domain::real, &neg, [](double x) { return -x; }));
}

}  // namespace tenon::test
