// Joining tensors.
#include <algorithm>

#include <tenon/autograd/ops/common.h>

namespace tenon {

using autograd::check_same_kind;
using autograd::new_tensor;
using autograd::Operand;

namespace {

/// A vector without elements can be joined to anything, as in PyTorch, as an initial empty list.
bool is_nothing(const Tensor& tensor) { return tensor.dim() == 1 && tensor.numel() == 0; }

}  // namespace

Tensor cat(const std::vector<Tensor>& tensors, std::int64_t dim, CallSite site) {
  const Call call("cat", site);
  check(!tensors.empty(), "cat: needs at least one tensor");
  const auto some = std::find_if_not(tensors.begin(), tensors.end(), is_nothing);
  const Tensor& first = some == tensors.end() ? tensors.front() : *some;
  const int d = wrap_dim("cat", dim, first.shape().rank());
  Shape shape = first.shape();
  shape[d] = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    check_same_kind("cat", first, tensors[i]);
    if (is_nothing(tensors[i])) continue;
    Shape fitted = tensors[i].shape();
    if (fitted.rank() == shape.rank()) fitted[d] = first.shape()[d];
    check(fitted == first.shape(), "cat: tensor {} of shape {} does not fit {} along dimension {}", i,
        tensors[i].shape(), first.shape(), dim);
    check(!__builtin_add_overflow(shape[d], tensors[i].shape()[d], &shape[d]),
        "cat: {} tensors of shape {} have too many elements", tensors.size(), first.shape());
  }
  Tensor out = new_tensor(shape, first.dtype(), first.stream());
  std::vector<std::int64_t> starts;
  {
    const NoGradGuard no_grad;
    std::int64_t at = 0;
    for (const Tensor& tensor : tensors) {
      starts.push_back(at);
      if (is_nothing(tensor)) continue;
      const std::int64_t length = tensor.shape()[d];
      const Tensor part = narrow(out, d, at, length);
      kernels::copy(out.stream(), out.dtype(), out.dtype(), tensor.shape(), autograd::result_of(part),
          Operand("cat", tensor, tensor.shape()));
      at += length;
    }
  }
  return autograd::record_list("cat", site, std::move(out), tensors, [&](std::size_t i) {
    const std::int64_t length = is_nothing(tensors[i]) ? 0 : tensors[i].shape()[d];
    return [d, at = starts[i], length](const Tensor& g, const Shape& from) {
      return length == 0 ? reshape(narrow(g, d, at, 0), from) : narrow(g, d, at, length);
    };
  });
}

Tensor stack(const std::vector<Tensor>& tensors, std::int64_t dim, CallSite site) {
  const Call call("stack", site);
  check(!tensors.empty(), "stack: needs at least one tensor");
  const int d = wrap_dim("stack", dim, tensors.front().shape().rank() + 1);
  std::vector<Tensor> rows;
  rows.reserve(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    check(tensors[i].shape() == tensors.front().shape(), "stack: tensor {} is {}, the first is {}", i,
        tensors[i].shape(), tensors.front().shape());
    rows.push_back(unsqueeze(tensors[i], d));
  }
  return cat(rows, d);
}

}  // namespace tenon
