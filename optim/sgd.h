// Stochastic gradient descent with weight decay and momentum.
#pragma once
#include <optional>
#include <vector>

#include <tenon/optim/optimizer.h>

namespace tenon::optim {

/// The defaults of the optimizer, in PyTorch's order.
struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
  bool maximize = false;
};

/// Parameters and what differs from the defaults for them; a field that is not set follows the default.
struct SGDParamGroup {
  std::vector<Tensor> params;
  std::optional<double> lr{}, momentum{}, dampening{}, weight_decay{};
  std::optional<bool> nesterov{}, maximize{};
};

/// What is kept for a parameter.
struct SGDParamState {
  Tensor momentum_buffer;  // undefined before its first step with momentum
};

extern template class TENON_API OptimizerOf<SGDOptions, SGDParamState>;

/// For each parameter w with gradient g, in this order (PyTorch's SGD):
///
///     g = -g                                     if maximize
///     g = g + weight_decay w                     L2 decay, a penalty of weight_decay / 2 |w|^2
///     b = g on the first step, else momentum b + (1 - dampening) g      if momentum
///     g = nesterov ? g + momentum b : b
///     w = w - lr g
///
/// A parameter without a gradient is left alone, a frozen one therefore too: it does not decay either. step()
/// never writes a gradient, and is one kernel call for all parameters.
class TENON_API SGD final : public OptimizerOf<SGDOptions, SGDParamState> {
 public:
  /// Throws when the parameters are not those of an optimizer (see Optimizer), a rate is negative or not
  /// finite in the dtype of the parameters, or nesterov comes without momentum or with dampening.
  SGD(std::vector<SGDParamGroup> groups, const SGDOptions& defaults = {});
  SGD(std::initializer_list<SGDParamGroup> groups, const SGDOptions& defaults = {})
      : SGD(std::vector<SGDParamGroup>(groups), defaults) {}
  SGD(std::vector<Tensor> params, const SGDOptions& defaults = {});

  void step() override;

 private:
  void check_options(const char* function, std::size_t group, const SGDOptions& options) const override;
  void visit_options(SGDOptions& options, StateVisitor& visitor) const override;
  void visit_state(SGDParamState& state, StateVisitor& visitor) const override;
};

}  // namespace tenon::optim
