#include <tenon/optim/rmsprop.h>

#include <array>

#include <tenon/kernels/update.h>
#include <tenon/optim/step.h>

namespace tenon::optim {

template class OptimizerOf<RMSpropOptions, RMSpropParamState>;

namespace {

std::array<Rate, 5> rates_of(const RMSpropOptions& options) {
  return {{{"lr", options.lr}, {"alpha", options.alpha}, {"eps", options.eps},
      {"weight_decay", options.weight_decay}, {"momentum", options.momentum}}};
}

RMSpropOptions resolve(const RMSpropParamGroup& group, const RMSpropOptions& defaults) {
  return {.lr = group.lr.value_or(defaults.lr),
      .alpha = group.alpha.value_or(defaults.alpha),
      .eps = group.eps.value_or(defaults.eps),
      .weight_decay = group.weight_decay.value_or(defaults.weight_decay),
      .momentum = group.momentum.value_or(defaults.momentum),
      .centered = group.centered.value_or(defaults.centered),
      .maximize = group.maximize.value_or(defaults.maximize)};
}

}  // namespace

RMSprop::RMSprop(std::initializer_list<RMSpropParamGroup> groups, const RMSpropOptions& defaults)
    : RMSprop(std::vector<RMSpropParamGroup>(groups), defaults) {}
RMSprop::RMSprop(std::vector<Tensor> params, const RMSpropOptions& defaults)
    : RMSprop(one_group<RMSpropParamGroup>(std::move(params)), defaults) {}

RMSprop::RMSprop(std::vector<RMSpropParamGroup> groups, const RMSpropOptions& defaults) {
  add_groups("rmsprop", std::move(groups),
      [&defaults](const RMSpropParamGroup& group) { return resolve(group, defaults); });
}

void RMSprop::check_options(const char* function, std::size_t group, const RMSpropOptions& options) const {
  for (const Rate& rate : rates_of(options)) check_not_negative(function, group, rate);
  for (const Tensor& param : params_[group]) check_finite(function, group, param.dtype(), rates_of(options));
}

UpdateParts RMSprop::update_parts(const RMSpropOptions& options, const RMSpropParamState& state,
    const Tensor& param, const Tensor& grad) const {
  const Tensor g = options.maximize ? -grad : grad;
  const auto averaged = [&](const Tensor& before, const Tensor& now) {
    const Tensor fresh = now * (1 - options.alpha);
    return before.defined() ? fresh + options.alpha * converted(before, param) : fresh;
  };
  const Tensor d = g + options.weight_decay * param;
  Tensor variance = averaged(state.square_avg, square(d));
  if (options.centered) variance = maximum(variance - square(averaged(state.grad_avg, d)), 0);
  const Tensor scale = -options.lr / (sqrt(variance) + options.eps);
  UpdateParts parts{.gradient = scale * g};
  if (options.weight_decay != 0) parts.decay = scale * param * options.weight_decay;
  if (options.momentum != 0 && state.momentum_buffer.defined())
    parts.momentum = -options.lr * options.momentum * converted(state.momentum_buffer, param);
  return parts;
}

void RMSprop::visit_options(RMSpropOptions& options, StateVisitor& visitor) const {
  visitor("lr", options.lr);
  visitor("alpha", options.alpha);
  visitor("eps", options.eps);
  visitor("weight_decay", options.weight_decay);
  visitor("momentum", options.momentum);
  visitor("centered", options.centered);
  visitor("maximize", options.maximize);
}

void RMSprop::visit_state(RMSpropParamState& state, StateVisitor& visitor) const {
  visitor("step", state.step);
  visitor("square_avg", state.square_avg);
  visitor.optional("momentum_buffer", state.momentum_buffer);
  visitor.optional("grad_avg", state.grad_avg);
}

void RMSprop::step() {
  check_not_moved_from("step");
  fused_step(
      params_, groups_, kernels::rmsprop,
      [](const RMSpropOptions& options, RMSpropParamState& state, StepParam& p) -> kernels::RmsPropItem {
        check_finite("step", p.group, p.param.dtype(), rates_of(options));
        return {.param = p.param.raw(),
            .grad = p.grad.raw(),
            .square_avg = p.memory_of(state.square_avg),
            .grad_avg = options.centered ? p.memory_of(state.grad_avg) : nullptr,
            .momentum_buffer = options.momentum != 0 ? p.memory_of(state.momentum_buffer) : nullptr,
            .n = p.param.numel(),
            .lr = options.lr,
            .alpha = options.alpha,
            .eps = options.eps,
            .weight_decay = options.weight_decay,
            .momentum = options.momentum,
            .maximize = options.maximize};
      },
      [](RMSpropParamState& state) { ++state.step; });
}

}  // namespace tenon::optim
