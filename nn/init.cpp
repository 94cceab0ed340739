#include <tenon/nn/init.h>

#include <cmath>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/random_fill.h>

namespace tenon::nn::init {

using autograd::is_finite_in;

namespace {

/// Checks here what the operations below would report under their own names.
void check_target(const char* op, const Tensor& tensor) {
  check(tensor.defined(), "{}: the tensor is undefined", op);
  check(!autograd::repeats_elements(tensor),
      "{}: elements of this tensor of shape {} share memory; clone() it first", op, tensor.shape());
}

void check_floating_target(const char* op, const Tensor& tensor) {
  check_target(op, tensor);
  autograd::check_floating(op, tensor);
}

const Tensor& fill_normal(
    const char* op, const Tensor& tensor, double mean, double deviation, Generator& generator) {
  check_floating_target(op, tensor);
  check(deviation >= 0 && is_finite_in(tensor.dtype(), deviation) && is_finite_in(tensor.dtype(), mean),
      "{}: the deviation must not be negative, and both finite in {}; mean {}, deviation {}", op,
      tensor.dtype(), mean, deviation);
  if (tensor.numel() == 0) return tensor;
  const NoGradGuard no_grad;
  return autograd::fill_normal(tensor, mean, deviation, RandomDomain::init, generator, CallSite::current());
}

const Tensor& fill_uniform(
    const char* op, const Tensor& tensor, double low, double high, Generator& generator) {
  check_floating_target(op, tensor);
  check(low <= high && is_finite_in(tensor.dtype(), low) && is_finite_in(tensor.dtype(), high) &&
            is_finite_in(tensor.dtype(), high - low),
      "{}: the bounds must be finite in {} and in order, and their distance finite; they are {} and {}", op,
      tensor.dtype(), low, high);
  if (tensor.numel() == 0) return tensor;
  const NoGradGuard no_grad;
  return autograd::fill_uniform(tensor, low, high, RandomDomain::init, generator, CallSite::current());
}

const Tensor& fill(const char* op, const Tensor& tensor, double value) {
  check_target(op, tensor);
  if (tensor.dtype() == DType::boolean) check(value == 0 || value == 1, "{}: {} is not a boolean", op, value);
  else autograd::check_scalar(op, tensor, value);
  check(!std::isfinite(value) || !is_floating_point(tensor.dtype()) || is_finite_in(tensor.dtype(), value),
      "{}: {} exceeds the range of {}", op, value, tensor.dtype());
  if (tensor.numel() == 0) return tensor;
  const NoGradGuard no_grad;
  return tensor.fill_(value);
}

struct Fans {
  double in, out;
};

/// Fans of a weight [out, in, ...]; further dimensions are a receptive field and multiply both.
Fans fans(const char* op, const Tensor& tensor) {
  check(tensor.dim() >= 2, "{}: needs at least two dimensions; the shape is {}", op, tensor.shape());
  double field = 1;
  for (int i = 2; i < tensor.shape().rank(); ++i) field *= static_cast<double>(tensor.shape()[i]);
  return {field * static_cast<double>(tensor.shape()[1]), field * static_cast<double>(tensor.shape()[0])};
}

/// The standard deviation of He's initialisation; 0 for a weight without elements.
double kaiming_deviation(const char* op, const Tensor& tensor, const KaimingOptions& options) {
  check_floating_target(op, tensor);
  check(std::isfinite(options.a), "{}: the slope a must be finite; it is {}", op, options.a);
  const Fans size = fans(op, tensor);
  if (tensor.numel() == 0) return 0;
  return gain(options.nonlinearity, options.a) / std::sqrt(options.mode == Fan::in ? size.in : size.out);
}

double xavier_deviation(const char* op, const Tensor& tensor, double gain) {
  check_floating_target(op, tensor);
  check(gain >= 0 && std::isfinite(gain), "{}: the gain must not be negative and must be finite; it is {}",
      op, gain);
  const Fans size = fans(op, tensor);
  if (tensor.numel() == 0) return 0;
  return gain * std::sqrt(2 / (size.in + size.out));
}

}  // namespace

const Tensor& normal_(const Tensor& tensor, double mean, double deviation, Generator& generator) {
  return fill_normal("normal_", tensor, mean, deviation, generator);
}

const Tensor& uniform_(const Tensor& tensor, double low, double high, Generator& generator) {
  return fill_uniform("uniform_", tensor, low, high, generator);
}

const Tensor& constant_(const Tensor& tensor, double value) { return fill("constant_", tensor, value); }
const Tensor& zeros_(const Tensor& tensor) { return fill("zeros_", tensor, 0); }
const Tensor& ones_(const Tensor& tensor) { return fill("ones_", tensor, 1); }

double gain(Nonlinearity nonlinearity, double a) {
  switch (nonlinearity) {
    case Nonlinearity::linear:
    case Nonlinearity::sigmoid: return 1;
    case Nonlinearity::tanh: return 5.0 / 3;
    case Nonlinearity::relu: return std::sqrt(2.0);
    case Nonlinearity::leaky_relu: return std::sqrt(2 / (1 + a * a));
  }
  return 1;
}

const Tensor& kaiming_uniform_(const Tensor& tensor, const KaimingOptions& options, Generator& generator) {
  const double bound = std::sqrt(3.0) * kaiming_deviation("kaiming_uniform_", tensor, options);
  return fill_uniform("kaiming_uniform_", tensor, -bound, bound, generator);
}

const Tensor& kaiming_normal_(const Tensor& tensor, const KaimingOptions& options, Generator& generator) {
  const double deviation = kaiming_deviation("kaiming_normal_", tensor, options);
  return fill_normal("kaiming_normal_", tensor, 0, deviation, generator);
}

const Tensor& xavier_uniform_(const Tensor& tensor, double gain, Generator& generator) {
  const double bound = std::sqrt(3.0) * xavier_deviation("xavier_uniform_", tensor, gain);
  return fill_uniform("xavier_uniform_", tensor, -bound, bound, generator);
}

const Tensor& xavier_normal_(const Tensor& tensor, double gain, Generator& generator) {
  const double deviation = xavier_deviation("xavier_normal_", tensor, gain);
  return fill_normal("xavier_normal_", tensor, 0, deviation, generator);
}

}  // namespace tenon::nn::init
