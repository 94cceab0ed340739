// A kernel's view of tensor elements: pointers, strides and a Stream, never a Tensor.
#pragma once
#include <tenon/core/dtype.h>
#include <tenon/core/shape.h>
#include <tenon/core/stream.h>

namespace tenon::kernels {

/// An input of an elementwise kernel, in one of three forms:
///   dense      row-major in the shape of the result
///   strided    strides in elements over the shape of the result, 0 for repeated dimensions
///   immediate  one number for all elements, passed by value (never a device tensor)
struct Operand {
  const void* data = nullptr;
  const Strides* strides = nullptr;  // null: dense
  double value = 0;                  // used when data is null

  Operand(const void* dense) : data(dense) {}
  Operand(const void* first, const Strides& steps) : data(first), strides(&steps) {}
  Operand(double immediate) : value(immediate) {}
  bool is_immediate() const { return data == nullptr; }
  /// True if all elements over `shape` are the same one.
  bool is_one_value(const Shape& shape) const {
    if (is_immediate()) return true;
    if (!strides) return shape.numel() == 1;
    for (int i = 0; i < shape.rank(); ++i)
      if ((*strides)[i] != 0 && shape[i] != 1) return false;
    return true;
  }
};

/// The destination of an elementwise kernel: dense, or strided (in-place operations on views, parts of a
/// concatenation).
struct Result {
  void* data;
  const Strides* strides = nullptr;

  Result(void* dense) : data(dense) {}
  Result(void* first, const Strides& steps) : data(first), strides(&steps) {}
};

/// A matrix with arbitrary strides.
struct Matrix {
  const void* data;
  std::int64_t rows, cols, row_stride, col_stride;
  Matrix transposed() const { return {data, cols, rows, col_stride, row_stride}; }
};

}  // namespace tenon::kernels
