// Stochastic gradient descent with weight decay and momentum.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include <tenon/optim/optimizer.h>

namespace tenon::optim {

/// The options of a group, in PyTorch's order and with its defaults.
struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
  bool maximize = false;
};

/// A group of parameters and its options; an option that is not set takes the default.
struct SGDParamGroup {
  std::vector<Tensor> params{};
  std::optional<double> lr{}, momentum{}, dampening{}, weight_decay{};
  std::optional<bool> nesterov{}, maximize{};
};

/// The state of a parameter.
struct SGDParamState {
  Tensor momentum_buffer;  // undefined before its first step with momentum
};

enum class Activation : std::uint8_t { none, relu, tanh, sigmoid };
/// A layer of a network for SGD::train_steps: activation(x weight^T + bias), as of nn::Linear.
struct DenseLayer {
  Tensor weight, bias{};  // [out, in], [out] or undefined
  Activation activation = Activation::none;
};

extern template class TENON_API OptimizerOf<SGDOptions, SGDParamState>;

/// PyTorch's SGD. For each parameter w with gradient g, in this order:
///
///     g = -g                                     if maximize
///     g = g + weight_decay w                     L2 decay, a penalty of weight_decay / 2 |w|^2
///     b = g on the first step, else momentum b + (1 - dampening) g      if momentum
///     g = nesterov ? g + momentum b : b
///     w = w - lr g
///
/// A parameter without a gradient, such as a frozen one, is left alone: it does not decay either. step()
/// never writes a gradient, and updates all parameters in one kernel call.
class TENON_API SGD final : public OptimizerOf<SGDOptions, SGDParamState> {
 public:
  /// Throws if a group is empty, or a parameter is not a contiguous floating-point leaf or occurs twice; if
  /// lr, momentum or weight_decay is negative, or a rate is not finite in the dtype of the parameters; or if
  /// nesterov is set without momentum or with dampening.
  SGD(std::vector<SGDParamGroup> groups, const SGDOptions& defaults = {});
  SGD(std::initializer_list<SGDParamGroup> groups, const SGDOptions& defaults = {});
  SGD(std::vector<Tensor> params, const SGDOptions& defaults = {});
  /// All parameters with this learning rate.
  SGD(std::vector<Tensor> params, Number auto lr)
      : SGD(std::move(params), SGDOptions{.lr = static_cast<double>(lr)}) {}

  using Optimizer::step;
  void step() override;
  /// Trains a network of dense layers on the mean squared error: a step for each batch of x [steps, batch,
  /// in] and y [steps, batch, out]. Returns the losses [steps]. The bits are those of
  ///
  ///     for (std::int64_t s = 0; s < x.size(0); ++s) {
  ///       const Tensor loss = mse_loss(network(x[s]), y[s]);
  ///       zero_grad();
  ///       loss.backward();
  ///       step();
  ///     }
  ///
  /// but on a CUDA device it is one launch, if the parameters, their momentum and a batch of all layers fit
  /// the memory of a multiprocessor (about 57,000 numbers of float32, at most 8 layers of at most 1024
  /// features): a step of a small network then takes about as long as its arithmetic. Afterwards the
  /// parameters have no gradient. The parameters must be contiguous, be trained by this optimizer, and
  /// require a gradient.
  Tensor train_steps(const std::vector<DenseLayer>& layers, const Tensor& x, const Tensor& y,
      CallSite site = CallSite::current());

 private:
  void check_options(const char* function, std::size_t group, const SGDOptions& options) const override;
  UpdateParts update_parts(const SGDOptions& options, const SGDParamState& state, const Tensor& param,
      const Tensor& grad) const override;
  void visit_options(SGDOptions& options, StateVisitor& visitor) const override;
  void visit_state(SGDParamState& state, StateVisitor& visitor) const override;
  /// train_steps() as one launch; false if that is impossible. `places`: the groups of the parameters, in
  /// order, and their numbers there.
  bool train_at_once(const std::vector<DenseLayer>& layers,
      const std::vector<std::pair<std::size_t, std::size_t>>& places, const Tensor& x, const Tensor& y,
      const Tensor& losses);
};

}  // namespace tenon::optim
