// Operations that only gradients use. They are on the tape like any other, so that gradients have gradients.
#pragma once
#include <tenon/autograd/ops.h>

namespace tenon::autograd {

/// Sums what broadcasting repeated, so that the result has `shape`, and divides by `divisor` (once, at the
/// end).
Tensor sum_to(const Tensor& a, const Shape& shape, double divisor = 1);
/// a / divisor, repeated to `shape`: as many elements as `a` has are stored.
Tensor expand_quotient(const Tensor& a, const Shape& shape, double divisor);

/// x > 0 ? g : 0
Tensor relu_backward(const Tensor& g, const Tensor& x);
/// g sign(x)
Tensor abs_backward(const Tensor& g, const Tensor& x);
/// g (1 - y^2), y = tanh(x)
Tensor tanh_backward(const Tensor& g, const Tensor& y);
/// g y (1 - y), y = sigmoid(x)
Tensor sigmoid_backward(const Tensor& g, const Tensor& y);
/// low <= x <= high ? g : 0
Tensor clamp_backward(const Tensor& g, const Tensor& x, double low, double high);
/// scale g / count (a - b), `g` broadcast to the shape of both
Tensor scaled_difference(const Tensor& g, const Tensor& a, const Tensor& b, double scale, double count);
/// scale g / count sign(a - b), `g` broadcast to the shape of both
Tensor scaled_sign(const Tensor& g, const Tensor& a, const Tensor& b, double scale, double count);
/// Elements start, start + step, ... of a dimension, `length` of them: a view.
Tensor slice_range(const char* op, const Tensor& a, int dim, std::int64_t start, std::int64_t length,
    std::int64_t step, CallSite site);
/// Zeros of `shape`, of which `g` is that range.
Tensor slice_scatter(const Tensor& g, const Shape& shape, int dim, std::int64_t start, std::int64_t step);
/// Zeros of `shape`, to which row i of `g` along dimension d is added at index[i].
Tensor index_add(const Tensor& g, int d, const Tensor& index, const Shape& shape);
/// Zeros of `shape`, to which each element of `g` is added at its index in `index`, of g's shape, along
/// dimension d.
Tensor gather_add(const Tensor& g, int d, const Tensor& index, const Shape& shape);

}  // namespace tenon::autograd
