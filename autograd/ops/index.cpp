// Indexing along a dimension.
#include <tenon/kernels/index.h>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>

namespace tenon {

using autograd::check_beside;
using autograd::dense;
using autograd::Input;
using autograd::new_tensor;
using autograd::record;
using autograd::with;
using kernels::indexed;

namespace autograd {

void check_beside(const char* op, const Tensor& a, const Tensor& index) {
  check(index.device() == a.device(), "{}: devices differ; {} and {}", op, a.device(), index.device());
  check(index.stream() == a.stream(), "{}: the operands were made on different streams", op);
}

void check_index(const char* op, const Tensor& a, int d, const Tensor& index) {
  check(index.dtype() == DType::int64, "{}: the index must be int64; it is {}", op, index.dtype());
  check(index.dim() == a.dim(), "{}: the index has {} dimensions, the tensor {}", op, index.dim(), a.dim());
  check_beside(op, a, index);
  for (int i = 0; i < a.shape().rank(); ++i)
    check(i == d || index.shape()[i] <= a.shape()[i],
        "{}: the index of shape {} is larger than the tensor of shape {}", op, index.shape(), a.shape());
}

}  // namespace autograd

Tensor index_select(const Tensor& a, std::int64_t dim, const Tensor& index, CallSite site) {
  const Call call("index_select", site);
  const int d = wrap_dim("index_select", dim, a.shape().rank(), Rank0::as_vector);
  check(index.dtype() == DType::int64 && index.dim() <= 1,
      "index_select: the index must be a vector of int64; it is {} {}", index.dtype(), index.shape());
  check(a.dim() > 0 || index.numel() == 1,
      "index_select: a tensor without dimensions takes one index; {} were given", index.numel());
  check_beside("index_select", a, index);
  const Tensor dense_index = contiguous(index);
  Shape shape = a.shape();
  if (a.dim() > 0) shape[d] = index.numel();
  const Tensor from = dense(a);
  Tensor out = new_tensor(shape, a.dtype(), a.stream());
  kernels::index_select(a.stream(), a.dtype(), indexed(a.shape(), d), out.raw(), from.raw(),
      dense_index.ptr<std::int64_t>(), index.numel(), d);
  return record("index_select", site, std::move(out),
      Input(a, with(dense_index), [d](const Tensor& g, const Shape& whole, const Tensor& at) {
        return autograd::index_add(g, d, at, whole);
      }));
}

Tensor gather(const Tensor& a, std::int64_t dim, const Tensor& index, CallSite site) {
  const Call call("gather", site);
  const int rank = a.shape().rank(), d = wrap_dim("gather", dim, rank, Rank0::as_vector);
  autograd::check_index("gather", a, d, index);
  Tensor part = a;  // as large as the index, except in the indexed dimension
  for (int i = 0; i < rank; ++i)
    if (i != d && index.shape()[i] < a.shape()[i]) part = narrow(part, i, 0, index.shape()[i]);
  const Tensor from = dense(part), dense_index = contiguous(index);
  Tensor out = new_tensor(index.shape(), a.dtype(), a.stream());
  kernels::gather(a.stream(), a.dtype(), indexed(part.shape(), d), out.raw(), from.raw(),
      dense_index.ptr<std::int64_t>(), rank > 0 ? index.shape()[d] : 1, d);
  return record("gather", site, std::move(out),
      Input(part, with(dense_index), [d](const Tensor& g, const Shape& whole, const Tensor& at) {
        return autograd::gather_add(g, d, at, whole);
      }));
}

Tensor take_along_dim(const Tensor& a, const Tensor& index, std::optional<std::int64_t> dim, CallSite site) {
  const Call call("take_along_dim", site);
  if (!dim) return gather(reshape(a, {a.numel()}), 0, reshape(index, {index.numel()}));
  const int d = wrap_dim("take_along_dim", *dim, a.shape().rank(), Rank0::as_vector);
  check(index.dim() == a.dim(), "{}: the index has {} dimensions, the tensor {}", "take_along_dim",
      index.dim(), a.dim());
  if (a.dim() == 0) return gather(a, d, index);
  Shape taken = a.shape(), wanted = index.shape();
  taken[d] = wanted[d] = 1;
  taken = wanted = broadcast_shapes("take_along_dim", taken, wanted);
  taken[d] = a.shape()[d], wanted[d] = index.shape()[d];
  return gather(expand(a, taken), d, expand(index, wanted));
}

Tensor embedding(
    const Tensor& index, const Tensor& weight, std::optional<std::int64_t> padding_idx, CallSite site) {
  const Call call("embedding", site);
  check(index.dtype() == DType::int64, "embedding: the index must be int64; it is {} {}", index.dtype(),
      index.shape());
  check(weight.dim() == 2, "embedding: the weight must be a matrix; its shape is {}", weight.shape());
  check_beside("embedding", weight, index);
  const std::int64_t rows = weight.shape()[0];
  std::int64_t padding = -1;  // no row
  if (padding_idx) {
    padding = *padding_idx < 0 ? *padding_idx + rows : *padding_idx;
    check(padding >= 0 && padding < rows, "embedding: padding_idx {} is out of range; there are {} rows",
        *padding_idx, rows);
  }
  Shape shape = index.shape();
  shape.push_back(weight.shape()[1]);
  const Tensor at = flatten(contiguous(index)), from = dense(weight);
  Tensor out = new_tensor(shape, weight.dtype(), weight.stream());
  kernels::index_select(weight.stream(), weight.dtype(), indexed(weight.shape(), 0), out.raw(), from.raw(),
      at.ptr<std::int64_t>(), at.numel(), 0);
  return record("embedding", site, std::move(out),
      Input(weight, with(at), [padding](const Tensor& g, const Shape& whole, const Tensor& chosen) {
        Tensor each = reshape(g, {chosen.numel(), whole[1]});
        if (padding >= 0) each = where(unsqueeze(ne(chosen, static_cast<double>(padding)), 1), each, 0.0);
        return autograd::index_add(each, 0, chosen, whole);
      }));
}

Tensor one_hot(const Tensor& classes, std::int64_t num_classes, CallSite site) {
  const Call call("one_hot", site);
  check(classes.dtype() == DType::int64, "one_hot: the classes must be int64; they are {}", classes.dtype());
  check(num_classes > 0 || (num_classes == -1 && classes.numel() > 0),
      "one_hot: needs a positive number of classes, or classes to count; it is {}, for shape {}", num_classes,
      classes.shape());
  if (classes.numel() > 0) {
    const std::int64_t largest = amax(classes).item<std::int64_t>(),
                       smallest = amin(classes).item<std::int64_t>();
    if (num_classes == -1) num_classes = largest + 1;
    check(smallest >= 0 && largest < num_classes, "one_hot: classes from {} to {} are not all in [0, {})",
        smallest, largest, num_classes);
  }
  return autograd::copy(
      eq(unsqueeze(classes, -1), autograd::positions_beside(classes, num_classes)), DType::int64);
}

namespace autograd {

Tensor gather_add(const Tensor& g, int d, const Tensor& index, const Shape& shape) {
  const Tensor from = dense(g);
  const std::int64_t count = index.dim() > 0 ? index.shape()[d] : 1;
  Tensor out = new_tensor(shape, g.dtype(), g.stream());
  if (g.dtype() == DType::int64) {
    kernels::copy(g.stream(), g.dtype(), g.dtype(), shape, out.raw(), 0.0);
    kernels::add_integers(g.stream(), indexed(shape, d), out.ptr<std::int64_t>(), from.ptr<std::int64_t>(),
        index.ptr<std::int64_t>(), count);
    return out;
  }
  kernels::gather_add(
      g.stream(), g.dtype(), indexed(shape, d), out.raw(), from.raw(), index.ptr<std::int64_t>(), count);
  return record("gather_add", CallSite::current(), std::move(out),
      Input(g, with(index), [d](const Tensor& gg, const Tensor& at) { return gather(gg, d, at); }));
}

Tensor index_add(const Tensor& g, int d, const Tensor& index, const Shape& shape) {
  const Tensor from = dense(g);
  Tensor out = new_tensor(shape, g.dtype(), g.stream());
  kernels::index_add(g.stream(), g.dtype(), indexed(shape, d), out.raw(), from.raw(),
      index.ptr<std::int64_t>(), index.numel());
  return record("index_add", CallSite::current(), std::move(out),
      Input(g, with(index), [d](const Tensor& gg, const Tensor& at) { return index_select(gg, d, at); }));
}

}  // namespace autograd
}  // namespace tenon
