// RMSprop.
#pragma once
#include <optional>
#include <vector>

#include <tenon/optim/optimizer.h>

namespace tenon::optim {

/// The options of a group, in PyTorch's order and with its defaults.
struct RMSpropOptions {
  double lr = 1e-2;
  double alpha = 0.99;
  double eps = 1e-8;
  double weight_decay = 0;
  double momentum = 0;
  bool centered = false;
  bool maximize = false;
};

/// A group of parameters and its options; an option that is not set takes the default.
struct RMSpropParamGroup {
  std::vector<Tensor> params{};
  std::optional<double> lr{}, alpha{}, eps{}, weight_decay{}, momentum{};
  std::optional<bool> centered{}, maximize{};
};

/// The state of a parameter: undefined and 0 before its first step.
struct RMSpropParamState {
  std::int64_t step = 0;
  Tensor square_avg;
  Tensor momentum_buffer;  // undefined before its first step with momentum
  Tensor grad_avg;         // undefined before its first step that is centered
};

extern template class TENON_API OptimizerOf<RMSpropOptions, RMSpropParamState>;

/// PyTorch's RMSprop (Hinton's lecture 6e, 2012; centered: Graves, arXiv:1308.0850). For each parameter w
/// with gradient g, in this order:
///
///     g = -g                                     if maximize
///     g = g + weight_decay w                     a penalty of weight_decay / 2 |w|^2
///     v = alpha v + (1 - alpha) g^2              square_avg, 0 at first
///     a = alpha a + (1 - alpha) g                grad_avg, 0 at first, if centered
///     g = g / (sqrt(v) + eps)                    centered: sqrt(v - a^2)
///     g = b = momentum b + g                     momentum_buffer, 0 at first, if momentum
///     w = w - lr g
///
/// A parameter without a gradient, such as a frozen one, is left alone: it does not decay either, and does
/// not count the step. step() never writes a gradient, and updates all parameters in one kernel call.
class TENON_API RMSprop final : public OptimizerOf<RMSpropOptions, RMSpropParamState> {
 public:
  /// Throws if a group is empty, or a parameter is not a contiguous floating-point leaf or occurs twice; or
  /// if a rate is negative, or not finite in the dtype of the parameters.
  RMSprop(std::vector<RMSpropParamGroup> groups, const RMSpropOptions& defaults = {});
  RMSprop(std::initializer_list<RMSpropParamGroup> groups, const RMSpropOptions& defaults = {});
  RMSprop(std::vector<Tensor> params, const RMSpropOptions& defaults = {});
  /// All parameters with this learning rate.
  RMSprop(std::vector<Tensor> params, Number auto lr)
      : RMSprop(std::move(params), RMSpropOptions{.lr = static_cast<double>(lr)}) {}

  using Optimizer::step;
  void step() override;

 private:
  void check_options(const char* function, std::size_t group, const RMSpropOptions& options) const override;
  UpdateParts update_parts(const RMSpropOptions& options, const RMSpropParamState& state, const Tensor& param,
      const Tensor& grad) const override;
  void visit_options(RMSpropOptions& options, StateVisitor& visitor) const override;
  void visit_state(RMSpropParamState& state, StateVisitor& visitor) const override;
};

}  // namespace tenon::optim
