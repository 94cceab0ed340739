// docs/numerics.md as plain scalar code: the reference that every kernel must equal, bit for bit.
#pragma once
#include <cstdint>

#include <tenon/core/shape.h>
#include <tenon/kernels/arith/reduce.h>
#include <tenon/kernels/normalization.h>
#include <tenon/kernels/softmax.h>

namespace tenon::test {

/// The reduction of all elements x and y of a shape, in the order R.
template <class T>
T reduced(tenon::arith::ReduceOp op, const Shape& shape, const T* x, const Strides& x_strides, const T* y,
    const Strides& y_strides);
template <class T>
T reduced(tenon::arith::ReduceOp op, std::int64_t n, const T* x, const T* y) {
  return reduced(op, Shape{n}, x, Strides{1}, y, Strides{1});
}

/// One element of a matrix product with n columns: of a row of a and a column of b, k elements each.
template <class T>
T matmul(std::int64_t n, std::int64_t k, const T* a, std::int64_t a_col, const T* b, std::int64_t b_row);

/// The softmax of each line of a, and of g the gradient where y is the softmax; with the layout of
/// kernels::softmax.
template <class T>
void softmax(kernels::Softmax kind, const kernels::Indexed& l, T* out, const T* a);
template <class T>
void softmax_backward(kernels::Softmax kind, const kernels::Indexed& l, T* out, const T* g, const T* y);

/// kernels::normalize() and its gradient; weight and bias may be null.
template <class T>
void normalize(
    const kernels::Normalization& what, T* out, T* y, T* scale, const T* a, const T* weight, const T* bias);
template <class T>
void normalize_backward(
    const kernels::Normalization& what, T* out, const T* g, const T* weight, const T* y, const T* scale);

/// Offset of the element with row-major index `at`.
inline std::int64_t offset(const Shape& shape, const Strides& strides, std::int64_t at) {
  std::int64_t result = 0;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    result += at % shape[i] * strides[i];
    at /= shape[i];
  }
  return result;
}

}  // namespace tenon::test
