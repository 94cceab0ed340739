// Exponentials along a dimension divided by their sum, the logarithm of that, and the gradients.
#pragma once
#include <tenon/kernels/index.h>

namespace tenon::kernels {

enum class Softmax {
  plain,     // e / sum(e), e = exp(a - amax(a))
  or_zeros,  // the same, but zeros where all elements are -inf
  log,       // d - log(sum(exp(d))), d = a - amax(a)
};

/// Along the middle dimension, which has elements. Floating point; all dense.
void softmax(Stream stream, Softmax kind, DType dtype, Indexed layout, void* out, const void* a);

/// The gradient, given the upstream gradient g and the result y: p - y sum(p), p = g y; or g - exp(y) sum(g)
/// of the logarithm.
void softmax_backward(
    Stream stream, Softmax kind, DType dtype, Indexed layout, void* out, const void* g, const void* y);

/// softmax_backward() of the logarithm where the upstream gradient is g[o, j] at element classes[o, j] of a
/// line and 0 elsewhere.
void log_softmax_at_backward(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* classes, const void* y);

// The implementations per device; on CUDA in one launch for rows of up to 2^20 elements.
namespace cpu {
decltype(kernels::softmax) softmax;
decltype(kernels::softmax_backward) softmax_backward;
decltype(kernels::log_softmax_at_backward) log_softmax_at_backward;
}  // namespace cpu
namespace cuda {
decltype(kernels::softmax) softmax;
decltype(kernels::softmax_backward) softmax_backward;
decltype(kernels::log_softmax_at_backward) log_softmax_at_backward;
}  // namespace cuda

/// The same as a sequence of elementwise kernels and reductions. `values` has room for an element per line
/// along the dimension; `room`, which the logarithm needs forward and the others backward, for all elements.
struct SoftmaxSteps {
  SoftmaxSteps(Stream on, DType type, const Indexed& layout)
      : stream(on), dtype(type), shape{layout.outer, layout.size, layout.inner}, across{layout.inner, 0, 1} {}

  void forward(Softmax kind, void* out, const void* a, void* values, void* room) const;
  void backward(Softmax kind, void* out, const void* g, const void* y, void* values, void* room) const;

  Stream stream;
  DType dtype;
  Shape shape;
  Strides across;  // of the values
};

}  // namespace tenon::kernels
