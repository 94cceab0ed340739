#include <tenon/optim/adagrad.h>

#include <array>

#include <tenon/kernels/update.h>
#include <tenon/optim/step.h>

namespace tenon::optim {

template class OptimizerOf<AdagradOptions, AdagradParamState>;

namespace {

std::array<Rate, 5> rates_of(const AdagradOptions& options) {
  return {{{"lr", options.lr}, {"lr_decay", options.lr_decay}, {"weight_decay", options.weight_decay},
      {"initial_accumulator_value", options.initial_accumulator_value}, {"eps", options.eps}}};
}

AdagradOptions resolve(const AdagradParamGroup& group, const AdagradOptions& defaults) {
  return {.lr = group.lr.value_or(defaults.lr),
      .lr_decay = group.lr_decay.value_or(defaults.lr_decay),
      .weight_decay = group.weight_decay.value_or(defaults.weight_decay),
      .initial_accumulator_value =
          group.initial_accumulator_value.value_or(defaults.initial_accumulator_value),
      .eps = group.eps.value_or(defaults.eps),
      .maximize = group.maximize.value_or(defaults.maximize)};
}

}  // namespace

Adagrad::Adagrad(std::initializer_list<AdagradParamGroup> groups, const AdagradOptions& defaults)
    : Adagrad(std::vector<AdagradParamGroup>(groups), defaults) {}
Adagrad::Adagrad(std::vector<Tensor> params, const AdagradOptions& defaults)
    : Adagrad(one_group<AdagradParamGroup>(std::move(params)), defaults) {}

Adagrad::Adagrad(std::vector<AdagradParamGroup> groups, const AdagradOptions& defaults) {
  add_groups("adagrad", std::move(groups),
      [&defaults](const AdagradParamGroup& group) { return resolve(group, defaults); });
}

void Adagrad::check_options(const char* function, std::size_t group, const AdagradOptions& options) const {
  for (const Rate& rate : rates_of(options)) check_not_negative(function, group, rate);
  for (const Tensor& param : params_[group]) check_finite(function, group, param.dtype(), rates_of(options));
}

UpdateParts Adagrad::update_parts(const AdagradOptions& options, const AdagradParamState& state,
    const Tensor& param, const Tensor& grad) const {
  const Tensor g = options.maximize ? -grad : grad;
  const Tensor before =
      state.sum.defined() ? converted(state.sum, param) : full_like(param, options.initial_accumulator_value);
  const Tensor sum = before + square(g + options.weight_decay * param);
  const double size = options.lr / (1 + static_cast<double>(state.step) * options.lr_decay);
  const Tensor scale = -size / (sqrt(sum) + options.eps);
  UpdateParts parts{.gradient = scale * g};
  if (options.weight_decay != 0) parts.decay = scale * param * options.weight_decay;
  return parts;
}

void Adagrad::visit_options(AdagradOptions& options, StateVisitor& visitor) const {
  visitor("lr", options.lr);
  visitor("lr_decay", options.lr_decay);
  visitor("weight_decay", options.weight_decay);
  visitor("initial_accumulator_value", options.initial_accumulator_value);
  visitor("eps", options.eps);
  visitor("maximize", options.maximize);
}

void Adagrad::visit_state(AdagradParamState& state, StateVisitor& visitor) const {
  visitor("step", state.step);
  visitor("sum", state.sum);
}

void Adagrad::step() {
  check_not_moved_from("step");
  fused_step(
      params_, groups_, kernels::adagrad,
      [](const AdagradOptions& options, AdagradParamState& state, StepParam& p) -> kernels::AdagradItem {
        check_finite("step", p.group, p.param.dtype(), rates_of(options));
        return {.param = p.param.raw(),
            .grad = p.grad.raw(),
            .sum = p.memory_of(state.sum, options.initial_accumulator_value),
            .n = p.param.numel(),
            .step = state.step + 1,
            .lr = options.lr,
            .lr_decay = options.lr_decay,
            .eps = options.eps,
            .weight_decay = options.weight_decay,
            .maximize = options.maximize};
      },
      [](AdagradParamState& state) { ++state.step; });
}

}  // namespace tenon::optim
