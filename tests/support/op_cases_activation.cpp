// Rows of the table of operations: activation.h.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "support/op_case_rows.h"

namespace tenon::test {

void add_activations(std::vector<OpCase>& rows) {
  rows.push_back(unary("relu", Domain::apart, &relu, [](double x) { return x > 0 ? x : 0; }));
  rows.push_back(unary("silu", Domain::real, &silu, [](double x) { return x / (1 + std::exp(-x)); }));
  rows.push_back(unary("selu", Domain::apart, &selu,
      [](double x) { return 1.0507009873554804934 * (x > 0 ? x : 1.6732632423543772848 * std::expm1(x)); }));
  rows.push_back(scalar(
      "leaky_relu", "", Domain::apart, [](const Tensor& x) { return leaky_relu(x); },
      [](double x) { return x > 0 ? x : 0.01 * x; }));
  rows.push_back(scalar(
      "leaky_relu", "slope", Domain::apart, [](const Tensor& x) { return leaky_relu(x, -0.3); },
      [](double x) { return x > 0 ? x : -0.3 * x; }));
  rows.push_back(scalar(
      "elu", "", Domain::apart, [](const Tensor& x) { return elu(x); },
      [](double x) { return x > 0 ? x : std::expm1(x); }));
  rows.push_back(scalar(
      "elu", "alpha", Domain::apart, [](const Tensor& x) { return elu(x, 2.5); },
      [](double x) { return x > 0 ? x : 2.5 * std::expm1(x); }));
  rows.push_back(scalar(
      "gelu", "", Domain::real, [](const Tensor& x) { return gelu(x); },
      [](double x) { return 0.5 * x * std::erfc(-x / std::numbers::sqrt2); }));
  rows.push_back(scalar(
      "gelu", "tanh", Domain::real, [](const Tensor& x) { return gelu(x, GeluApproximate::tanh); },
      [](double x) {
        return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
      }));
  rows.push_back(scalar(
      "softplus", "", Domain::real, [](const Tensor& x) { return softplus(x); },
      [](double x) { return std::log1p(std::exp(x)); }));
  rows.push_back(scalar(
      "softplus", "beta and threshold", Domain::apart, [](const Tensor& x) { return softplus(x, 2, 0.5); },
      [](double x) { return 2 * x > 0.5 ? x : std::log1p(std::exp(2 * x)) / 2; }));
  rows.push_back(scalar(
      "hardtanh", "", Domain::apart, [](const Tensor& x) { return hardtanh(x, -0.505, 0.355); },
      [](double x) { return std::min(std::max(x, -0.505), 0.355); }));
}

}  // namespace tenon::test
