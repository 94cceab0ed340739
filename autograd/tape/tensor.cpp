// The gradient-related members of Tensor.
#include <algorithm>

#include <tenon/autograd/tape/node.h>
#include <tenon/core/call.h>

namespace tenon {

using autograd::Node;
using autograd::node_of;

void HookHandle::remove() {
  if (const auto hooks = hooks_.lock())
    std::erase_if(hooks->entries, [this](const auto& entry) { return entry.id == id_; });
  hooks_.reset();
}

const Tensor& Tensor::set_requires_grad(bool required, CallSite site) const {
  const Call call("set_requires_grad", site);
  if (required == requires_grad()) return *this;
  check(is_leaf(),
      "set_requires_grad: the tensor is the result of \"{}\"; only a leaf can change, detach() it first",
      node_of(*this) ? node_of(*this)->name : "");
  check(!required || is_floating_point(dtype()),
      "set_requires_grad: only floating-point tensors have gradients; the dtype is {}", dtype());
  if (required) {
    autograd::set_node(*this, Node::create("leaf", 0, *this, site));
  } else {
    impl().meta = nullptr;
    impl().storage->clear_needs_grad(impl().family);
  }
  return *this;
}

const Tensor& Tensor::detach_(CallSite site) const {
  const Call call("detach_", site);
  check(!impl().is_view,
      "detach_: a view keeps the history of its base; use detach(), which returns a new tensor");
  impl().meta = nullptr;
  impl().family = impl().storage->new_family();
  return *this;
}

bool Tensor::is_leaf() const { return !requires_grad() || node_of(*this)->leaf(); }

Tensor Tensor::grad() const { return requires_grad() ? node_of(*this)->grad : Tensor(); }

void Tensor::set_grad(const Tensor& gradient, CallSite site) const {
  const Call call("set_grad", site);
  check(requires_grad(), "set_grad: the tensor does not require a gradient");
  if (gradient.defined()) {
    check(gradient.shape() == shape(), "set_grad: the gradient is {}, the tensor {}", gradient.shape(),
        shape());
    check(gradient.dtype() == dtype() && gradient.device() == device(),
        "set_grad: the gradient is {} on {}, the tensor {} on {}", gradient.dtype(), gradient.device(),
        dtype(), device());
    if (gradient.requires_grad()) {
      const std::vector<Node*> owned = autograd::nodes_below(node_of(gradient));
      check(std::find(owned.begin(), owned.end(), node_of(*this)) == owned.end(),
          "set_grad: the gradient depends on the tensor, which would then own itself; detach() it first");
    }
  }
  node_of(*this)->grad = gradient;
}

void Tensor::zero_grad() const {
  if (requires_grad()) node_of(*this)->grad = {};
}

void Tensor::set_data(const Tensor& source, CallSite site) const {
  const Call call("set_data", site);
  check(is_leaf(), "set_data: only a leaf can take other elements; the tensor is the result of \"{}\"",
      node_of(*this) ? node_of(*this)->name : "");
  check(source.shape() == shape(), "set_data: shapes differ; {} and {}", shape(), source.shape());
  const bool same_kind = source.dtype() == dtype() && source.device() == device();
  check(same_kind || !grad().defined(),
      "set_data: the gradient is {} on {}; drop it before the elements become {} on {}", dtype(), device(),
      source.dtype(), source.device());
  check(!requires_grad() || is_floating_point(source.dtype()),
      "set_data: only floating-point tensors have gradients; the dtype is {}", source.dtype());
  TensorImpl& to = impl();
  const TensorImpl& from = source.impl();
  to.storage->bump_version();  // a saved tensor must not use the new elements in place of the old ones
  if (to.storage.get() != from.storage.get() && from.storage->version() <= to.storage->version())
    from.storage->set_version(to.storage->version() + 1);
  to.storage = from.storage;
  to.data = from.data;
  to.dtype = from.dtype;
  to.strides = from.strides;
  to.contiguous = from.contiguous;
  to.is_view = false;
  to.family = to.storage->new_family();
  if (Node* node = node_of(*this)) {
    to.storage->set_needs_grad(to.family);
    node->dtype = from.dtype;
    node->device = source.device();
  }
}

void Tensor::retain_grad(CallSite site) const {
  const Call call("retain_grad", site);
  check(requires_grad(), "retain_grad: the tensor does not require a gradient");
  node_of(*this)->keeps_grad = true;
}

HookHandle Tensor::add_hook(std::function<Tensor(const Tensor&)> hook, CallSite site) const {
  const Call call("register_hook", site);
  check(requires_grad(), "register_hook: the tensor does not require a gradient");
  auto& hooks = node_of(*this)->hooks;
  if (!hooks) hooks = std::make_shared<autograd::HookList>();
  hooks->entries.push_back({hooks->next_id, site, std::move(hook)});
  return HookHandle(hooks, hooks->next_id++);
}

}  // namespace tenon
