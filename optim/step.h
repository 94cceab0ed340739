// What fused steps share: the parameters with gradients, their checks, and new state. Private.
#pragma once
#include <array>
#include <cmath>
#include <memory>
#include <span>
#include <tuple>
#include <vector>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/tape/node.h>
#include <tenon/core/cuda.h>

namespace tenon::optim {

/// An option that the step computes with in the dtype of the parameters.
struct Rate {
  const char* name;
  double value;
};

/// Throws an error that begins with `function` unless the rate of the group is finite and not negative.
inline void check_not_negative(const char* function, std::size_t group, Rate rate) {
  check(rate.value >= 0 && std::isfinite(rate.value),
      "{}: {} must not be negative and must be finite; group {} has {}", function, rate.name, group,
      rate.value);
}

inline std::size_t count_params(const std::vector<std::vector<Tensor>>& groups) {
  std::size_t count = 0;
  for (const std::vector<Tensor>& group : groups) count += group.size();
  return count;
}

/// One group with these parameters, and the default options.
template <class ParamGroup>
std::vector<ParamGroup> one_group(std::vector<Tensor> params) {
  std::vector<ParamGroup> groups(1);
  groups[0].params = std::move(params);
  return groups;
}

/// Throws the error for the first rate that is not finite. Takes the rates by value, so that check_finite()
/// need not store them.
template <std::size_t n>
[[gnu::cold, gnu::noinline]] void fail_not_finite(
    const char* function, std::size_t group, DType dtype, std::array<Rate, n> rates) {
  for (const Rate& rate : rates)
    check(autograd::is_finite_in(dtype, rate.value),
        "{}: {} must be finite in {}, the dtype of the parameters; group {} has {}", function, rate.name,
        dtype, group, rate.value);
}

/// Throws an error that begins with `function` unless every rate of the group is finite in `dtype`.
template <std::size_t n>
[[gnu::always_inline]] inline void check_finite(
    const char* function, std::size_t group, DType dtype, const std::array<Rate, n>& rates) {
  const bool all_finite = std::apply(
      [dtype](const auto&... rate) { return (autograd::is_finite_in(dtype, rate.value) && ...); }, rates);
  if (!all_finite) [[unlikely]]
    fail_not_finite(function, group, dtype, rates);
}

/// A tensor of the state in the dtype and on the device of its parameter; the module may have moved.
inline Tensor converted(const Tensor& tensor, const Tensor& param) {
  return tensor.to(param.dtype()).to(param.device());
}

/// The state tensors that a step creates. They replace the old ones only when nothing can fail any more;
/// otherwise the next step would take zeros for the state of an earlier step.
class NewState {
 public:
  /// The memory of `kept`, a tensor of the state of `param`. If it is undefined, or has another dtype or
  /// device than `param`, this is the memory of its replacement: `start` everywhere, or the converted tensor.
  void* memory_of(Tensor& kept, const Tensor& param, double start) {
    if (kept.defined() && kept.dtype() == param.dtype() && kept.device() == param.device()) return kept.raw();
    return create(kept, param, start);
  }
  void keep() noexcept {
    for (Entry& entry : entries_) *entry.place = std::move(entry.tensor);
  }
  bool empty() const { return entries_.empty(); }

 private:
  struct Entry {
    Tensor* place;
    Tensor tensor;
  };
  [[gnu::cold, gnu::noinline]] void* create(Tensor& kept, const Tensor& param, double start) {
    entries_.push_back({&kept, kept.defined() ? converted(kept, param) : full_like(param, start)});
    return entries_.back().tensor.raw();
  }

  std::vector<Entry> entries_;
};

/// A parameter that has a gradient.
struct StepParam {
  std::size_t group;
  const Tensor &param, &grad;
  NewState& new_state;

  /// The memory of a tensor of its state, for the kernel. Every element is `start` before the first step.
  void* memory_of(Tensor& kept, double start = 0) { return new_state.memory_of(kept, param, start); }
};

/// Throws unless `grad` suits `param`, and one kernel call can take it and `first`.
[[gnu::always_inline]] inline void check_step(const Tensor& first, const Tensor& param, const Tensor& grad) {
  check(param.dtype() == first.dtype() && param.device() == first.device(),
      "step: parameters differ in kind; {} on {}, and {} on {}", first.dtype(), first.device(), param.dtype(),
      param.device());
  check(grad.shape() == param.shape() && grad.dtype() == param.dtype() && grad.device() == param.device(),
      "step: a gradient is {} {} on {}, its parameter {} {} on {}", grad.dtype(), grad.shape(), grad.device(),
      param.dtype(), param.shape(), param.device());
  check(grad.is_contiguous() && param.is_contiguous(),
      "step: a parameter of shape {} or its gradient is not contiguous", param.shape());
}

/// Calls f(group, index, param, grad) for each parameter that has a gradient; a frozen one has none.
template <class F>
[[gnu::always_inline]] inline void for_each_with_grad(const std::vector<std::vector<Tensor>>& params, F f) {
  std::size_t g = 0;
  for (const std::vector<Tensor>& group : params) {
    std::size_t i = 0;
    for (const Tensor& param : group) {
      const autograd::Node* const node = autograd::node_of(param);
      if (node && node->grad.defined()) f(g, i, param, node->grad);
      ++i;
    }
    ++g;
  }
}

/// The step that a graph records. Each replay makes the items from the options and the state of that time; it
/// updates the parameters that had a gradient when the step was recorded.
template <class Item, class Group, class MakeItem, class Update>
[[gnu::cold, gnu::noinline]] void record_step(const std::vector<std::vector<Tensor>>& params,
    const std::shared_ptr<std::vector<Group>>& groups, void (&kernel)(Stream, DType, std::span<const Item>),
    MakeItem make_item, Update update) {
  struct Entry {
    std::size_t group, index;
    Tensor param, grad;
  };
  std::vector<Entry> entries;
  for_each_with_grad(params, [&](std::size_t g, std::size_t i, const Tensor& param, const Tensor& grad) {
    entries.push_back({g, i, param, grad});
    check_step(entries[0].param, param, grad);
  });
  if (entries.empty()) return;
  const Stream stream = entries[0].param.stream();
  cuda::repeat(stream, [=, &kernel] {
    const NoGradGuard no_grad;
    std::vector<Item> items;
    NewState new_state;
    for (const Entry& entry : entries) {
      StepParam step_param{entry.group, entry.param, entry.grad, new_state};
      Group& group = (*groups)[entry.group];
      items.push_back(make_item(group.options, group.states[entry.index], step_param));
    }
    check(new_state.empty(),
        "step: a cuda::Graph can only record and replay it when the optimizer has all of its state; call "
        "step() once before");
    kernel(stream, entries[0].param.dtype(), items);
    if (cuda::is_capturing(stream)) return;  // nothing has run
    for (const Entry& entry : entries) {
      update((*groups)[entry.group].states[entry.index]);
      entry.param.impl().storage->bump_version();
    }
  });
}

/// A step of all parameters in one call of `kernel`. make_item(options, state, StepParam&) returns the
/// kernel's item for a parameter. It may throw, but changes nothing, and passes state tensors to the kernel
/// through StepParam::memory_of(). After the kernel call, update(state) updates numbers of the state; it must
/// not throw.
template <class Item, class Group, class MakeItem, class Update>
void fused_step(const std::vector<std::vector<Tensor>>& params,
    const std::shared_ptr<std::vector<Group>>& shared_groups,
    void (&kernel)(Stream, DType, std::span<const Item>), MakeItem make_item, Update update) {
  const NoGradGuard no_grad;
  if (cuda::is_capturing(params[0][0].stream())) [[unlikely]]
    return record_step(params, shared_groups, kernel, make_item, update);
  std::vector<Group>& groups = *shared_groups;
  const std::size_t most = count_params(params);
  constexpr std::size_t few = 16;  // a small model needs no allocation
  Item inline_items[few];
  std::vector<Item> many(most > few ? most : 0);
  Item* const items = most > few ? many.data() : inline_items;

  NewState new_state;
  const Tensor* first = nullptr;
  std::size_t count = 0;
  for_each_with_grad(params, [&](std::size_t g, std::size_t i, const Tensor& param, const Tensor& grad) {
    if (count == 0) first = &param;
    check_step(*first, param, grad);
    StepParam step_param{g, param, grad, new_state};
    items[count++] = make_item(groups[g].options, groups[g].states[i], step_param);
  });
  if (count == 0) return;
  kernel(first->stream(), first->dtype(), {items, count});

  new_state.keep();
  for_each_with_grad(params, [&](std::size_t g, std::size_t i, const Tensor& param, const Tensor&) {
    update(groups[g].states[i]);
    param.impl().storage->bump_version();
  });
}

/// The same for a state without numbers.
template <class Item, class Group, class MakeItem>
void fused_step(const std::vector<std::vector<Tensor>>& params,
    const std::shared_ptr<std::vector<Group>>& groups, void (&kernel)(Stream, DType, std::span<const Item>),
    MakeItem make_item) {
  fused_step(params, groups, kernel, make_item, [](auto&) {});
}

}  // namespace tenon::optim
