#include <tenon/optim/sgd.h>

#include <algorithm>
#include <cmath>

#include <tenon/autograd/ops/common.h>
#include <tenon/kernels/update.h>
#include <tenon/optim/step.h>

namespace tenon::optim {

template class OptimizerOf<SGDOptions, SGDParamState>;

namespace {

void check_rates(const char* function, std::size_t group, const SGDOptions& options) {
  const auto check_rate = [=](const char* name, double value) {
    check(value >= 0 && std::isfinite(value),
        "{}: {} must not be negative and must be finite; group {} has {}", function, name, group, value);
  };
  check_rate("lr", options.lr);
  check_rate("momentum", options.momentum);
  check(std::isfinite(options.dampening), "{}: dampening must be finite; group {} has {}", function, group,
      options.dampening);
  check_rate("weight_decay", options.weight_decay);
  check(!options.nesterov || (options.momentum > 0 && options.dampening == 0),
      "{}: nesterov needs momentum and no dampening; group {} has momentum {} and dampening {}", function,
      group, options.momentum, options.dampening);
}

/// The step of float32 parameters computes with rates in float32.
void check_float32_holds(const char* function, std::size_t group, const SGDOptions& options) {
  // Where the largest is finite all are. Every step asks, for every parameter.
  const double largest = std::max(
      std::max(options.lr, options.momentum), std::max(std::abs(options.dampening), options.weight_decay));
  if (autograd::is_finite_in(DType::float32, largest)) [[likely]]
    return;
  const auto check_rate = [&](const char* name, double value) {
    check(autograd::is_finite_in(DType::float32, value),
        "{}: {} must be finite in float32, the dtype of the parameters; group {} has {}", function, name,
        group, value);
  };
  check_rate("lr", options.lr);
  check_rate("momentum", options.momentum);
  check_rate("dampening", options.dampening);
  check_rate("weight_decay", options.weight_decay);
}

SGDOptions resolve(const SGDParamGroup& group, const SGDOptions& defaults) {
  return {.lr = group.lr.value_or(defaults.lr),
      .momentum = group.momentum.value_or(defaults.momentum),
      .dampening = group.dampening.value_or(defaults.dampening),
      .weight_decay = group.weight_decay.value_or(defaults.weight_decay),
      .nesterov = group.nesterov.value_or(defaults.nesterov),
      .maximize = group.maximize.value_or(defaults.maximize)};
}

std::vector<SGDParamGroup> one_group(std::vector<Tensor> params) {
  std::vector<SGDParamGroup> groups(1);
  groups[0].params = std::move(params);
  return groups;
}

}  // namespace

SGD::SGD(std::vector<Tensor> params, const SGDOptions& defaults)
    : SGD(one_group(std::move(params)), defaults) {}

SGD::SGD(std::vector<SGDParamGroup> groups, const SGDOptions& defaults) {
  add_groups(
      "sgd", std::move(groups), [&defaults](const SGDParamGroup& group) { return resolve(group, defaults); });
}

void SGD::check_options(const char* function, std::size_t group, const SGDOptions& options) const {
  check_rates(function, group, options);
  for (const Tensor& param : params_[group])
    if (param.dtype() == DType::float32) return check_float32_holds(function, group, options);
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

void SGD::step() {
  check_not_moved_from("step");
  const NoGradGuard no_grad;
  std::size_t most = 0;
  for (const std::vector<Tensor>& group : params_) most += group.size();
  constexpr std::size_t few = 16;  // a small model needs no allocation
  kernels::SgdItem inline_items[few];
  std::vector<kernels::SgdItem> many(most > few ? most : 0);
  kernels::SgdItem* const items = most > few ? many.data() : inline_items;
  // A new buffer waits here until nothing can fail any more; otherwise a buffer of zeros would be taken for
  // that of an earlier step.
  struct NewBuffer {
    const Tensor* param;
    Tensor* place;
    kernels::SgdItem* item;
    Tensor value{};
  };
  std::vector<NewBuffer> new_buffers;
  const Tensor* first = nullptr;
  std::size_t count = 0;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const std::vector<Tensor>& params = params_[g];
    const SGDOptions& options = groups_[g].options;
    for (std::size_t i = 0; i < params.size(); ++i) {
      const Tensor& param = params[i];
      const Tensor* const grad = grad_of(param);
      if (!grad) continue;
      if (!first) first = &param;
      check_step(*first, param, *grad);
      if (param.dtype() == DType::float32) check_float32_holds("step", g, options);
      kernels::SgdItem& item = items[count++];
      item = {.param = param.raw(),
          .grad = grad->raw(),
          .momentum_buffer = nullptr,
          .n = param.numel(),
          .lr = options.lr,
          .momentum = options.momentum,
          .dampening = options.dampening,
          .weight_decay = options.weight_decay,
          .nesterov = options.nesterov,
          .maximize = options.maximize,
          .first_step = false};
      if (options.momentum != 0) {
        Tensor& kept = groups_[g].states[i].momentum_buffer;
        item.first_step = !kept.defined();
        if (kept.defined() && kept.dtype() == param.dtype() && kept.device() == param.device())
          item.momentum_buffer = kept.raw();
        else new_buffers.push_back({&param, &kept, &item});
      }
    }
  }
  if (count == 0) return;
  for (NewBuffer& buffer : new_buffers) {
    const Tensor &param = *buffer.param, &old = *buffer.place;
    buffer.value = old.defined() ? converted(old, param) : zeros_like(param);
    buffer.item->momentum_buffer = buffer.value.raw();
  }
  kernels::sgd(first->stream(), first->dtype(), {items, count});

  for (NewBuffer& buffer : new_buffers) *buffer.place = std::move(buffer.value);
  for (const std::vector<Tensor>& group : params_)
    for (const Tensor& param : group)
      if (grad_of(param)) param.impl().storage->bump_version();
}

}  // namespace tenon::optim
