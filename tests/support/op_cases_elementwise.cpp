// Rows of the table of operations: elementwise.h.
#include <algorithm>
#include <cmath>

#include "support/op_case_rows.h"

namespace tenon::test {

void add_elementwise(std::vector<OpCase>& rows) {
  rows.push_back(unary("abs", Domain::apart, &abs, [](double x) { return std::fabs(x); }));
  rows.push_back(unary("exp", Domain::real, &exp, [](double x) { return std::exp(x); }));
  rows.push_back(unary("log", Domain::positive, &log, [](double x) { return std::log(x); }));
  rows.push_back(unary("sqrt", Domain::positive, &sqrt, [](double x) { return std::sqrt(x); }));
  rows.push_back(unary("expm1", Domain::real, &expm1, [](double x) { return std::expm1(x); }));
  rows.push_back(unary("log1p", Domain::positive, &log1p, [](double x) { return std::log1p(x); }));
  rows.push_back(unary("exp2", Domain::real, &exp2, [](double x) { return std::exp2(x); }));
  rows.push_back(unary("log2", Domain::positive, &log2, [](double x) { return std::log2(x); }));
  rows.push_back(unary("rsqrt", Domain::positive, &rsqrt, [](double x) { return 1 / std::sqrt(x); }));
  rows.push_back(unary("square", Domain::real, &square, [](double x) { return x * x; }));
  rows.push_back(unary("reciprocal", Domain::positive, &reciprocal, [](double x) { return 1 / x; }));
  rows.push_back(unary("erf", Domain::real, &erf, [](double x) { return std::erf(x); }));
  rows.push_back(unary("sign", Domain::apart, &sign, [](double x) { return x > 0 ? 1.0 : -1.0; }));
  rows.push_back(unary("floor", Domain::apart, &floor, [](double x) { return std::floor(x); }));
  rows.push_back(unary("ceil", Domain::apart, &ceil, [](double x) { return std::ceil(x); }));
  rows.push_back(unary("round", Domain::apart, &round, [](double x) { return std::nearbyint(x); }));
  rows.push_back(unary("trunc", Domain::apart, &trunc, [](double x) { return std::trunc(x); }));
  rows.push_back(unary("sin", Domain::real, &sin, [](double x) { return std::sin(x); }));
  rows.push_back(unary("cos", Domain::real, &cos, [](double x) { return std::cos(x); }));
  rows.push_back(unary("tanh", Domain::real, &tanh, [](double x) { return std::tanh(x); }));
  rows.push_back(unary("sigmoid", Domain::real, &sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }));
  rows.push_back(scalar(
      "clamp", "", Domain::apart, [](const Tensor& x) { return clamp(x, -0.505, 0.755); },
      [](double x) { return std::min(std::max(x, -0.505), 0.755); }));
  rows.push_back(scalar(
      "clamp_min", "", Domain::apart, [](const Tensor& x) { return clamp_min(x, -0.505); },
      [](double x) { return std::max(x, -0.505); }));
  rows.push_back(scalar(
      "clamp_max", "", Domain::apart, [](const Tensor& x) { return clamp_max(x, 0.755); },
      [](double x) { return std::min(x, 0.755); }));

  const Tensor condition = tensor({{1, 0, 1}, {0, 0, 1}}, {.dtype = DType::boolean});
  const auto chosen = [](bool yes, const Index& i) {
    return (i[i.size() - 2] == 0 ? i.back() != 1 : i.back() == 2) == yes;
  };
  rows.push_back({"where", "tensors", {{{2, 3}}, {{3}}},
      [condition](const Tensors& in) { return where(condition.to(in[0].device()), in[0], in[1]); },
      [chosen](const Arrays& in) {
        return build(
            {2, 3}, [&](const Index& i) { return broadcast_element(in[chosen(true, i) ? 0 : 1], i); });
      }});
  rows.push_back({"masked_fill", "number", {{{3}}},
      [condition](const Tensors& in) { return masked_fill(in[0], condition.to(in[0].device()), 0.25); },
      [chosen](const Arrays& in) {
        return build(
            {2, 3}, [&](const Index& i) { return chosen(true, i) ? 0.25 : broadcast_element(in[0], i); });
      }});
  rows.push_back({"masked_fill", "tensor", {{{2, 3}}, {{}}},
      [condition](const Tensors& in) { return masked_fill(in[0], condition.to(in[0].device()), in[1]); },
      [chosen](const Arrays& in) {
        return build(
            {2, 3}, [&](const Index& i) { return broadcast_element(in[chosen(true, i) ? 1 : 0], i); });
      }});
  rows.push_back({"nan_to_num", "", {{{2, 3}}}, [](const Tensors& in) { return nan_to_num(in[0]); },
      [](const Arrays& in) { return in[0]; }});
  rows.push_back({"where", "number second", {{{2, 3}}},
      [condition](const Tensors& in) { return where(condition.to(in[0].device()), in[0], 0.25); },
      [chosen](const Arrays& in) {
        return build({2, 3}, [&](const Index& i) { return chosen(true, i) ? element(in[0], i) : 0.25; });
      }});
  rows.push_back({"where", "number first", {{{3}}},
      [condition](const Tensors& in) { return where(condition.to(in[0].device()), 0.25, in[0]); },
      [chosen](const Arrays& in) {
        return build(
            {2, 3}, [&](const Index& i) { return chosen(true, i) ? 0.25 : broadcast_element(in[0], i); });
      }});
}

}  // namespace tenon::test
