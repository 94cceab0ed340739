// Joining tensors.
#include <algorithm>
#include <iterator>

#include <tenon/autograd/ops/common.h>

namespace tenon {

using autograd::check_same_kind;
using autograd::new_tensor;
using autograd::Operand;

namespace {

/// A vector without elements can be joined to anything, as in PyTorch, as an initial empty list.
bool is_nothing(const Tensor& tensor) { return tensor.dim() == 1 && tensor.numel() == 0; }

/// Copies `part` into `out`, from element `first` on and with these strides.
void copy_part(
    const char* name, const Tensor& out, std::int64_t first, const Strides& strides, const Tensor& part) {
  if (part.numel() == 0) return;
  char* const to = static_cast<char*>(out.raw()) + first * static_cast<std::int64_t>(size_of(out.dtype()));
  const bool dense = strides == contiguous_strides(part.shape());
  kernels::copy(out.stream(), out.dtype(), out.dtype(), part.shape(),
      dense ? kernels::Result(to) : kernels::Result(to, strides), Operand(name, part, part.shape()));
}

}  // namespace

Tensor cat(const std::vector<Tensor>& tensors, std::int64_t dim, CallSite site) {
  const Call call("cat", site);
  check(!tensors.empty(), "cat: needs at least one tensor");
  const auto some = std::find_if_not(tensors.begin(), tensors.end(), is_nothing);
  const Tensor& first = some == tensors.end() ? tensors.front() : *some;
  // As in PyTorch, nothing joined to nothing along any dimension is nothing.
  const int d = some == tensors.end() ? 0 : wrap_dim("cat", dim, first.shape().rank());
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
  std::int64_t at = 0;
  for (const Tensor& tensor : tensors) {
    starts.push_back(at);
    if (is_nothing(tensor)) continue;
    copy_part("cat", out, at * out.strides()[d], out.strides(), tensor);
    at += tensor.shape()[d];
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
  const Tensor& first = tensors.front();
  const int d = wrap_dim("stack", dim, first.shape().rank() + 1);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    check_same_kind("stack", first, tensors[i]);
    check(tensors[i].shape() == first.shape(), "stack: tensor {} is {}, the first is {}", i,
        tensors[i].shape(), first.shape());
  }
  Shape shape;
  for (int i = 0; i <= first.shape().rank(); ++i)
    shape.push_back(i == d ? std::ssize(tensors) : first.shape()[i - (i > d)]);
  Tensor out = new_tensor(shape, first.dtype(), first.stream());
  Strides strides;  // of a part
  for (int i = 0; i < shape.rank(); ++i)
    if (i != d) strides.push_back(out.strides()[i]);
  for (std::size_t i = 0; i < tensors.size(); ++i)
    copy_part("stack", out, static_cast<std::int64_t>(i) * out.strides()[d], strides, tensors[i]);
  return autograd::record_list("stack", site, std::move(out), tensors, [&](std::size_t i) {
    return [d, i](const Tensor& g, const Shape& from) {
      return reshape(narrow(g, d, static_cast<std::int64_t>(i), 1), from);
    };
  });
}

}  // namespace tenon
