#include "verify.h"

#include <algorithm>
#include <cmath>

using namespace tenon;

namespace {

/// A sum in double, and the sum of the magnitudes of its terms, to which the error of float32 is
/// proportional.
struct Sum {
  double value = 0, magnitude = 0;
  void add(double factor, const Sum& term) {
    value += factor * term.value;
    magnitude += std::abs(factor) * term.magnitude;
  }
};

Sum sign(float value) {
  const double sign = value > 0 ? 1 : value < 0 ? -1 : 0;
  return {sign, std::abs(sign)};
}

void compare(double found, const Sum& expected, Verification& verification) {
  const double difference = std::abs(found - expected.value);
  const double relative = difference / std::max(expected.magnitude, 1e-30);
  // A NaN compares false with everything, so it is recorded as the largest difference.
  if (!(difference <= verification.largest_difference))
    verification.largest_difference = std::isnan(difference) ? INFINITY : difference;
  if (!(relative <= verification.largest_relative))
    verification.largest_relative = std::isnan(relative) ? INFINITY : relative;
}

}  // namespace

void verify_gradients(nn::Linear& net, const Tensor& x, const Tensor& y, double l1, double l1_of_bias,
    Verification& verification) {
  const NoGradGuard no_grad;
  const auto host = [](const Tensor& tensor) { return tensor.detach().to(Device::cpu()).contiguous(); };
  const Tensor weight = host(net.weight), bias = host(net.bias), inputs = host(x), targets = host(y);
  const Tensor weight_grad = host(net.weight.grad()), bias_grad = host(net.bias.grad());
  const std::int64_t batch = x.size(0);
  std::vector<Sum> expected(features + 1);  // weights, then bias
  for (std::int64_t row = 0; row < batch; ++row) {
    const auto sample = inputs.data<float>().subspan(static_cast<std::size_t>(row * features), features);
    Sum error;
    error.add(1, {bias.data<float>()[0], std::abs(bias.data<float>()[0])});
    error.add(-1, {targets.data<float>()[static_cast<std::size_t>(row)],
                      std::abs(targets.data<float>()[static_cast<std::size_t>(row)])});
    for (std::size_t i = 0; i < sample.size(); ++i)
      error.add(sample[i], {weight.data<float>()[i], std::abs(weight.data<float>()[i])});
    const double scale = 2.0 / static_cast<double>(batch);
    for (std::size_t i = 0; i < sample.size(); ++i) expected[i].add(scale * sample[i], error);
    expected.back().add(scale, error);
  }
  for (std::size_t i = 0; i < features; ++i) expected[i].add(l1, sign(weight.data<float>()[i]));
  expected.back().add(l1_of_bias, sign(bias.data<float>()[0]));
  for (std::size_t i = 0; i < features; ++i) compare(weight_grad.data<float>()[i], expected[i], verification);
  compare(bias_grad.data<float>()[0], expected.back(), verification);
  ++verification.steps;
}
