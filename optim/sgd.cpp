#include <tenon/optim/sgd.h>

#include <cmath>

#include <tenon/autograd/node.h>
#include <tenon/autograd/ops.h>
#include <tenon/kernels/sgd.h>

namespace tenon::optim {

namespace {

void check_options(std::size_t group, const SGDOptions& options) {
  const auto check_rate = [group](const char* name, double value) {
    check(value >= 0 && std::isfinite(value),
        "sgd: {} must not be negative and must be finite; group {} has {}", name, group, value);
  };
  check_rate("lr", options.lr);
  check_rate("momentum", options.momentum);
  check(std::isfinite(options.dampening), "sgd: dampening must be finite; group {} has {}", group,
      options.dampening);
  check_rate("weight_decay", options.weight_decay);
  check(!options.nesterov || (options.momentum > 0 && options.dampening == 0),
      "sgd: nesterov needs momentum and no dampening; group {} has momentum {} and dampening {}", group,
      options.momentum, options.dampening);
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

/// Undefined for a parameter that was frozen since.
const Tensor& grad_of(const Tensor& param) {
  static const Tensor none;
  const autograd::Node* node = autograd::node_of(param);
  return node ? node->grad : none;
}

}  // namespace

SGD::SGD(std::vector<Tensor> params, const SGDOptions& defaults)
    : SGD(one_group(std::move(params)), defaults) {}

SGD::SGD(std::vector<ParamGroup> groups, const SGDOptions& defaults) {
  check(!groups.empty(), "sgd: needs at least one group of parameters");
  for (std::size_t g = 0; g < groups.size(); ++g) {
    ParamGroup& group = groups[g];
    check(!group.params.empty(), "sgd: group {} has no parameters", g);
    for (std::size_t i = 0; i < group.params.size(); ++i) {
      const Tensor& param = group.params[i];
      check(param.defined(), "sgd: parameter {} of group {} is undefined", i, g);
      check(param.requires_grad() && param.is_leaf(),
          "sgd: parameter {} of group {}, of shape {}, is not a leaf that requires a gradient", i, g,
          param.shape());
      check(param.is_contiguous(), "sgd: parameter {} of group {}, of shape {}, is not contiguous", i, g,
          param.shape());
      for (std::size_t h = 0; h <= g; ++h) {
        const auto& others = h < g ? groups_[h].params : group.params;
        for (std::size_t k = 0; k < (h < g ? others.size() : i); ++k)
          check(!others[k].is_same(param),
              "sgd: parameter {} of group {}, of shape {}, is also parameter {} of group {}", i, g,
              param.shape(), k, h);
      }
    }
    const SGDOptions options = resolve(group, defaults);
    check_options(g, options);
    const std::size_t count = group.params.size();
    groups_.push_back({std::move(group.params), std::vector<Tensor>(count), options});
  }
}

void SGD::zero_grad() {
  for (const Group& group : groups_)
    for (const Tensor& param : group.params) param.zero_grad();
}

void SGD::step() {
  const NoGradGuard no_grad;
  const Tensor* first = nullptr;
  std::size_t count = 0;
  for (const Group& group : groups_) {
    for (const Tensor& param : group.params) {
      const Tensor& grad = grad_of(param);
      if (!grad.defined()) continue;
      if (!first) first = &param;
      check(param.dtype() == first->dtype() && param.device() == first->device(),
          "sgd: parameters differ in kind; {} on {}, and {} on {}", first->dtype(), first->device(),
          param.dtype(), param.device());
      check(grad.shape() == param.shape() && grad.dtype() == param.dtype() && grad.device() == param.device(),
          "sgd: a gradient is {} {} on {}, its parameter {} {} on {}", grad.dtype(), grad.shape(),
          grad.device(), param.dtype(), param.shape(), param.device());
      check(grad.is_contiguous() && param.is_contiguous(),
          "sgd: a parameter of shape {} or its gradient is not contiguous", param.shape());
      ++count;
    }
  }
  if (count == 0) return;

  constexpr std::size_t few = 16;  // a small model needs no allocation
  kernels::SgdItem inline_items[few];
  std::vector<kernels::SgdItem> many(count > few ? count : 0);
  kernels::SgdItem* const items = count > few ? many.data() : inline_items;
  std::size_t at = 0;
  for (Group& group : groups_) {
    const SGDOptions& options = group.options;
    for (std::size_t i = 0; i < group.params.size(); ++i) {
      const Tensor& param = group.params[i];
      const Tensor& grad = grad_of(param);
      if (!grad.defined()) continue;
      Tensor& buffer = group.momentum_buffers[i];
      if (buffer.defined())
        buffer = buffer.to(param.dtype()).to(param.device());  // the module may have moved
      const bool first_step = options.momentum != 0 && !buffer.defined();
      if (first_step) buffer = zeros_like(param);
      items[at++] = {.param = param.raw(),
          .grad = grad.raw(),
          .momentum_buffer = options.momentum != 0 ? buffer.raw() : nullptr,
          .n = param.numel(),
          .lr = options.lr,
          .momentum = options.momentum,
          .dampening = options.dampening,
          .weight_decay = options.weight_decay,
          .nesterov = options.nesterov,
          .maximize = options.maximize,
          .first_step = first_step};
      param.impl().storage->bump_version();
    }
  }
  kernels::sgd(first->stream(), first->dtype(), {items, count});
}

const std::vector<Tensor>& SGD::params(std::size_t group) const {
  check(group < groups_.size(), "sgd: group {} does not exist; there are {}", group, groups_.size());
  return groups_[group].params;
}

const SGDOptions& SGD::options(std::size_t group) const {
  check(group < groups_.size(), "sgd: group {} does not exist; there are {}", group, groups_.size());
  return groups_[group].options;
}

void SGD::set_options(std::size_t group, const SGDOptions& options) {
  check(group < groups_.size(), "sgd: group {} does not exist; there are {}", group, groups_.size());
  check_options(group, options);
  groups_[group].options = options;
}

void SGD::set_lr(double lr) {
  check(lr >= 0 && std::isfinite(lr), "sgd: lr must not be negative and must be finite; it is {}", lr);
  for (Group& group : groups_) group.options.lr = lr;
}

void SGD::set_lr(std::size_t group, double lr) {
  SGDOptions changed = options(group);
  changed.lr = lr;
  set_options(group, changed);
}

SGDState SGD::state_dict() const {
  SGDState state;
  for (const Group& group : groups_) {
    state.groups.push_back({group.options, {}});
    for (const Tensor& buffer : group.momentum_buffers)
      state.groups.back().momentum_buffers.push_back(buffer.defined() ? buffer.clone() : Tensor());
  }
  return state;
}

void SGD::load_state_dict(const SGDState& state) {
  check(state.groups.size() == groups_.size(), "sgd: the state has {} groups, the optimizer {}",
      state.groups.size(), groups_.size());
  std::vector<Group> loaded = groups_;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const SGDState::Group& from = state.groups[g];
    check_options(g, from.options);
    check(from.momentum_buffers.size() == groups_[g].params.size(),
        "sgd: the state of group {} has {} parameters, the optimizer {}", g, from.momentum_buffers.size(),
        groups_[g].params.size());
    loaded[g].options = from.options;
    for (std::size_t i = 0; i < from.momentum_buffers.size(); ++i) {
      const Tensor& buffer = from.momentum_buffers[i];
      const Tensor& param = groups_[g].params[i];
      if (buffer.defined())
        check(buffer.shape() == param.shape() && buffer.dtype() == param.dtype(),
            "sgd: momentum buffer {} of group {} is {} {}, its parameter {} {}", i, g, buffer.dtype(),
            buffer.shape(), param.dtype(), param.shape());
      loaded[g].momentum_buffers[i] = buffer.defined() ? buffer.to(param.device()).clone() : Tensor();
    }
  }
  groups_ = std::move(loaded);
}

}  // namespace tenon::optim
