// Many steps of training a small network in one call.
#pragma once
#include <cstdint>
#include <span>

#include <tenon/kernels/update.h>

namespace tenon::kernels {

enum class Activation : std::uint8_t { none, relu, tanh, sigmoid };

/// y = activation(x weight^T + bias): the parameters, their momentum and their options. bias.param may be
/// null.
struct TrainedLayer {
  std::int64_t in, out;
  Activation activation;
  SgdItem weight, bias;  // weight [out, in], bias [out]; without gradients
};

/// For each of `steps` batches x [batch, in] and y [batch, out]: the mean squared error, which goes to
/// losses[step], its gradient, and an SGD step, with the bits that single operations have. Returns false, and
/// has done nothing, on the CPU and for networks that are too large for the memory of a multiprocessor.
bool train(Stream stream, DType dtype, std::span<const TrainedLayer> layers, std::int64_t steps,
    std::int64_t batch, const void* x, const void* y, void* losses);

namespace cuda {
decltype(kernels::train) train;
}

}  // namespace tenon::kernels
