#include <tenon/optim/sgd.h>

#include <array>
#include <cmath>

#include <tenon/optim/sgd_item.h>

namespace tenon::optim {

template class OptimizerOf<SGDOptions, SGDParamState>;

namespace {

void check_rates(const char* function, std::size_t group, const SGDOptions& options) {
  check_not_negative(function, group, {"lr", options.lr});
  check_not_negative(function, group, {"momentum", options.momentum});
  check(std::isfinite(options.dampening), "{}: dampening must be finite; group {} has {}", function, group,
      options.dampening);
  check_not_negative(function, group, {"weight_decay", options.weight_decay});
  check(!options.nesterov || (options.momentum > 0 && options.dampening == 0),
      "{}: nesterov needs momentum and no dampening; group {} has momentum {} and dampening {}", function,
      group, options.momentum, options.dampening);
}

std::array<Rate, 4> rates_of(const SGDOptions& options) {
  return {{{"lr", options.lr}, {"momentum", options.momentum}, {"dampening", options.dampening},
      {"weight_decay", options.weight_decay}}};
}

SGDOptions resolve(const SGDParamGroup& group, const SGDOptions& defaults) {
  return {.lr = group.lr.value_or(defaults.lr),
      .momentum = group.momentum.value_or(defaults.momentum),
      .dampening = group.dampening.value_or(defaults.dampening),
      .weight_decay = group.weight_decay.value_or(defaults.weight_decay),
      .nesterov = group.nesterov.value_or(defaults.nesterov),
      .maximize = group.maximize.value_or(defaults.maximize)};
}

}  // namespace

SGD::SGD(std::initializer_list<SGDParamGroup> groups, const SGDOptions& defaults)
    : SGD(std::vector<SGDParamGroup>(groups), defaults) {}
SGD::SGD(std::vector<Tensor> params, const SGDOptions& defaults)
    : SGD(one_group<SGDParamGroup>(std::move(params)), defaults) {}

SGD::SGD(std::vector<SGDParamGroup> groups, const SGDOptions& defaults) {
  add_groups(
      "sgd", std::move(groups), [&defaults](const SGDParamGroup& group) { return resolve(group, defaults); });
}

void SGD::check_options(const char* function, std::size_t group, const SGDOptions& options) const {
  check_rates(function, group, options);
  for (const Tensor& param : params_[group]) check_finite(function, group, param.dtype(), rates_of(options));
}

UpdateParts SGD::update_parts(
    const SGDOptions& options, const SGDParamState& state, const Tensor& param, const Tensor& grad) const {
  const Tensor g = options.maximize ? -grad : grad;
  const double momentum = options.momentum;
  const bool first = !state.momentum_buffer.defined();
  const double fresh = momentum == 0 || first ? 1 : 1 - options.dampening;
  // How much of the gradient and of the buffer enters the direction of this step.
  const double of_gradient = options.nesterov ? 1 + momentum * fresh : fresh;
  const double of_buffer = options.nesterov ? momentum * momentum : momentum;
  UpdateParts parts{.gradient = -options.lr * of_gradient * g};
  if (options.weight_decay != 0) parts.decay = -options.lr * of_gradient * options.weight_decay * param;
  if (momentum != 0 && !first)
    parts.momentum = -options.lr * of_buffer * converted(state.momentum_buffer, param);
  return parts;
}

void SGD::visit_options(SGDOptions& options, StateVisitor& visitor) const {
  visitor("lr", options.lr);
  visitor("momentum", options.momentum);
  visitor("dampening", options.dampening);
  visitor("weight_decay", options.weight_decay);
  visitor("nesterov", options.nesterov);
  visitor("maximize", options.maximize);
}

void SGD::visit_state(SGDParamState& state, StateVisitor& visitor) const {
  visitor("momentum_buffer", state.momentum_buffer);
}

kernels::SgdItem sgd_item(const SGDOptions& options, SGDParamState& state, StepParam& p) {
  check_finite("step", p.group, p.param.dtype(), rates_of(options));
  const bool momentum = options.momentum != 0;
  return {.param = p.param.raw(),
      .grad = p.grad.raw(),
      .momentum_buffer = momentum ? p.memory_of(state.momentum_buffer) : nullptr,
      .n = p.param.numel(),
      .lr = options.lr,
      .momentum = options.momentum,
      .dampening = options.dampening,
      .weight_decay = options.weight_decay,
      .nesterov = options.nesterov,
      .maximize = options.maximize,
      .first_step = momentum && !state.momentum_buffer.defined()};
}

void SGD::step() {
  check_not_moved_from("step");
  fused_step(params_, groups_, kernels::sgd, sgd_item);
}

}  // namespace tenon::optim
