// Adagrad.
#pragma once
#include <optional>
#include <vector>

#include <tenon/optim/optimizer.h>

namespace tenon::optim {

/// The options of a group, in PyTorch's order and with its defaults.
struct AdagradOptions {
  double lr = 1e-2;
  double lr_decay = 0;
  double weight_decay = 0;
  double initial_accumulator_value = 0;  // of `sum` at the first step of a parameter
  double eps = 1e-10;
  bool maximize = false;
};

/// A group of parameters and its options; an option that is not set takes the default.
struct AdagradParamGroup {
  std::vector<Tensor> params{};
  std::optional<double> lr{}, lr_decay{}, weight_decay{}, initial_accumulator_value{}, eps{};
  std::optional<bool> maximize{};
};

/// The state of a parameter: undefined and 0 before its first step.
struct AdagradParamState {
  std::int64_t step = 0;
  Tensor sum;
};

extern template class TENON_API OptimizerOf<AdagradOptions, AdagradParamState>;

/// PyTorch's Adagrad (Duchi, Hazan and Singer, JMLR 12, 2011). For each parameter w with gradient g, at its
/// step t = 1, 2, ..., in this order:
///
///     g = -g                                     if maximize
///     g = g + weight_decay w                     a penalty of weight_decay / 2 |w|^2
///     s = s + g^2                                sum, initial_accumulator_value at first
///     w = w - lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps)
///
/// A parameter without a gradient, such as a frozen one, is left alone: it does not decay either, and does
/// not count the step. step() never writes a gradient, and updates all parameters in one kernel call.
class TENON_API Adagrad final : public OptimizerOf<AdagradOptions, AdagradParamState> {
 public:
  /// Throws if a group is empty, or a parameter is not a contiguous floating-point leaf or occurs twice; or
  /// if a rate is negative, or not finite in the dtype of the parameters.
  Adagrad(std::vector<AdagradParamGroup> groups, const AdagradOptions& defaults = {});
  Adagrad(std::initializer_list<AdagradParamGroup> groups, const AdagradOptions& defaults = {});
  Adagrad(std::vector<Tensor> params, const AdagradOptions& defaults = {});
  /// All parameters with this learning rate.
  Adagrad(std::vector<Tensor> params, Number auto lr)
      : Adagrad(std::move(params), AdagradOptions{.lr = static_cast<double>(lr)}) {}

  using Optimizer::step;
  void step() override;

 private:
  void check_options(const char* function, std::size_t group, const AdagradOptions& options) const override;
  UpdateParts update_parts(const AdagradOptions& options, const AdagradParamState& state, const Tensor& param,
      const Tensor& grad) const override;
  void visit_options(AdagradOptions& options, StateVisitor& visitor) const override;
  void visit_state(AdagradParamState& state, StateVisitor& visitor) const override;
};

}  // namespace tenon::optim
