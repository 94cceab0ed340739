// Every operation. All of them take tensors of any strides, check before they change anything, and throw
// Error with the op, what is wrong and the values. Unless a line says otherwise they are differentiable, as
// often as you like.
//
// There is no type promotion: operands must agree in dtype and device, and a C++ number takes the dtype of
// the tensor. The last parameter is the caller's line, with which errors end; leave it out.
#pragma once
#include <tenon/autograd/tape/mode.h>
#include <tenon/core/random.h>
#include <tenon/core/tensor.h>

namespace tenon {

// ---- new tensors (not differentiable; `options` gives dtype, device and whether they require a gradient)

TENON_API Tensor empty(const Shape& shape, const Options& options = {}, CallSite site = CallSite::current());
TENON_API Tensor zeros(const Shape& shape, const Options& options = {}, CallSite site = CallSite::current());
TENON_API Tensor ones(const Shape& shape, const Options& options = {}, CallSite site = CallSite::current());
TENON_API Tensor full(
    const Shape& shape, double value, const Options& options = {}, CallSite site = CallSite::current());
TENON_API Tensor zeros_like(const Tensor& tensor, CallSite site = CallSite::current());
TENON_API Tensor ones_like(const Tensor& tensor, CallSite site = CallSite::current());
/// start, start + step, ... before end. step may be negative, never zero. An element that differs from end by
/// rounding only, in double or in the dtype, counts as end and is left out.
TENON_API Tensor arange(double start, double end, double step = 1, const Options& options = {},
    CallSite site = CallSite::current());
TENON_API Tensor arange(double end, const Options& options = {}, CallSite site = CallSite::current());
/// `steps` evenly spaced numbers from start to end, both included.
TENON_API Tensor linspace(double start, double end, std::int64_t steps, const Options& options = {},
    CallSite site = CallSite::current());
/// The identity matrix [n, n], or [n, m] with ones on the diagonal.
TENON_API Tensor eye(std::int64_t n, const Options& options = {}, CallSite site = CallSite::current());
TENON_API Tensor eye(
    std::int64_t n, std::int64_t m, const Options& options, CallSite site = CallSite::current());
/// Uniform in [0, 1). The generator is the process's when none is passed.
TENON_API Tensor rand(const Shape& shape, const Options& options = {}, CallSite site = CallSite::current());
TENON_API Tensor rand(const Shape& shape, Generator& generator, const Options& options = {},
    CallSite site = CallSite::current());
/// Standard normal.
TENON_API Tensor randn(const Shape& shape, const Options& options = {}, CallSite site = CallSite::current());
TENON_API Tensor randn(const Shape& shape, Generator& generator, const Options& options = {},
    CallSite site = CallSite::current());
/// Integers uniform in [low, high), which floating-point dtypes must hold exactly.
TENON_API Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape,
    const Options& options = {.dtype = DType::int64}, CallSite site = CallSite::current());
TENON_API Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, Generator& generator,
    const Options& options = {.dtype = DType::int64}, CallSite site = CallSite::current());
/// A random permutation of 0 ... n - 1, int64.
TENON_API Tensor randperm(
    std::int64_t n, const Options& options = {.dtype = DType::int64}, CallSite site = CallSite::current());
TENON_API Tensor randperm(std::int64_t n, Generator& generator,
    const Options& options = {.dtype = DType::int64}, CallSite site = CallSite::current());

/// Numbers in nested braces: tensor({{1, 2}, {3, 4}}) is [2, 2], tensor(5) has no dimensions.
class TENON_API TensorData {
 public:
  template <class T>
  requires(std::is_floating_point_v<T> || (std::is_integral_v<T> && sizeof(T) <= 8)) TensorData(T number) {
    if constexpr (std::is_floating_point_v<T>) {
      real_ = number;
    } else {
      integer_ = static_cast<std::uint64_t>(number);
      kind_ = std::is_signed_v<T> ? Kind::int64 : Kind::uint64;
    }
  }
  TensorData(std::initializer_list<TensorData> items) : items_(items), list_(true) {}

 private:
  friend TENON_API Tensor tensor(const TensorData& data, const Options& options, CallSite site);
  enum class Kind : std::uint8_t { real, int64, uint64 };
  Shape shape() const;
  void write(Tensor& out, std::int64_t& at) const;

  std::vector<TensorData> items_;
  long double real_ = 0;
  std::uint64_t integer_ = 0;
  Kind kind_ = Kind::real;
  bool list_ = false;
};
/// float32 unless the options say otherwise, whatever the numbers look like. int64 takes only what it holds
/// exactly; floating point rounds, beyond its range to infinity.
TENON_API Tensor tensor(
    const TensorData& data, const Options& options = {}, CallSite site = CallSite::current());
namespace detail {
template <Element T>
Tensor tensor_from(std::span<const T> values, const Shape& shape, const Options& options, CallSite site);
template <class Values>
using ElementOf = std::remove_cv_t<typename decltype(std::span(std::declval<const Values&>()))::element_type>;
}  // namespace detail
/// Elements of a vector, array or span in row-major order; their count must be that of the shape.
template <class Values, Element T = detail::ElementOf<Values>>
Tensor tensor(const Values& values, const Shape& shape, const Options& options = {.dtype = dtype_of<T>},
    CallSite site = CallSite::current()) {
  return detail::tensor_from<T>(values, shape, options, site);
}
/// Memory that the caller owns, row-major, without a copy; it may be null where there are no elements.
/// `deleter` runs when the last tensor over it has gone. Tensors of two calls do not know of each other:
/// where their memory overlaps, an in-place operation reads before it writes, but the tape does not see that
/// a write to one changes the other.
TENON_API Tensor from_blob(void* data, const Shape& shape, const Options& options = {},
    std::function<void(void*)> deleter = {}, CallSite site = CallSite::current());

// ---- elementwise; two tensors broadcast as in NumPy

namespace autograd {
/// An operand of an operator, with the line that the operator stands on.
struct Located {
  const Tensor& tensor;
  CallSite site;
  Located(const Tensor& operand, CallSite stands_at = CallSite::current())
      : tensor(operand), site(stands_at) {}
};
}  // namespace autograd

TENON_API Tensor add(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor add(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor sub(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor sub(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor sub(double a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor mul(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor mul(const Tensor& a, double b, CallSite site = CallSite::current());
/// Floating point only.
TENON_API Tensor div(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor div(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor div(double a, const Tensor& b, CallSite site = CallSite::current());
inline Tensor operator+(const autograd::Located& a, const Tensor& b) { return add(a.tensor, b, a.site); }
inline Tensor operator+(const autograd::Located& a, double b) { return add(a.tensor, b, a.site); }
inline Tensor operator+(double a, const autograd::Located& b) { return add(b.tensor, a, b.site); }
inline Tensor operator-(const autograd::Located& a, const Tensor& b) { return sub(a.tensor, b, a.site); }
inline Tensor operator-(const autograd::Located& a, double b) { return sub(a.tensor, b, a.site); }
inline Tensor operator-(double a, const autograd::Located& b) { return sub(a, b.tensor, b.site); }
inline Tensor operator*(const autograd::Located& a, const Tensor& b) { return mul(a.tensor, b, a.site); }
inline Tensor operator*(const autograd::Located& a, double b) { return mul(a.tensor, b, a.site); }
inline Tensor operator*(double a, const autograd::Located& b) { return mul(b.tensor, a, b.site); }
inline Tensor operator/(const autograd::Located& a, const Tensor& b) { return div(a.tensor, b, a.site); }
inline Tensor operator/(const autograd::Located& a, double b) { return div(a.tensor, b, a.site); }
inline Tensor operator/(double a, const autograd::Located& b) { return div(a, b.tensor, b.site); }

TENON_API Tensor neg(const Tensor& a, CallSite site = CallSite::current());
inline Tensor operator-(const autograd::Located& a) { return neg(a.tensor, a.site); }
TENON_API Tensor abs(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor exp(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor log(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor sqrt(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor sin(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor cos(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor tanh(const Tensor& a, CallSite site = CallSite::current());
/// 1 / (1 + exp(-a))
TENON_API Tensor sigmoid(const Tensor& a, CallSite site = CallSite::current());
/// max(a, 0); its gradient at 0 is 0.
TENON_API Tensor relu(const Tensor& a, CallSite site = CallSite::current());
/// a to the power of the exponent. The gradient with respect to the exponent needs a > 0; where a is 0 and
/// the exponent not negative, it is 0.
TENON_API Tensor pow(const Tensor& a, double exponent, CallSite site = CallSite::current());
TENON_API Tensor pow(const Tensor& a, const Tensor& exponent, CallSite site = CallSite::current());
/// The larger of two elements, NaN if either is. Equal elements share the gradient evenly.
TENON_API Tensor maximum(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor minimum(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
/// a limited to [low, high]; low <= high. The gradient is that of a where low <= a <= high.
TENON_API Tensor clamp(const Tensor& a, double low, double high, CallSite site = CallSite::current());
/// condition ? a : b, elementwise; the condition is boolean and has no gradient.
TENON_API Tensor where(
    const Tensor& condition, const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor where(
    const Tensor& condition, const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor where(
    const Tensor& condition, double a, const Tensor& b, CallSite site = CallSite::current());

// Comparisons give boolean tensors and have no gradient. A comparison with NaN is false, but for !=.
TENON_API Tensor eq(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor eq(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor ne(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor ne(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor lt(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor lt(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor le(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor le(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor gt(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor gt(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor ge(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor ge(const Tensor& a, double b, CallSite site = CallSite::current());
inline Tensor operator==(const autograd::Located& a, const autograd::Located& b) {
  return eq(a.tensor, b.tensor, a.site);
}
inline Tensor operator==(const autograd::Located& a, double b) { return eq(a.tensor, b, a.site); }
inline Tensor operator!=(const autograd::Located& a, const autograd::Located& b) {
  return ne(a.tensor, b.tensor, a.site);
}
inline Tensor operator!=(const autograd::Located& a, double b) { return ne(a.tensor, b, a.site); }
inline Tensor operator<(const autograd::Located& a, const autograd::Located& b) {
  return lt(a.tensor, b.tensor, a.site);
}
inline Tensor operator<(const autograd::Located& a, double b) { return lt(a.tensor, b, a.site); }
inline Tensor operator<=(const autograd::Located& a, const autograd::Located& b) {
  return le(a.tensor, b.tensor, a.site);
}
inline Tensor operator<=(const autograd::Located& a, double b) { return le(a.tensor, b, a.site); }
inline Tensor operator>(const autograd::Located& a, const autograd::Located& b) {
  return gt(a.tensor, b.tensor, a.site);
}
inline Tensor operator>(const autograd::Located& a, double b) { return gt(a.tensor, b, a.site); }
inline Tensor operator>=(const autograd::Located& a, const autograd::Located& b) {
  return ge(a.tensor, b.tensor, a.site);
}
inline Tensor operator>=(const autograd::Located& a, double b) { return ge(a.tensor, b, a.site); }

// ---- matrices

/// Matrix product of [m, k] and [k, n].
TENON_API Tensor matmul(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
/// x weight^T + bias for x [batch, in], weight [out, in] and bias [out], which may be undefined.
TENON_API Tensor linear(
    const Tensor& x, const Tensor& weight, const Tensor& bias = {}, CallSite site = CallSite::current());

// ---- reductions; no dimensions means all of them. The sum of booleans or integers is int64.

TENON_API Tensor sum(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor sum(const Tensor& a, std::initializer_list<std::int64_t> dims, bool keepdim = false,
    CallSite site = CallSite::current());
/// Floating point, at least one element a result.
TENON_API Tensor mean(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor mean(const Tensor& a, std::initializer_list<std::int64_t> dims, bool keepdim = false,
    CallSite site = CallSite::current());

// ---- shape; the result is a view of the same bytes unless noted. Negative dimensions count from the back.

/// Same elements, row-major, in another shape; one size may be -1. A copy where strides cannot express it.
TENON_API Tensor reshape(const Tensor& a, const Shape& shape, CallSite site = CallSite::current());
/// Dimensions [start_dim, end_dim] merged into one.
TENON_API Tensor flatten(const Tensor& a, std::int64_t start_dim = 0, std::int64_t end_dim = -1,
    CallSite site = CallSite::current());
/// Elements [start, start + length) of a dimension.
TENON_API Tensor narrow(const Tensor& a, std::int64_t dim, std::int64_t start, std::int64_t length,
    CallSite site = CallSite::current());
/// One index of a dimension, which disappears.
TENON_API Tensor select(
    const Tensor& a, std::int64_t dim, std::int64_t index, CallSite site = CallSite::current());
/// A range of a dimension with a positive step; bounds are clamped as in Python.
TENON_API Tensor slice(
    const Tensor& a, std::int64_t dim, const Slice& range, CallSite site = CallSite::current());
/// Dimensions of size 1 repeated; -1 keeps a size, new dimensions come in front.
TENON_API Tensor expand(const Tensor& a, const Shape& shape, CallSite site = CallSite::current());
TENON_API Tensor unsqueeze(const Tensor& a, std::int64_t dim, CallSite site = CallSite::current());
/// Without the dimensions of size 1, or without this one if it has size 1.
TENON_API Tensor squeeze(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor squeeze(const Tensor& a, std::int64_t dim, CallSite site = CallSite::current());
TENON_API Tensor transpose(
    const Tensor& a, std::int64_t dim0, std::int64_t dim1, CallSite site = CallSite::current());
/// transpose(0, 1) of a matrix; a vector or a number stays as it is.
TENON_API Tensor t(const Tensor& a, CallSite site = CallSite::current());
/// Dimension i of the result is dimension dims[i] of a.
TENON_API Tensor permute(
    const Tensor& a, std::initializer_list<std::int64_t> dims, CallSite site = CallSite::current());
/// New tensor: joined along an existing dimension; the other sizes agree.
TENON_API Tensor cat(
    const std::vector<Tensor>& tensors, std::int64_t dim = 0, CallSite site = CallSite::current());
/// New tensor: joined along a new dimension; all sizes agree.
TENON_API Tensor stack(
    const std::vector<Tensor>& tensors, std::int64_t dim = 0, CallSite site = CallSite::current());
/// New tensor: the given indices (int64, one-dimensional, repeats allowed) of a dimension.
TENON_API Tensor index_select(
    const Tensor& a, std::int64_t dim, const Tensor& index, CallSite site = CallSite::current());
/// New tensor of the shape of `index` (int64, as many dimensions as a, no size but that of `dim` larger): the
/// element of a at the same place, but for `dim`, where it is the one that `index` names.
TENON_API Tensor gather(
    const Tensor& a, std::int64_t dim, const Tensor& index, CallSite site = CallSite::current());

// ---- copies

/// A dense copy.
TENON_API Tensor clone(const Tensor& a, CallSite site = CallSite::current());
/// The tensor itself if it is dense and row-major, else a copy that is.
TENON_API Tensor contiguous(const Tensor& a, CallSite site = CallSite::current());
/// The tensor itself if nothing changes. Between float32 and float64 it is differentiable.
TENON_API Tensor to(const Tensor& a, DType dtype, CallSite site = CallSite::current());
/// The same on this thread's stream of another device, or of its own; differentiable. A copy to the CPU
/// waits for the device, and so does one of more than a mebibyte from it.
TENON_API Tensor to(const Tensor& a, Device device, CallSite site = CallSite::current());

// ---- losses

enum class Reduction : std::uint8_t { none, mean, sum };
/// (input - target)^2, each, their mean, or their sum. The shapes must be equal.
TENON_API Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean,
    CallSite site = CallSite::current());
/// |input - target|, likewise; the gradient where they are equal is 0.
TENON_API Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean,
    CallSite site = CallSite::current());

// ---- comparisons of whole tensors

/// True when shape, dtype and every element are equal; NaN equals nothing.
TENON_API bool equal(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
/// True when |a - b| <= atol + rtol |b| everywhere; NaN is close to nothing.
TENON_API bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8,
    CallSite site = CallSite::current());

}  // namespace tenon
