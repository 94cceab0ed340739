// Tensors put together.
#include <tenon/autograd/ops/common.h>

namespace tenon {

using autograd::check_same_kind;
using autograd::new_tensor;
using autograd::Operand;

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

}  // namespace tenon
