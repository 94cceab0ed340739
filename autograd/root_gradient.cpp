#include <utility>

#include <tenon/autograd/ops.h>
#include <tenon/autograd/pass.h>
#include <tenon/autograd/tape/record.h>
#include <tenon/autograd/tape/running.h>
#include <tenon/core/cuda.h>

namespace tenon::autograd {

namespace {

/// The implicit seed gradient, 1. Every pass reads it, so it is created once per thread, and again if someone
/// kept it or wrote to it, or if the next root has another dtype or device.
/// A pointer, because a pass may run after the thread_locals of its thread, in a static destructor.
constinit thread_local TensorImpl* kept_one = nullptr;

void drop_kept_one() { Ref<TensorImpl>::adopt(std::exchange(kept_one, nullptr)); }

struct Reaper {
  bool armed = false;
  ~Reaper() { drop_kept_one(); }
};
thread_local Reaper reaper;

Tensor one(const Tensor& root) {
  if (root.dim() != 0) return ones_like(root);
  const TensorImpl* const kept = kept_one;
  const bool usable = kept && kept->unique() && kept->storage->unique() && kept->storage->version() == 0 &&
                      !kept->meta && kept->dtype == root.dtype() && kept->storage->stream() == root.stream();
  if (!usable) {
    Tensor made = ones_like(root);
    if (cuda::is_capturing(root.stream())) return made;  // filled only when the recorded graph is replayed
    drop_kept_one();
    kept_one = std::move(made).disown();
    reaper.armed = true;
  }
  kept_one->retain();
  return Tensor(Ref<TensorImpl>::adopt(kept_one));
}

}  // namespace

Root root_of(const char* op, const Tensor& tensor, const Tensor& given) {
  check(tensor.defined() && tensor.requires_grad(),
      "{}: the tensor does not depend on any that requires a gradient", op);
  detail::needs_grad(op, tensor);  // throws if the tensor is a stale view
  if (!given.defined()) {
    check(tensor.numel() == 1,
        "{}: a tensor of shape {} has no implicit gradient; pass one, or reduce it to one element", op,
        tensor.shape());
    return {node_ref(tensor), one(tensor)};
  }
  check(given.shape() == tensor.shape(), "{}: the gradient is {}, the tensor {}", op, given.shape(),
      tensor.shape());
  check(given.dtype() == tensor.dtype() && given.device() == tensor.device(),
      "{}: the gradient is {} on {}, the tensor {} on {}", op, given.dtype(), given.device(), tensor.dtype(),
      tensor.device());
  return {node_ref(tensor), given};
}

std::vector<Root> roots_of(
    const char* op, const std::vector<Tensor>& tensors, const std::vector<Tensor>& gradients) {
  check(!tensors.empty(), "{}: needs at least one tensor to begin with", op);
  check(gradients.empty() || gradients.size() == tensors.size(),
      "{}: there are {} tensors and {} gradients; give one for each, or none", op, tensors.size(),
      gradients.size());
  std::vector<Root> roots;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    roots.push_back(root_of(op, tensors[i], gradients.empty() ? Tensor() : gradients[i]));
  return roots;
}

bool is_seed_gradient(const Tensor& gradient) noexcept {
  return kept_one && !grad_enabled() && &gradient.impl() == kept_one && gradient.version() == 0;
}

}  // namespace tenon::autograd
