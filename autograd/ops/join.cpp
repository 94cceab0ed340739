// Tensors put together, and picked apart by index.
#include <tenon/kernels/index.h>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>

namespace tenon {

using autograd::check_same_kind;
using autograd::Input;
using autograd::new_tensor;
using autograd::Operand;
using autograd::record;

Tensor cat(const std::vector<Tensor>& tensors, std::int64_t dim, Where where) {
  check(!tensors.empty(), "cat: needs at least one tensor");
  const Tensor& first = tensors.front();
  const int d = wrap_dim("cat", dim, first.shape().rank());
  Shape shape = first.shape();
  shape[d] = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    check_same_kind("cat", first, tensors[i]);
    Shape fitted = tensors[i].shape();
    if (fitted.rank() == shape.rank()) fitted[d] = first.shape()[d];
    check(fitted == first.shape(), "cat: tensor {} of shape {} does not fit {} along dimension {}", i,
        tensors[i].shape(), first.shape(), dim);
    shape[d] += tensors[i].shape()[d];
  }
  Tensor out = new_tensor(shape, first.dtype(), first.stream());
  std::vector<std::int64_t> starts;
  {
    const NoGradGuard no_grad;
    std::int64_t at = 0;
    for (const Tensor& tensor : tensors) {
      starts.push_back(at);
      const std::int64_t length = tensor.shape()[d];
      const Tensor part = narrow(out, d, at, length);
      kernels::copy(out.stream(), out.dtype(), out.dtype(), tensor.shape(), autograd::result_of(part),
          Operand("cat", tensor, tensor.shape()));
      at += length;
    }
  }
  return autograd::record_list("cat", where, std::move(out), tensors, [&](std::size_t i) {
    return [d, at = starts[i], length = tensors[i].shape()[d]](
               const Tensor& g) { return narrow(g, d, at, length); };
  });
}

Tensor stack(const std::vector<Tensor>& tensors, std::int64_t dim, Where where) {
  check(!tensors.empty(), "stack: needs at least one tensor");
  const int d = wrap_dim("stack", dim, tensors.front().shape().rank() + 1);
  std::vector<Tensor> rows;
  rows.reserve(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    check(tensors[i].shape() == tensors.front().shape(), "stack: tensor {} is {}, the first is {}", i,
        tensors[i].shape(), tensors.front().shape());
    rows.push_back(unsqueeze(tensors[i], d, where));
  }
  return cat(rows, d, where);
}

namespace {

kernels::Indexed indexed(const Shape& shape, int dim) {
  kernels::Indexed layout{1, shape[dim], 1};
  for (int i = 0; i < shape.rank(); ++i) (i < dim ? layout.outer : layout.inner) *= i == dim ? 1 : shape[i];
  return layout;
}

/// The index in memory that nobody else writes: a pullback reads it again later.
Tensor checked_index(const Tensor& a, const Tensor& index) {
  check(index.dtype() == DType::int64 && index.dim() == 1,
      "index_select: the index must be a vector of int64; it is {} {}", index.dtype(), index.shape());
  check(index.device() == a.device(), "index_select: devices differ; {} and {}", a.device(), index.device());
  return contiguous(index);
}

}  // namespace

Tensor index_select(const Tensor& a, std::int64_t dim, const Tensor& index, Where where) {
  const int d = wrap_dim("index_select", dim, a.shape().rank());
  const Tensor dense_index = checked_index(a, index);
  Shape shape = a.shape();
  shape[d] = index.numel();
  const Tensor dense = a.is_contiguous() ? a : autograd::copy(a, a.dtype());
  Tensor out = new_tensor(shape, a.dtype(), a.stream());
  kernels::index_select(a.stream(), a.dtype(), indexed(a.shape(), d), out.raw(), dense.raw(),
      dense_index.ptr<std::int64_t>(), index.numel(), d);
  return record("index_select", where, std::move(out), Input(a, [&] {
    return [d, index = autograd::Saved(dense_index), size = a.shape()[d]](
               const Tensor& g) { return autograd::index_add(g, d, index(), size); };
  }));
}

namespace autograd {

Tensor index_add(const Tensor& g, std::int64_t dim, const Tensor& index, std::int64_t size) {
  const int d = static_cast<int>(dim);
  Shape shape = g.shape();
  shape[d] = size;
  const Tensor dense = g.is_contiguous() ? g : copy(g, g.dtype());
  Tensor out = new_tensor(shape, g.dtype(), g.stream());
  kernels::index_add(g.stream(), g.dtype(), indexed(shape, d), out.raw(), dense.raw(),
      index.ptr<std::int64_t>(), index.numel());
  return record("index_add", Where::current(), std::move(out), Input(g, [&] {
    return [d, index = Saved(index)](const Tensor& gg) { return index_select(gg, d, index()); };
  }));
}

}  // namespace autograd
}  // namespace tenon
