#include <tenon/nn/init.h>

#include <cmath>

#include <tenon/autograd/mode.h>
#include <tenon/autograd/ops/random_fill.h>

namespace tenon::nn::init {

namespace {

struct Fans {
  double in, out;
};

/// Sizes of a weight [out, in, ...]; further dimensions are a receptive field and multiply both.
Fans fans(const char* op, const Tensor& tensor) {
  check(tensor.dim() >= 2, "{}: needs at least two dimensions; the shape is {}", op, tensor.shape());
  double field = 1;
  for (int i = 2; i < tensor.shape().rank(); ++i) field *= static_cast<double>(tensor.shape()[i]);
  const Fans found{
      field * static_cast<double>(tensor.shape()[1]), field * static_cast<double>(tensor.shape()[0])};
  check(found.in > 0 && found.out > 0, "{}: the weight of shape {} has no inputs or no outputs", op,
      tensor.shape());
  return found;
}

/// The deviation that He's initialisation asks for.
double kaiming_deviation(const char* op, const Tensor& tensor, const KaimingOptions& options) {
  const Fans size = fans(op, tensor);
  return gain(options.nonlinearity, options.a) / std::sqrt(options.mode == Fan::in ? size.in : size.out);
}

double xavier_deviation(const char* op, const Tensor& tensor, double gain) {
  check(gain >= 0 && std::isfinite(gain), "{}: the gain must not be negative; it is {}", op, gain);
  const Fans size = fans(op, tensor);
  return gain * std::sqrt(2 / (size.in + size.out));
}

}  // namespace

const Tensor& normal_(const Tensor& tensor, double mean, double deviation, Generator& generator) {
  const NoGradGuard no_grad;
  return autograd::fill_normal(tensor, mean, deviation, RandomDomain::init, generator, Where::current());
}

const Tensor& uniform_(const Tensor& tensor, double low, double high, Generator& generator) {
  const NoGradGuard no_grad;
  return autograd::fill_uniform(tensor, low, high, RandomDomain::init, generator, Where::current());
}

const Tensor& constant_(const Tensor& tensor, double value) {
  const NoGradGuard no_grad;
  return tensor.fill_(value);
}

const Tensor& zeros_(const Tensor& tensor) { return constant_(tensor, 0); }
const Tensor& ones_(const Tensor& tensor) { return constant_(tensor, 1); }

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
  return uniform_(tensor, -bound, bound, generator);
}

const Tensor& kaiming_normal_(const Tensor& tensor, const KaimingOptions& options, Generator& generator) {
  return normal_(tensor, 0, kaiming_deviation("kaiming_normal_", tensor, options), generator);
}

const Tensor& xavier_uniform_(const Tensor& tensor, double gain, Generator& generator) {
  const double bound = std::sqrt(3.0) * xavier_deviation("xavier_uniform_", tensor, gain);
  return uniform_(tensor, -bound, bound, generator);
}

const Tensor& xavier_normal_(const Tensor& tensor, double gain, Generator& generator) {
  return normal_(tensor, 0, xavier_deviation("xavier_normal_", tensor, gain), generator);
}

}  // namespace tenon::nn::init
