#include <tenon/core/shape.h>

namespace tenon {

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (int i = 0; i < shape.rank(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

std::int64_t checked_numel(const char* op, const Shape& shape) {
  std::int64_t n = 1;
  bool empty = false;
  for (const std::int64_t size : shape) {
    check(size >= 0, "{}: sizes must not be negative; the shape is {}", op, shape);
    empty |= size == 0;
    if (size != 0)
      check(!__builtin_mul_overflow(n, size, &n) && n <= most_elements,
          "{}: the shape {} has too many elements", op, shape);
  }
  return empty ? 0 : n;
}

Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b) {
  const bool a_longer = a.rank() >= b.rank();
  const Shape& shorter = a_longer ? b : a;
  Shape out = a_longer ? a : b;
  const int shift = out.rank() - shorter.rank();
  for (int i = 0; i < shorter.rank(); ++i) {
    const std::int64_t x = out[i + shift], y = shorter[i];
    check(x == y || x == 1 || y == 1, "{}: shapes {} and {} do not broadcast", op, a, b);
    out[i + shift] = x == 1 ? y : x;
  }
  return out;
}

Strides broadcast_strides(const char* op, const Shape& from, const Strides& strides, const Shape& to) {
  const int shift = to.rank() - from.rank();
  check(shift >= 0, "{}: shape {} does not broadcast to {}", op, from, to);
  Strides out = to;
  for (int i = 0; i < shift; ++i) out[i] = 0;
  for (int i = shift; i < to.rank(); ++i) {
    const bool equal = from[i - shift] == to[i];
    check(equal || from[i - shift] == 1, "{}: shape {} does not broadcast to {}", op, from, to);
    out[i] = equal ? strides[i - shift] : 0;
  }
  return out;
}

std::int64_t wrap_index(const char* op, std::int64_t index, int dim, const Shape& shape) {
  const std::int64_t size = shape[dim];
  check(index >= -size && index < size, "{}: index {} is out of range; dimension {} of {} has {}", op, index,
      dim, shape, size);
  return index < 0 ? index + size : index;
}

}  // namespace tenon
