// Ways to fill a parameter before training. All of them write in place, outside of the tape, and return the
// tensor. Their random numbers have a stream of their own: a new layer does not change the data that is drawn
// after it. A tensor without elements is left as it is.
#pragma once
#include <tenon/core/random.h>
#include <tenon/core/tensor.h>

namespace tenon::nn::init {

TENON_API const Tensor& normal_(
    const Tensor& tensor, double mean = 0, double deviation = 1, Generator& generator = default_generator());
TENON_API const Tensor& uniform_(
    const Tensor& tensor, double low = 0, double high = 1, Generator& generator = default_generator());
TENON_API const Tensor& constant_(const Tensor& tensor, double value);
TENON_API const Tensor& zeros_(const Tensor& tensor);
TENON_API const Tensor& ones_(const Tensor& tensor);

/// Whose variance to keep: that of the values going forward (fan_in) or of the gradients coming back
/// (fan_out).
enum class Fan : std::uint8_t { in, out };
/// What follows the layer; it decides the gain of He's initialisation.
enum class Nonlinearity : std::uint8_t { linear, sigmoid, tanh, relu, leaky_relu };
struct KaimingOptions {
  double a = 0;  // negative slope of leaky_relu
  Fan mode = Fan::in;
  Nonlinearity nonlinearity = Nonlinearity::leaky_relu;
};

/// sqrt(2 / (1 + a^2)) for leaky_relu, 5/3 for tanh, sqrt(2) for relu, else 1. The slope is 0.01 where none
/// is given, here alone: KaimingOptions start from 0. Both are PyTorch's defaults.
TENON_API double gain(Nonlinearity nonlinearity, double a = 0.01);
/// He et al. 2015, for a weight [fan_out, fan_in]: uniform in +-gain sqrt(3 / fan), or normal of deviation
/// gain / sqrt(fan).
TENON_API const Tensor& kaiming_uniform_(
    const Tensor& tensor, const KaimingOptions& options = {}, Generator& generator = default_generator());
TENON_API const Tensor& kaiming_normal_(
    const Tensor& tensor, const KaimingOptions& options = {}, Generator& generator = default_generator());
/// Glorot and Bengio 2010: uniform in +-gain sqrt(6 / (fan_in + fan_out)), or normal of deviation
/// gain sqrt(2 / (fan_in + fan_out)).
TENON_API const Tensor& xavier_uniform_(
    const Tensor& tensor, double gain = 1, Generator& generator = default_generator());
TENON_API const Tensor& xavier_normal_(
    const Tensor& tensor, double gain = 1, Generator& generator = default_generator());

}  // namespace tenon::nn::init
