// Matrix products and the linear map.
#include <algorithm>

#include <tenon/kernels/matmul.h>
#include <tenon/kernels/reduce.h>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>

namespace tenon {

using autograd::Broadcast;
using autograd::check_same_kind;
using autograd::Input;
using autograd::record;
using autograd::with;

namespace {

/// The matrices in the last two dimensions of a tensor, or their transposes.
struct Factor {
  const Tensor& tensor;
  bool transposed = false;

  kernels::Matrix first() const {
    const TensorImpl& impl = tensor.impl();
    const int at = impl.shape.rank() - 2;
    const kernels::Matrix one{
        impl.data, impl.shape[at], impl.shape[at + 1], impl.strides[at], impl.strides[at + 1]};
    return transposed ? one.transposed() : one;
  }
};

/// The products a b (+ bias), not recorded; the batch dimensions broadcast.
Tensor product(const char* op, const Factor& a, const Factor& b, const void* bias = nullptr) {
  const TensorImpl &left = a.tensor.impl(), &right = b.tensor.impl();
  const kernels::Matrix x = a.first(), y = b.first();
  const int rank = std::max(left.shape.rank(), right.shape.rank()) - 2;
  Shape shape;
  kernels::Batch batch;
  for (int d = 0; d < rank; ++d) {
    const int i = d + left.shape.rank() - 2 - rank, j = d + right.shape.rank() - 2 - rank;
    const std::int64_t of_a = i < 0 ? 1 : left.shape[i], of_b = j < 0 ? 1 : right.shape[j];
    check(of_a == of_b || of_a == 1 || of_b == 1,
        "{}: the batch dimensions do not broadcast; a is {}, b is {}", op, left.shape, right.shape);
    shape.push_back(of_a == 1 ? of_b : of_a);
    batch.push(shape[d], {of_a == 1 ? 0 : left.strides[i], of_b == 1 ? 0 : right.strides[j]});
  }
  shape.push_back(x.rows);
  shape.push_back(y.cols);
  Tensor out = autograd::new_tensor(shape, a.tensor.dtype(), a.tensor.stream());
  kernels::matmul(a.tensor.stream(), a.tensor.dtype(), out.raw(), x, y, bias, batch);
  return out;
}

/// [..., n] as one matrix, [rows, n].
Tensor as_matrix(const Tensor& a) { return a.dim() == 2 ? a : flatten(a, 0, -2); }

// For gradients: if nothing is recorded, no tensor is made for the transposed matrices.
Tensor times_transposed(const Tensor& g, const Tensor& b) {
  return grad_enabled() ? matmul(g, transpose(b, -2, -1)) : product("matmul", {g}, {b, true});
}
Tensor transposed_times(const Tensor& a, const Tensor& g) {
  return grad_enabled() ? matmul(transpose(a, -2, -1), g) : product("matmul", {a, true}, {g});
}
/// The gradient of a matrix that all products share is one product over the rows of all of them.
Tensor gradient_of_shared(const Tensor& a, const Tensor& g) {
  return transposed_times(as_matrix(a), as_matrix(g));
}

/// Matrix products of operands with two dimensions or more, recorded as `op`.
Tensor recorded_product(const char* op, const Tensor& a, const Tensor& b, CallSite site) {
  return record(op, site, product(op, {a}, {b}),
      Broadcast(a, with(b), [](const Tensor& g, const Tensor& y) { return times_transposed(g, y); }),
      Broadcast(b, with(a), [](const Tensor& g, const Shape& shape, const Tensor& x) {
        return shape.rank() == 2 ? gradient_of_shared(x, g) : transposed_times(x, g);
      }));
}

/// `inner`: the dimension of b that meets the last one of a.
void check_inner(const char* op, const Tensor& a, const Tensor& b, int inner) {
  check(a.shape()[a.shape().rank() - 1] == b.shape()[inner], "{}: inner dimensions differ; a is {}, b is {}",
      op, a.shape(), b.shape());
  check_same_kind(op, a, b);
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("matmul", site);
  check(a.dim() > 0 && b.dim() > 0, "matmul: the operands need at least one dimension; a is {}, b is {}",
      a.shape(), b.shape());
  check_inner("matmul", a, b, std::max(b.shape().rank() - 2, 0));
  if (a.dim() == 1 && b.dim() == 1) return dot(a, b);
  if (a.dim() == 1) return squeeze(recorded_product("matmul", unsqueeze(a, 0), b, site), -2);
  if (b.dim() == 1) return squeeze(recorded_product("matmul", a, unsqueeze(b, 1), site), -1);
  return recorded_product("matmul", a, b, site);
}

Tensor mm(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("mm", site);
  check(a.dim() == 2 && b.dim() == 2, "mm: both operands must be matrices; a is {}, b is {}", a.shape(),
      b.shape());
  check_inner("mm", a, b, 0);
  return recorded_product("mm", a, b, site);
}

Tensor mv(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("mv", site);
  check(a.dim() == 2 && b.dim() == 1, "mv: needs a matrix and a vector; a is {}, b is {}", a.shape(),
      b.shape());
  check_inner("mv", a, b, 0);
  return squeeze(recorded_product("mv", a, unsqueeze(b, 1), site), 1);
}

Tensor bmm(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("bmm", site);
  check(a.dim() == 3 && b.dim() == 3, "bmm: both operands must be batches of matrices; a is {}, b is {}",
      a.shape(), b.shape());
  check(a.shape()[0] == b.shape()[0], "bmm: the batches have different sizes; a is {}, b is {}", a.shape(),
      b.shape());
  check_inner("bmm", a, b, 1);
  return recorded_product("bmm", a, b, site);
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, CallSite site) {
  const Call call("linear", site);
  check(x.dim() > 0 && weight.dim() == 2,
      "linear: x needs at least one dimension, and weight must be a matrix; x is {}, weight is {}", x.shape(),
      weight.shape());
  const std::int64_t features = x.shape()[x.shape().rank() - 1], outputs = weight.shape()[0];
  check(features == weight.shape()[1],
      "linear: x has {} features, but weight expects {}; x is {}, weight is {}", features, weight.shape()[1],
      x.shape(), weight.shape());
  check_same_kind("linear", x, weight);
  if (!bias.defined()) return matmul(x, t(weight));
  check(bias.dim() == 1 && bias.shape()[0] == outputs,
      "linear: the bias must be [{}]; it is {}, weight is {}", outputs, bias.shape(), weight.shape());
  check_same_kind("linear", x, bias);
  if (x.dim() == 1) return squeeze(linear(unsqueeze(x, 0), weight, bias), 0);
  const Tensor dense_bias = bias.is_contiguous() ? bias : autograd::copy(bias, bias.dtype());
  return record("linear", site, product("linear", {x}, {weight, true}, dense_bias.raw()),
      Input(x, with(weight), [](const Tensor& g, const Tensor& w) { return matmul(g, w); }),
      Input(weight, with(x), [](const Tensor& g, const Tensor& in) { return gradient_of_shared(g, in); }),
      Input(bias, [](const Tensor& g) { return sum(as_matrix(g), {0}); }));
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
