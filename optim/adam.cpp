#include <tenon/optim/adam.h>

#include <array>
#include <cmath>

#include <tenon/kernels/update.h>
#include <tenon/optim/step.h>

namespace tenon::optim {

template class OptimizerOf<AdamOptions, AdamParamState>;

namespace {

std::array<Rate, 5> rates_of(const AdamOptions& options) {
  return {{{"lr", options.lr}, {"betas[0]", options.betas.first}, {"betas[1]", options.betas.second},
      {"eps", options.eps}, {"weight_decay", options.weight_decay}}};
}

AdamOptions resolve(const AdamParamGroup& group, const AdamOptions& defaults) {
  return {.lr = group.lr.value_or(defaults.lr),
      .betas = group.betas.value_or(defaults.betas),
      .eps = group.eps.value_or(defaults.eps),
      .weight_decay = group.weight_decay.value_or(defaults.weight_decay),
      .amsgrad = group.amsgrad.value_or(defaults.amsgrad),
      .maximize = group.maximize.value_or(defaults.maximize),
      .decoupled_weight_decay = group.decoupled_weight_decay.value_or(defaults.decoupled_weight_decay)};
}

AdamOptions decoupled(const AdamWOptions& options) {
  return {.lr = options.lr,
      .betas = options.betas,
      .eps = options.eps,
      .weight_decay = options.weight_decay,
      .amsgrad = options.amsgrad,
      .maximize = options.maximize,
      .decoupled_weight_decay = true};
}

}  // namespace

Adam::Adam(const char* name, std::vector<AdamParamGroup> groups, const AdamOptions& defaults) {
  add_groups(
      name, std::move(groups), [&defaults](const AdamParamGroup& group) { return resolve(group, defaults); });
}

Adam::Adam(std::vector<AdamParamGroup> groups, const AdamOptions& defaults)
    : Adam("adam", std::move(groups), defaults) {}

Adam::Adam(std::initializer_list<AdamParamGroup> groups, const AdamOptions& defaults)
    : Adam(std::vector<AdamParamGroup>(groups), defaults) {}
Adam::Adam(std::vector<Tensor> params, const AdamOptions& defaults)
    : Adam("adam", one_group<AdamParamGroup>(std::move(params)), defaults) {}

AdamW::AdamW(std::vector<AdamParamGroup> groups, const AdamWOptions& defaults)
    : Adam("adamw", std::move(groups), decoupled(defaults)) {}

AdamW::AdamW(std::initializer_list<AdamParamGroup> groups, const AdamWOptions& defaults)
    : AdamW(std::vector<AdamParamGroup>(groups), defaults) {}
AdamW::AdamW(std::vector<Tensor> params, const AdamWOptions& defaults)
    : Adam("adamw", one_group<AdamParamGroup>(std::move(params)), decoupled(defaults)) {}

void Adam::check_options(const char* function, std::size_t group, const AdamOptions& options) const {
  check_not_negative(function, group, {"lr", options.lr});
  check_not_negative(function, group, {"eps", options.eps});
  check_not_negative(function, group, {"weight_decay", options.weight_decay});
  for (const auto& [name, value] :
      {Rate{"betas[0]", options.betas.first}, {"betas[1]", options.betas.second}})
    check(value >= 0 && value < 1, "{}: {} must be in [0, 1); group {} has {}", function, name, group, value);
  for (const Tensor& param : params_[group]) check_finite(function, group, param.dtype(), rates_of(options));
}

UpdateParts Adam::update_parts(
    const AdamOptions& options, const AdamParamState& state, const Tensor& param, const Tensor& grad) const {
  const auto [beta1, beta2] = options.betas;
  const bool first = !state.exp_avg.defined();
  const double l2 = options.decoupled_weight_decay ? 0 : options.weight_decay;
  const Tensor g = options.maximize ? -grad : grad;
  Tensor square_avg = square(g + l2 * param) * (1 - beta2);
  if (!first) square_avg = square_avg + beta2 * converted(state.exp_avg_sq, param);
  if (options.amsgrad && state.max_exp_avg_sq.defined())
    square_avg = maximum(square_avg, converted(state.max_exp_avg_sq, param));
  const double root = std::sqrt(1 - kernels::power(beta2, state.step + 1));
  const Tensor scale =
      -options.lr / (1 - kernels::power(beta1, state.step + 1)) / (sqrt(square_avg) / root + options.eps);
  UpdateParts parts{.gradient = scale * g * (1 - beta1)};
  if (l2 != 0) parts.decay = scale * param * (l2 * (1 - beta1));
  else if (options.weight_decay != 0) parts.decay = -options.lr * options.weight_decay * param;
  if (!first) parts.momentum = scale * converted(state.exp_avg, param) * beta1;
  return parts;
}

void Adam::visit_options(AdamOptions& options, StateVisitor& visitor) const {
  visitor("lr", options.lr);
  visitor("betas.0", options.betas.first);
  visitor("betas.1", options.betas.second);
  visitor("eps", options.eps);
  visitor("weight_decay", options.weight_decay);
  visitor("amsgrad", options.amsgrad);
  visitor("maximize", options.maximize);
  visitor("decoupled_weight_decay", options.decoupled_weight_decay);
}

void Adam::visit_state(AdamParamState& state, StateVisitor& visitor) const {
  visitor("step", state.step);
  visitor("exp_avg", state.exp_avg);
  visitor("exp_avg_sq", state.exp_avg_sq);
  visitor.optional("max_exp_avg_sq", state.max_exp_avg_sq);
}

void Adam::step() {
  check_not_moved_from("step");
  fused_step(
      params_, groups_, kernels::adam,
      [](const AdamOptions& options, AdamParamState& state, StepParam& p) -> kernels::AdamItem {
        check_finite("step", p.group, p.param.dtype(), rates_of(options));
        return {.param = p.param.raw(),
            .grad = p.grad.raw(),
            .exp_avg = p.memory_of(state.exp_avg),
            .exp_avg_sq = p.memory_of(state.exp_avg_sq),
            .max_exp_avg_sq = options.amsgrad ? p.memory_of(state.max_exp_avg_sq) : nullptr,
            .n = p.param.numel(),
            .step = state.step + 1,
            .lr = options.lr,
            .beta1 = options.betas.first,
            .beta2 = options.betas.second,
            .eps = options.eps,
            .weight_decay = options.weight_decay,
            .decoupled = options.decoupled_weight_decay,
            .maximize = options.maximize};
      },
      [](AdamParamState& state) { ++state.step; });
}

}  // namespace tenon::optim
