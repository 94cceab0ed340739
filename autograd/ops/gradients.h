// Operations used only by gradients. They are recorded on the tape like any other, so that gradients are
// differentiable.
#pragma once
#include <tenon/autograd/ops.h>

namespace tenon::autograd {

/// Sums over the broadcast dimensions, so that the result has `shape`, and divides by `divisor` once, at the
/// end.
Tensor sum_to(const Tensor& a, const Shape& shape, double divisor = 1);
/// a / divisor, expanded to `shape`: stores only as many elements as `a` has.
Tensor expand_quotient(const Tensor& a, const Shape& shape, double divisor);

/// x > 0 ? g : 0
Tensor relu_backward(const Tensor& g, const Tensor& x);
/// g sign(x)
Tensor abs_backward(const Tensor& g, const Tensor& x);
/// g (1 - y^2), y = tanh(x)
Tensor tanh_backward(const Tensor& g, const Tensor& y);
/// g y (1 - y), y = sigmoid(x)
Tensor sigmoid_backward(const Tensor& g, const Tensor& y);
/// x > 0 ? g : slope g
Tensor leaky_relu_backward(const Tensor& g, const Tensor& x, double slope);
/// x <= 0 ? g below exp(x) : g above
Tensor elu_backward(const Tensor& g, const Tensor& x, double above, double below);
/// g times the derivative of silu at x; likewise the next three.
Tensor silu_backward(const Tensor& g, const Tensor& x);
Tensor gelu_backward(const Tensor& g, const Tensor& x);
Tensor gelu_tanh_backward(const Tensor& g, const Tensor& x);
Tensor softplus_backward(const Tensor& g, const Tensor& x, double beta, double threshold);
/// low < x < high ? g : 0
Tensor hardtanh_backward(const Tensor& g, const Tensor& x, double low, double high);
/// low <= x <= high ? g : 0
Tensor clamp_backward(const Tensor& g, const Tensor& x, double low, double high);
/// scale g / count (a - b), with `g` broadcast to the shape of both
Tensor scaled_difference(const Tensor& g, const Tensor& a, const Tensor& b, double scale, double count);
/// scale g / count sign(a - b), with `g` broadcast to the shape of both
Tensor scaled_sign(const Tensor& g, const Tensor& a, const Tensor& b, double scale, double count);
/// g (a - b) / beta, with the quotient limited to `most` in size
Tensor huber_backward(const Tensor& g, const Tensor& a, const Tensor& b, double beta, double most);
/// g times the derivative of the binary cross entropy at the probability x, or at the logit x
Tensor binary_cross_entropy_backward(const Tensor& g, const Tensor& x, const Tensor& target);
Tensor logits_cross_entropy_backward(const Tensor& g, const Tensor& x, const Tensor& target);
/// The mean of a * b over `dims`, which get size 1.
Tensor mean_of_products(const Tensor& a, const Tensor& b, const Shape& dims);
/// g, of a reduction of x over `dims` (a bit mask) to y, shared evenly by the elements that equal y; with
/// nan_shares also by those that are NaN, if any is.
Tensor shared_among_equals(
    const Tensor& g, const Tensor& x, const Tensor& y, std::uint32_t dims, bool nan_shares);
/// A view of `length` elements start, start + step, ... of a dimension.
Tensor slice_range(const char* op, const Tensor& a, int dim, std::int64_t start, std::int64_t length,
    std::int64_t step, CallSite site);
/// The first index and the number of elements of a range of a dimension of `size` elements; the step must be
/// positive, and bounds are clamped.
struct RangeOf {
  std::int64_t start, length;
};
RangeOf range_of(const char* op, std::int64_t size, const SliceRange& range);
/// Zeros of `shape`, with `g` written to that range.
Tensor slice_backward(const Tensor& g, const Shape& shape, int dim, std::int64_t start, std::int64_t step);
/// Zeros of `shape`, to which row i of `g` along dimension d is added at index[i].
Tensor index_add(const Tensor& g, int d, const Tensor& index, const Shape& shape);
/// Zeros of `shape`, with each element of `g` added along dimension d at the matching index in `index`, which
/// has g's shape.
Tensor gather_add(const Tensor& g, int d, const Tensor& index, const Shape& shape);

}  // namespace tenon::autograd
