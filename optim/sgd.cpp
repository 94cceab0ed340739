#include <tenon/optim/sgd.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/tape/node.h>
#include <tenon/kernels/update.h>

namespace tenon::optim {

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

SGDOptions resolve(const ParamGroup& group, const SGDOptions& defaults) {
  return {.lr = group.lr.value_or(defaults.lr),
      .momentum = group.momentum.value_or(defaults.momentum),
      .dampening = group.dampening.value_or(defaults.dampening),
      .weight_decay = group.weight_decay.value_or(defaults.weight_decay),
      .nesterov = group.nesterov.value_or(defaults.nesterov),
      .maximize = group.maximize.value_or(defaults.maximize)};
}

std::vector<ParamGroup> one_group(std::vector<Tensor> params) {
  std::vector<ParamGroup> groups(1);
  groups[0].params = std::move(params);
  return groups;
}

/// Null where there is none, as for a frozen parameter.
const Tensor* grad_of(const Tensor& param) {
  const autograd::Node* node = autograd::node_of(param);
  return node && node->grad.defined() ? &node->grad : nullptr;
}

/// Throws unless `grad` suits `param`, and one kernel call can take it and `first`.
void check_step(const Tensor& first, const Tensor& param, const Tensor& grad) {
  check(param.dtype() == first.dtype() && param.device() == first.device(),
      "step: parameters differ in kind; {} on {}, and {} on {}", first.dtype(), first.device(), param.dtype(),
      param.device());
  check(grad.shape() == param.shape() && grad.dtype() == param.dtype() && grad.device() == param.device(),
      "step: a gradient is {} {} on {}, its parameter {} {} on {}", grad.dtype(), grad.shape(), grad.device(),
      param.dtype(), param.shape(), param.device());
  check(grad.is_contiguous() && param.is_contiguous(),
      "step: a parameter of shape {} or its gradient is not contiguous", param.shape());
}

/// `buffer` in the dtype and on the device of its parameter; the module may have moved.
Tensor converted(const Tensor& buffer, const Tensor& param) {
  return buffer.to(param.dtype()).to(param.device());
}

}  // namespace

SGD::SGD(std::vector<Tensor> params, const SGDOptions& defaults)
    : SGD(one_group(std::move(params)), defaults) {}

SGD::SGD(std::vector<ParamGroup> groups, const SGDOptions& defaults) {
  check(!groups.empty(), "sgd: needs at least one group of parameters");
  struct Place {
    std::size_t group, index;
  };
  std::unordered_map<const TensorImpl*, Place> places;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    ParamGroup& group = groups[g];
    check(!group.params.empty(), "sgd: group {} has no parameters", g);
    for (std::size_t i = 0; i < group.params.size(); ++i) {
      const Tensor& param = group.params[i];
      check(param.defined(), "sgd: parameter {} of group {} is undefined", i, g);
      check(is_floating_point(param.dtype()),
          "sgd: parameter {} of group {}, of shape {}, must hold floating-point numbers; the dtype is {}", i,
          g, param.shape(), param.dtype());
      check(param.is_leaf(),
          "sgd: parameter {} of group {}, of shape {}, is the result of an operation; pass the leaf it was "
          "computed from",
          i, g, param.shape());
      check(param.is_contiguous(), "sgd: parameter {} of group {}, of shape {}, is not contiguous", i, g,
          param.shape());
      const auto [first, added] = places.try_emplace(&param.impl(), Place{g, i});
      check(added, "sgd: parameter {} of group {}, of shape {}, is also parameter {} of group {}", i, g,
          param.shape(), first->second.index, first->second.group);
    }
    const SGDOptions options = resolve(group, defaults);
    const std::size_t count = group.params.size();
    groups_.push_back({std::move(group.params), std::vector<Tensor>(count), options});
    check_options("sgd", g, options);
  }
}

void SGD::zero_grad() {
  check_not_moved_from("zero_grad");
  for (const Group& group : groups_)
    for (const Tensor& param : group.params) param.zero_grad();
}

void SGD::step() {
  check_not_moved_from("step");
  const NoGradGuard no_grad;
  std::size_t most = 0;
  for (const Group& group : groups_) most += group.params.size();
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
    Group& group = groups_[g];
    const SGDOptions& options = group.options;
    for (std::size_t i = 0; i < group.params.size(); ++i) {
      const Tensor& param = group.params[i];
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
        Tensor& kept = group.momentum_buffers[i];
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
  for (const Group& group : groups_)
    for (const Tensor& param : group.params)
      if (grad_of(param)) param.impl().storage->bump_version();
}

const SGD::Group& SGD::group_at(const char* function, std::size_t group) const {
  check(group < groups_.size(), "{}: group {} does not exist; there are {}", function, group, groups_.size());
  return groups_[group];
}

void SGD::check_options(const char* function, std::size_t group, const SGDOptions& options) const {
  check_rates(function, group, options);
  for (const Tensor& param : groups_[group].params)
    if (param.dtype() == DType::float32) return check_float32_holds(function, group, options);
}

void SGD::check_not_moved_from(const char* function) const {
  check(!groups_.empty(), "{}: the optimizer was moved from; use the one that it was moved to", function);
}

const std::vector<Tensor>& SGD::params(std::size_t group) const { return group_at("params", group).params; }

const SGDOptions& SGD::options(std::size_t group) const { return group_at("options", group).options; }

void SGD::set_options(std::size_t group, const SGDOptions& options) {
  group_at("set_options", group);
  check_options("set_options", group, options);
  groups_[group].options = options;
}

void SGD::set_lr(double lr) {
  check_not_moved_from("set_lr");
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    SGDOptions changed = groups_[g].options;
    changed.lr = lr;
    check_options("set_lr", g, changed);
  }
  for (Group& group : groups_) group.options.lr = lr;
}

void SGD::set_lr(std::size_t group, double lr) {
  SGDOptions changed = group_at("set_lr", group).options;
  changed.lr = lr;
  check_options("set_lr", group, changed);
  groups_[group].options = changed;
}

SGDState SGD::state_dict() const {
  check_not_moved_from("state_dict");
  SGDState state;
  for (const Group& group : groups_) {
    state.groups.push_back({group.options, {}});
    for (const Tensor& buffer : group.momentum_buffers)
      state.groups.back().momentum_buffers.push_back(buffer.defined() ? buffer.clone() : Tensor());
  }
  return state;
}

void SGD::load_state_dict(const SGDState& state) {
  check_not_moved_from("load_state_dict");
  check(state.groups.size() == groups_.size(), "load_state_dict: the state has {} groups, the optimizer {}",
      state.groups.size(), groups_.size());
  const NoGradGuard no_grad;
  std::vector<Group> loaded = groups_;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const SGDState::Group& from = state.groups[g];
    check(from.momentum_buffers.size() == groups_[g].params.size(),
        "load_state_dict: the state of group {} has {} parameters, the optimizer {}", g,
        from.momentum_buffers.size(), groups_[g].params.size());
    check_options("load_state_dict", g, from.options);
    loaded[g].options = from.options;
    for (std::size_t i = 0; i < from.momentum_buffers.size(); ++i) {
      const Tensor& buffer = from.momentum_buffers[i];
      const Tensor& param = groups_[g].params[i];
      if (buffer.defined())
        check(buffer.shape() == param.shape() && is_floating_point(buffer.dtype()),
            "load_state_dict: momentum buffer {} of group {} is {} {}, its parameter {} {}", i, g,
            buffer.dtype(), buffer.shape(), param.dtype(), param.shape());
      loaded[g].momentum_buffers[i] = buffer.defined() ? converted(buffer, param).clone() : Tensor();
    }
  }
  groups_ = std::move(loaded);
}

}  // namespace tenon::optim
