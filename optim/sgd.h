// Stochastic gradient descent with weight decay and momentum.
#pragma once
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
  SGD(std::initializer_list<SGDParamGroup> groups, const SGDOptions& defaults = {})
      : SGD(std::vector<SGDParamGroup>(groups), defaults) {}
  SGD(std::vector<Tensor> params, const SGDOptions& defaults = {});
  /// All parameters with this learning rate.
  SGD(std::vector<Tensor> params, Number auto lr)
      : SGD(std::move(params), SGDOptions{.lr = static_cast<double>(lr)}) {}

  void step() override;

 private:
  void check_options(const char* function, std::size_t group, const SGDOptions& options) const override;
  UpdateParts update_parts(const SGDOptions& options, const SGDParamState& state, const Tensor& param,
      const Tensor& grad) const override;
  void visit_options(SGDOptions& options, StateVisitor& visitor) const override;
  void visit_state(SGDParamState& state, StateVisitor& visitor) const override;
};

}  // namespace tenon::optim
