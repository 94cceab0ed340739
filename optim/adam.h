// Adam and AdamW.
#pragma once
#include <optional>
#include <utility>
#include <vector>

#include <tenon/optim/optimizer.h>

namespace tenon::optim {

/// The options of a group, in PyTorch's order and with its defaults.
struct AdamOptions {
  double lr = 1e-3;
  std::pair<double, double> betas{0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;
  bool amsgrad = false;
  bool maximize = false;
  bool decoupled_weight_decay = false;  // true: the decay of AdamW
};

/// A group of parameters and its options; an option that is not set takes the default.
struct AdamParamGroup {
  std::vector<Tensor> params{};
  std::optional<double> lr{};
  std::optional<std::pair<double, double>> betas{};
  std::optional<double> eps{}, weight_decay{};
  std::optional<bool> amsgrad{}, maximize{}, decoupled_weight_decay{};
};

/// The state of a parameter: undefined and 0 before its first step.
struct AdamParamState {
  std::int64_t step = 0;
  Tensor exp_avg, exp_avg_sq;
  Tensor max_exp_avg_sq;  // undefined before its first step with amsgrad
};

extern template class TENON_API OptimizerOf<AdamOptions, AdamParamState>;

/// PyTorch's Adam (Kingma and Ba, arXiv:1412.6980). For each parameter w with gradient g and
/// betas (a, b), at its step t = 1, 2, ..., in this order:
///
///     g = -g                                     if maximize
///     w = w - lr weight_decay w                  if decoupled_weight_decay (arXiv:1711.05101)
///     g = g + weight_decay w                     otherwise: a penalty of weight_decay / 2 |w|^2
///     m = a m + (1 - a) g                        exp_avg, 0 at first
///     v = b v + (1 - b) g^2                      exp_avg_sq, 0 at first
///     v = max(v, its largest value so far)       if amsgrad (arXiv:1904.09237); max_exp_avg_sq
///     w = w - lr / (1 - a^t) m / (sqrt(v) / sqrt(1 - b^t) + eps)
///
/// A parameter without a gradient, such as a frozen one, is left alone: it does not decay either, and does
/// not count the step. step() never writes a gradient, and updates all parameters in one kernel call.
class TENON_API Adam : public OptimizerOf<AdamOptions, AdamParamState> {
 public:
  /// Throws if a group is empty, or a parameter is not a contiguous floating-point leaf or occurs twice; if
  /// lr, eps or weight_decay is negative, a beta is outside [0, 1), or a rate is not finite in the dtype of
  /// the parameters.
  Adam(std::vector<AdamParamGroup> groups, const AdamOptions& defaults = {});
  Adam(std::initializer_list<AdamParamGroup> groups, const AdamOptions& defaults = {});
  Adam(std::vector<Tensor> params, const AdamOptions& defaults = {});
  /// All parameters with this learning rate.
  Adam(std::vector<Tensor> params, Number auto lr)
      : Adam(std::move(params), AdamOptions{.lr = static_cast<double>(lr)}) {}

  using Optimizer::step;
  void step() override;

 protected:
  Adam(const char* name, std::vector<AdamParamGroup> groups, const AdamOptions& defaults);

 private:
  void check_options(const char* function, std::size_t group, const AdamOptions& options) const override;
  UpdateParts update_parts(const AdamOptions& options, const AdamParamState& state, const Tensor& param,
      const Tensor& grad) const override;
  void visit_options(AdamOptions& options, StateVisitor& visitor) const override;
  void visit_state(AdamParamState& state, StateVisitor& visitor) const override;
};

/// The options of AdamW, in PyTorch's order and with its defaults.
struct AdamWOptions {
  double lr = 1e-3;
  std::pair<double, double> betas{0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 1e-2;
  bool amsgrad = false;
  bool maximize = false;
};

/// PyTorch's AdamW: Adam whose decay is decoupled from the gradient.
class TENON_API AdamW final : public Adam {
 public:
  AdamW(std::vector<AdamParamGroup> groups, const AdamWOptions& defaults = {});
  AdamW(std::initializer_list<AdamParamGroup> groups, const AdamWOptions& defaults = {});
  AdamW(std::vector<Tensor> params, const AdamWOptions& defaults = {});
  /// All parameters with this learning rate.
  AdamW(std::vector<Tensor> params, Number auto lr)
      : AdamW(std::move(params), AdamWOptions{.lr = static_cast<double>(lr)}) {}
};

}  // namespace tenon::optim
