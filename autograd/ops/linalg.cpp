// The matrix product and the linear map.
#include <tenon/kernels/matmul.h>
#include <tenon/kernels/reduce.h>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>

namespace tenon {

using autograd::check_same_kind;
using autograd::Input;
using autograd::record;
using autograd::with;

namespace {

kernels::Matrix matrix(const Tensor& a) {
  const TensorImpl& impl = a.impl();
  return {impl.data, impl.shape[0], impl.shape[1], impl.strides[0], impl.strides[1]};
}

/// a b, not recorded; `like` gives dtype and stream.
Tensor product(
    const Tensor& like, const kernels::Matrix& a, const kernels::Matrix& b, const void* bias = nullptr) {
  Tensor out = autograd::new_tensor({a.rows, b.cols}, like.dtype(), like.stream());
  kernels::matmul(like.stream(), like.dtype(), out.raw(), a, b, bias);
  return out;
}

// For gradients: if nothing is recorded, no tensor is made for the transposed matrix.
Tensor times_transposed(const Tensor& g, const Tensor& b) {
  return grad_enabled() ? matmul(g, t(b)) : product(g, matrix(g), matrix(b).transposed());
}
Tensor transposed_times(const Tensor& a, const Tensor& g) {
  return grad_enabled() ? matmul(t(a), g) : product(g, matrix(a).transposed(), matrix(g));
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("matmul", site);
  check(a.dim() == 2 && b.dim() == 2, "matmul: both operands must be matrices; a is {}, b is {}", a.shape(),
      b.shape());
  check(a.shape()[1] == b.shape()[0], "matmul: inner dimensions differ; a is {}, b is {}", a.shape(),
      b.shape());
  check_same_kind("matmul", a, b);
  return record("matmul", site, product(a, matrix(a), matrix(b)),
      Input(a, with(b), [](const Tensor& g, const Tensor& y) { return times_transposed(g, y); }),
      Input(b, with(a), [](const Tensor& g, const Tensor& x) { return transposed_times(x, g); }));
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, CallSite site) {
  const Call call("linear", site);
  check(x.dim() == 2 && weight.dim() == 2, "linear: x and weight must be matrices; x is {}, weight is {}",
      x.shape(), weight.shape());
  check(x.shape()[1] == weight.shape()[1],
      "linear: x has {} features, but weight expects {}; x is {}, weight is {}", x.shape()[1],
      weight.shape()[1], x.shape(), weight.shape());
  check_same_kind("linear", x, weight);
  const std::int64_t outputs = weight.shape()[0];
  if (!bias.defined()) return matmul(x, t(weight));
  check(bias.dim() == 1 && bias.shape()[0] == outputs,
      "linear: the bias must be [{}]; it is {}, weight is {}", outputs, bias.shape(), weight.shape());
  check_same_kind("linear", x, bias);
  const Tensor dense_bias = bias.is_contiguous() ? bias : autograd::copy(bias, bias.dtype());
  return record("linear", site, product(x, matrix(x), matrix(weight).transposed(), dense_bias.raw()),
      Input(x, with(weight), [](const Tensor& g, const Tensor& w) { return matmul(g, w); }),
      Input(weight, with(x), [](const Tensor& g, const Tensor& in) { return transposed_times(g, in); }),
      Input(bias, [](const Tensor& g) { return sum(g, {0}); }));
}

Tensor outer(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("outer", site);
  check(a.dim() == 1 && b.dim() == 1, "outer: needs two vectors; a is {}, b is {}", a.shape(), b.shape());
  return mul(unsqueeze(a, 1), b);
}

Tensor dot(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("dot", site);
  check(a.dim() == 1 && a.shape() == b.shape(), "dot: needs two vectors of the same length; a is {}, b is {}",
      a.shape(), b.shape());
  check_same_kind("dot", a, b);
  Tensor out = autograd::new_tensor({}, a.dtype(), a.stream());
  kernels::reduce(a.stream(), arith::SumOfProducts(), a.dtype(), a.shape(), 1, out.raw(),
      autograd::Operand("dot", a, a.shape()), autograd::Operand("dot", b, a.shape()), 1);
  return record("dot", site, std::move(out),
      Input(a, with(b), [](const Tensor& g, const Tensor& y) { return mul(g, y); }),
      Input(b, with(a), [](const Tensor& g, const Tensor& x) { return mul(g, x); }));
}

}  // namespace tenon
