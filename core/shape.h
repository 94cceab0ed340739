// Extents and strides of a tensor, inline up to eight dimensions.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>

#include <tenon/core/check.h>

namespace tenon {

inline constexpr int max_rank = 8;

/// A C++ integer that can be a size; bool and char are not.
template <class T>
concept SizeType = std::integral<T> &&(sizeof(T) > 1);
template <class T>
concept SizeIterator = requires(T at) {
  ++at;
  requires SizeType<std::remove_cvref_t<decltype(*at)>>;
};
template <class T>
concept SizeRange = requires(const T& range) {
  { std::begin(range) } -> SizeIterator;
  std::end(range);
};

/// Up to max_rank extents, also a list of dimensions. Written as {2, 3}, as one number, or as a vector or
/// other range of integers. Copying reads only the used ones, one by one: a wide copy right after single
/// stores would stall on store forwarding, and a large max_rank costs memory but no time.
class Shape {
 public:
  constexpr Shape() = default;
  constexpr Shape(const Shape& other) { *this = other; }
  constexpr Shape& operator=(const Shape& other) {
    rank_ = other.rank_;
    for (int i = 0; i < rank_; ++i) sizes_[i] = other.sizes_[i];
    return *this;
  }
  constexpr Shape(std::initializer_list<std::int64_t> sizes) : Shape(sizes.begin(), sizes.end()) {}
  constexpr Shape(SizeType auto size) : sizes_{static_cast<std::int64_t>(size)}, rank_(1) {}
  template <class Range>
  requires(!std::same_as<Range, Shape> && SizeRange<Range>) constexpr Shape(const Range& sizes)
      : Shape(std::begin(sizes), std::end(sizes)) {}
  template <SizeIterator Iterator>
  constexpr Shape(Iterator first, Iterator last) : rank_(0) {
    const std::int64_t count = std::distance(first, last);
    check(count <= max_rank, "shape: at most {} dimensions; got {}", max_rank, count);
    for (; first != last; ++first) sizes_[rank_++] = static_cast<std::int64_t>(*first);
  }

  constexpr int rank() const { return rank_; }
  constexpr std::int64_t operator[](int i) const { return sizes_[i]; }
  constexpr std::int64_t& operator[](int i) TENON_LIFETIMEBOUND { return sizes_[i]; }
  constexpr const std::int64_t* begin() const TENON_LIFETIMEBOUND { return sizes_; }
  constexpr const std::int64_t* end() const TENON_LIFETIMEBOUND { return sizes_ + rank_; }
  /// Appends a dimension.
  constexpr void push_back(std::int64_t size) {
    check(rank_ < max_rank, "shape: at most {} dimensions; got {}", max_rank, rank_ + 1);
    sizes_[rank_++] = size;
  }
  /// Product of the extents. It wraps on overflow; callers that make tensors check it with checked_numel.
  constexpr std::int64_t numel() const {
    std::int64_t n = 1;
    for (int i = 0; i < rank_; ++i) static_cast<void>(__builtin_mul_overflow(n, sizes_[i], &n));
    return n;
  }
  friend constexpr bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (int i = 0; i < a.rank_; ++i)
      if (a.sizes_[i] != b.sizes_[i]) return false;
    return true;
  }

 private:
  std::int64_t sizes_[max_rank];
  int rank_ = 0;
};

/// Strides between neighbouring elements, in elements.
using Strides = Shape;

/// `[2, 3]`
TENON_API std::string to_string(const Shape& shape);

constexpr Strides contiguous_strides(const Shape& shape) {
  Strides strides = shape;
  std::int64_t step = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    strides[i] = step;
    // Wraps for shapes that checked_numel will refuse later.
    static_cast<void>(__builtin_mul_overflow(step, shape[i], &step));
  }
  return strides;
}

/// With more elements, the byte count of some type would not fit in 63 bits.
inline constexpr std::int64_t most_elements = std::int64_t{1} << 56;

/// The element count of a shape given by the user, after checking that every extent is non-negative and the
/// byte count fits.
TENON_API std::int64_t checked_numel(const char* op, const Shape& shape);
/// The shape that `a` and `b` broadcast to.
TENON_API Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b);
/// The strides for reading elements laid out as (`from`, `strides`) in the larger shape `to`: 0 for repeated
/// dimensions.
TENON_API Strides broadcast_strides(
    const char* op, const Shape& from, const Strides& strides, const Shape& to);
/// Whether a tensor without dimensions may be treated as if it were [1], with dimension 0 or -1.
enum class Rank0 : bool { strict, as_vector };
/// `dim` counted from the front; negative values count from the end.
inline int wrap_dim(const char* op, std::int64_t dim, int rank, Rank0 scalar = Rank0::strict) {
  const int count = rank == 0 && scalar == Rank0::as_vector ? 1 : rank;
  check(dim >= -count && dim < count, "{}: dimension {} is out of range for a tensor with {} dimensions", op,
      dim, rank);
  return static_cast<int>(dim < 0 ? dim + count : dim);
}

/// `index` into dimension `dim` of `shape` counted from the start; negative values count from the end.
TENON_API std::int64_t wrap_index(const char* op, std::int64_t index, int dim, const Shape& shape);

}  // namespace tenon
