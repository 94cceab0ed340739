// The matrix product and the affine map.
#include <tenon/kernels/matmul.h>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>

namespace tenon {

using autograd::check_same_kind;
using autograd::Input;
using autograd::record;
using autograd::Saved;

namespace {

kernels::Matrix matrix(const Tensor& a) {
  const TensorImpl& impl = a.impl();
  return {impl.data, impl.shape[0], impl.shape[1], impl.strides[0], impl.strides[1]};
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b, Where where) {
  check(a.dim() == 2 && b.dim() == 2, "matmul: both operands must be matrices; a is {}, b is {}", a.shape(), b.shape());
  check(a.shape()[1] == b.shape()[0], "matmul: inner dimensions differ; a is {}, b is {}", a.shape(), b.shape());
  check_same_kind("matmul", a, b);
  autograd::check_floating("matmul", a);
  Tensor out = autograd::new_tensor({a.shape()[0], b.shape()[1]}, a.dtype(), a.stream());
  kernels::matmul(a.stream(), a.dtype(), out.raw(), matrix(a), matrix(b));
  return record("matmul", where, std::move(out),
                Input{a, [&] { return [b = Saved(b)](const Tensor& g) { return matmul(g, t(b())); }; }},
                Input{b, [&] { return [a = Saved(a)](const Tensor& g) { return matmul(t(a()), g); }; }});
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, Where where) {
  check(x.dim() == 2 && weight.dim() == 2, "linear: x and weight must be matrices; x is {}, weight is {}", x.shape(), weight.shape());
  check(x.shape()[1] == weight.shape()[1], "linear: x has {} features, weight takes {}; x is {}, weight is {}", x.shape()[1],
        weight.shape()[1], x.shape(), weight.shape());
  check_same_kind("linear", x, weight);
  autograd::check_floating("linear", x);
  const std::int64_t outputs = weight.shape()[0];
  if (!bias.defined()) return matmul(x, t(weight, where), where);
  check(bias.dim() == 1 && bias.shape()[0] == outputs, "linear: the bias must be [{}]; it is {}, weight is {}", outputs, bias.shape(), weight.shape());
  check_same_kind("linear", x, bias);
  Tensor out = autograd::new_tensor({x.shape()[0], outputs}, x.dtype(), x.stream());
  const Tensor dense_bias = bias.is_contiguous() ? bias : autograd::copy(bias, bias.dtype());
  kernels::matmul(x.stream(), x.dtype(), out.raw(), matrix(x), matrix(weight).transposed(), dense_bias.raw());
  return record("linear", where, std::move(out),
                Input{x, [&] { return [w = Saved(weight)](const Tensor& g) { return matmul(g, w()); }; }},
                Input{weight, [&] { return [x = Saved(x)](const Tensor& g) { return matmul(t(g), x()); }; }},
                Input{bias, [] { return [](const Tensor& g) { return sum(g, {0}); }; }});
}

}  // namespace tenon
