// What the operations share: operand checks, and passing operands to kernels.
#pragma once
#include <cmath>

#include <tenon/autograd/ops.h>
#include <tenon/autograd/tape/record.h>
#include <tenon/core/call.h>
#include <tenon/kernels/elementwise.h>

namespace tenon::autograd {

using tenon::detail::new_strided;
using tenon::detail::new_tensor;
using tenon::detail::new_view;

[[noreturn, gnu::cold]] void fail_different_kinds(const char* op, const Tensor& a, const Tensor& b);
inline void check_same_kind(const char* op, const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.stream() != b.stream()) [[unlikely]]
    fail_different_kinds(op, a, b);
}
inline void check_floating(const char* op, const Tensor& a) {
  if (!is_floating_point(a.dtype())) [[unlikely]]
    tenon::detail::fail_not_floating(op, a.dtype());
}
/// `dim` counted from the start; checks that it exists and has elements. A tensor without dimensions counts
/// as a vector of one element.
inline int dim_with_elements(const char* op, const Tensor& a, std::int64_t dim) {
  const int d = wrap_dim(op, dim, a.shape().rank(), Rank0::as_vector);
  check(a.dim() == 0 || a.shape()[d] > 0, "{}: dimension {} has no elements; the shape is {}", op, d,
      a.shape());
  return d;
}
/// True if a write to one element also changes another.
inline bool repeats_elements(const Tensor& a) {
  for (int i = 0; i < a.shape().rank(); ++i)
    if (a.strides()[i] == 0 && a.shape()[i] > 1) return a.numel() > 0;
  return false;
}
/// True if the number is finite after rounding to the dtype.
inline bool is_finite_in(DType dtype, double number) {
  return visit_any(dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (is_floating_point(dtype_of<T>)) return std::isfinite(static_cast<T>(number));
    else return std::isfinite(number);
  });
}
/// Checks that an index is on the device and the stream of the tensor.
void check_beside(const char* op, const Tensor& a, const Tensor& index);
/// Checks all but the elements of an index that has a's dimensions, and may be larger only in dimension d.
void check_index(const char* op, const Tensor& a, int d, const Tensor& index);
/// Checks a C++ number used with a tensor: an integer tensor accepts only whole numbers.
void check_scalar(const char* op, const Tensor& a, double scalar);

/// Checks the bounds of clamp().
void check_bounds(const Tensor& a, double low, double high);
/// The number as a 0-dimensional tensor of a's dtype on a's stream.
Tensor number_beside(const Tensor& a, double number);
/// start, start + step, ...: `count` numbers (int64), on a's stream.
Tensor positions_beside(const Tensor& a, std::int64_t count, std::int64_t start = 0, std::int64_t step = 1);

/// The weights of scaled_dot_product_attention() before dropout, [..., L, S]. There may be both masks.
Tensor attention_weights(const Tensor& query, const Tensor& key, const AttentionOptions& options);
/// softmax() along the last dimension, but zeros where all elements are -inf.
Tensor softmax_or_zeros(const Tensor& a);

/// An operand broadcast to `shape`, for a kernel. Cannot be moved: the kernel's operand points into it.
class Operand {
 public:
  Operand(const char* op, const Tensor& tensor, const Shape& shape) : kernel_(tensor.raw()) {
    if (tensor.is_contiguous() && tensor.shape() == shape) return;
    strides_ = broadcast_strides(op, tensor.shape(), tensor.strides(), shape);
    kernel_ = kernels::Operand(tensor.raw(), strides_);
  }
  Operand(const Operand&) = delete;
  Operand& operator=(const Operand&) = delete;
  operator const kernels::Operand&() const { return kernel_; }

 private:
  Strides strides_;
  kernels::Operand kernel_;
};

/// The destination of an in-place kernel.
inline kernels::Result result_of(const Tensor& tensor) {
  return tensor.is_contiguous() ? kernels::Result(tensor.raw())
                                : kernels::Result(tensor.raw(), tensor.strides());
}

// Results that are not recorded on the tape.
Tensor unary(arith::UnaryOp op, const Tensor& a, kernels::Parameters parameters = {});
Tensor binary(arith::BinaryOp op, const Tensor& a, const Tensor& b, kernels::Parameters parameters = {});
Tensor binary(arith::BinaryOp op, const Tensor& a, double b);
Tensor binary(arith::BinaryOp op, double a, const Tensor& b);
Tensor ternary(arith::TernaryOp op, const Tensor& a, const Tensor& b, const Tensor& c,
    kernels::Parameters parameters = {});
/// A dense copy, possibly of another dtype.
Tensor copy(const Tensor& a, DType dtype);
/// A dense copy unless a is dense.
inline Tensor dense(const Tensor& a) { return a.is_contiguous() ? a : copy(a, a.dtype()); }

}  // namespace tenon::autograd
