// Initialisation of parameters. All functions write in place, are not recorded, and return the tensor. They
// draw from a separate random stream: a new layer does not change the data drawn after it. A tensor without
// elements is left unchanged.
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

/// Which variance to preserve: that of activations in the forward pass (fan_in) or of gradients in the
/// backward pass (fan_out).
enum class Fan : std::uint8_t { in, out };
/// The nonlinearity after the layer, which determines the gain of He's initialisation.
enum class Nonlinearity : std::uint8_t { linear, sigmoid, tanh, relu, leaky_relu };
struct KaimingOptions {
  double a = 0;  // negative slope of leaky_relu
  Fan mode = Fan::in;
  Nonlinearity nonlinearity = Nonlinearity::leaky_relu;
};

/// sqrt(2 / (1 + a^2)) for leaky_relu, 5/3 for tanh, sqrt(2) for relu, otherwise 1. The default slope is 0.01
/// here but 0 in KaimingOptions, as in PyTorch.
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
