// Creation of tensors. None is differentiable; `options` gives dtype, device and whether they require a
// gradient.
#pragma once
#include <tenon/core/random.h>
#include <tenon/core/tensor.h>

namespace tenon {

TENON_API Tensor empty(const Shape& shape, const Options& options = {}, CallSite site = CallSite::current());
TENON_API Tensor zeros(const Shape& shape, const Options& options = {}, CallSite site = CallSite::current());
TENON_API Tensor ones(const Shape& shape, const Options& options = {}, CallSite site = CallSite::current());
TENON_API Tensor full(
    const Shape& shape, double value, const Options& options = {}, CallSite site = CallSite::current());
// With the shape, the dtype and the device of a tensor.
TENON_API Tensor empty_like(const Tensor& tensor, CallSite site = CallSite::current());
TENON_API Tensor zeros_like(const Tensor& tensor, CallSite site = CallSite::current());
TENON_API Tensor ones_like(const Tensor& tensor, CallSite site = CallSite::current());
TENON_API Tensor full_like(const Tensor& tensor, double value, CallSite site = CallSite::current());
/// rand() and randn().
TENON_API Tensor rand_like(const Tensor& tensor, CallSite site = CallSite::current());
TENON_API Tensor randn_like(const Tensor& tensor, CallSite site = CallSite::current());
/// start, start + step, ... up to but excluding end. step may be negative but not zero. An element that
/// differs from end only by rounding, in double or in the dtype, counts as end and is left out.
TENON_API Tensor arange(double start, double end, double step = 1, const Options& options = {},
    CallSite site = CallSite::current());
TENON_API Tensor arange(
    double start, double end, const Options& options, CallSite site = CallSite::current());
TENON_API Tensor arange(double end, const Options& options = {}, CallSite site = CallSite::current());
/// `steps` evenly spaced numbers from start to end, both included.
TENON_API Tensor linspace(double start, double end, std::int64_t steps, const Options& options = {},
    CallSite site = CallSite::current());
/// The identity matrix [n, n], or [n, m] with ones on the diagonal.
TENON_API Tensor eye(std::int64_t n, const Options& options = {}, CallSite site = CallSite::current());
TENON_API Tensor eye(
    std::int64_t n, std::int64_t m, const Options& options = {}, CallSite site = CallSite::current());
/// Uniform in [0, 1). Uses the process-wide generator if none is passed.
TENON_API Tensor rand(const Shape& shape, const Options& options = {}, CallSite site = CallSite::current());
TENON_API Tensor rand(const Shape& shape, Generator& generator, const Options& options = {},
    CallSite site = CallSite::current());
/// Standard normal.
TENON_API Tensor randn(const Shape& shape, const Options& options = {}, CallSite site = CallSite::current());
TENON_API Tensor randn(const Shape& shape, Generator& generator, const Options& options = {},
    CallSite site = CallSite::current());
/// Integers uniform in [low, high). A floating-point dtype must represent all of them exactly.
TENON_API Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape,
    const Options& options = {.dtype = DType::int64}, CallSite site = CallSite::current());
TENON_API Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, Generator& generator,
    const Options& options = {.dtype = DType::int64}, CallSite site = CallSite::current());
/// The same in [0, high).
TENON_API Tensor randint(std::int64_t high, const Shape& shape,
    const Options& options = {.dtype = DType::int64}, CallSite site = CallSite::current());
/// A random permutation of 0 ... n - 1, int64.
TENON_API Tensor randperm(
    std::int64_t n, const Options& options = {.dtype = DType::int64}, CallSite site = CallSite::current());
TENON_API Tensor randperm(std::int64_t n, Generator& generator,
    const Options& options = {.dtype = DType::int64}, CallSite site = CallSite::current());

// Sizes as arguments: randn(2, 3). To give options, put the sizes in braces: randn({2, 3}, {.device = d}).
template <SizeType... Sizes>
requires(sizeof...(Sizes) > 0) Tensor empty(detail::LocatedInteger first, Sizes... sizes) {
  return empty({first.value, static_cast<std::int64_t>(sizes)...}, {}, first.site);
}
template <SizeType... Sizes>
requires(sizeof...(Sizes) > 0) Tensor zeros(detail::LocatedInteger first, Sizes... sizes) {
  return zeros({first.value, static_cast<std::int64_t>(sizes)...}, {}, first.site);
}
template <SizeType... Sizes>
requires(sizeof...(Sizes) > 0) Tensor ones(detail::LocatedInteger first, Sizes... sizes) {
  return ones({first.value, static_cast<std::int64_t>(sizes)...}, {}, first.site);
}
template <SizeType... Sizes>
requires(sizeof...(Sizes) > 0) Tensor rand(detail::LocatedInteger first, Sizes... sizes) {
  return rand({first.value, static_cast<std::int64_t>(sizes)...}, {}, first.site);
}
template <SizeType... Sizes>
requires(sizeof...(Sizes) > 0) Tensor randn(detail::LocatedInteger first, Sizes... sizes) {
  return randn({first.value, static_cast<std::int64_t>(sizes)...}, {}, first.site);
}

/// Numbers in nested braces: tensor({{1, 2}, {3, 4}}) has shape [2, 2]; tensor(5) is 0-dimensional.
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
/// float32 unless the options say otherwise, whatever the C++ types. int64 accepts only numbers it represents
/// exactly; floating point rounds, to infinity beyond its range.
TENON_API Tensor tensor(
    const TensorData& data, const Options& options = {}, CallSite site = CallSite::current());
namespace detail {
template <Element T>
Tensor tensor_from(std::span<const T> values, const Shape& shape, const Options& options, CallSite site);
template <class Values>
using ElementOf = std::remove_cv_t<typename decltype(std::span(std::declval<const Values&>()))::element_type>;
/// An integer type that int64 holds.
template <class T>
concept Int64Subset = SizeType<T> &&(std::is_signed_v<T> || sizeof(T) < sizeof(std::int64_t));
/// The type of a tensor's element for a T: T itself, or int64 for other integers.
template <class T>
using HeldAs = std::conditional_t<Element<T>, T, std::int64_t>;
template <class T>
Tensor tensor_of(std::span<const T> values, const Shape& shape, const Options& options, CallSite site) {
  if constexpr (Element<T>) return tensor_from<T>(values, shape, options, site);
  else
    return tensor_from<std::int64_t>(
        std::vector<std::int64_t>(values.begin(), values.end()), shape, options, site);
}
}  // namespace detail
/// Elements of a vector, array or span in row-major order; their count must match the shape. Integers of
/// every size become int64.
template <class Values, class T = detail::ElementOf<Values>>
requires(Element<T> || detail::Int64Subset<T>) Tensor tensor(const Values& values, const Shape& shape,
    const Options& options = {.dtype = dtype_of<detail::HeldAs<T>>}, CallSite site = CallSite::current()) {
  return detail::tensor_of<T>(values, shape, options, site);
}
/// The same without a shape: one-dimensional.
template <class Values, class T = detail::ElementOf<Values>>
requires(Element<T> || detail::Int64Subset<T>) Tensor tensor(const Values& values,
    const Options& options = {.dtype = dtype_of<detail::HeldAs<T>>}, CallSite site = CallSite::current()) {
  return detail::tensor_of<T>(values, std::size(values), options, site);
}
/// Numbers in braces with a shape: tensor({1, 2, 3, 4}, {2, 2}). float32 unless the options say otherwise.
template <class T>
requires(Element<T> || detail::Int64Subset<T>) Tensor tensor(std::initializer_list<T> values,
    const Shape& shape, const Options& options = {}, CallSite site = CallSite::current()) {
  return detail::tensor_of<T>({values.begin(), values.size()}, shape, options, site);
}
/// A tensor over row-major memory that the caller owns, without a copy; the pointer may be null if there are
/// no elements. `deleter` runs when the last tensor over the memory is destroyed. Tensors from two calls are
/// unrelated: where their memory overlaps, an in-place operation reads before it writes, but the tape does
/// not notice that a write to one changes the other.
TENON_API Tensor from_blob(void* data, const Shape& shape, const Options& options = {},
    std::function<void(void*)> deleter = {}, CallSite site = CallSite::current());

}  // namespace tenon
