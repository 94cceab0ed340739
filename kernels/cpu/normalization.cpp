#include <tenon/kernels/normalization.h>

#include <tenon/kernels/cpu/row_loops.h>

namespace tenon::kernels::cpu {
namespace {

using Kind = Normalization::Kind;

/// About how many elements go through all steps together: several short rows, of which the first-level cache
/// holds what is computed.
constexpr std::int64_t elements_together = 1024;

template <class Op>
void mean(const RowLoops& rows, void* values, const void* a, const void* b = nullptr) {
  rows.reduce<Op>(values, a, b);
  rows.for_each_value(values, [&]<class T>(T sum) { return sum / static_cast<T>(rows.size()); });
}

/// Finds row r of a dense array, and number r of one with an element per row.
struct Offsets {
  explicit Offsets(const Normalization& what)
      : value_bytes(static_cast<std::int64_t>(size_of(what.dtype))), row_bytes(what.size * value_bytes) {}
  template <class Pointer>
  auto row(Pointer* array, std::int64_t r) const {
    return array ? at(array, r * row_bytes) : nullptr;
  }
  template <class Pointer>
  auto value(Pointer* array, std::int64_t r) const {
    return at(array, r * value_bytes);
  }
  std::int64_t value_bytes, row_bytes;
};

/// Calls body(loops, first row, values, room) for parts of the rows.
template <class Body>
void in_parts(const Normalization& what, const Body& body) {
  for_each_part(what.dtype, {what.rows, what.size, 1}, elements_together, true,
      [&](std::int64_t first, std::int64_t rows, void* values, void* room) {
        body(RowLoops(what.dtype, rows, what.size), first, values, room);
      });
}

}  // namespace

void normalize(Stream, const Normalization& what, void* out, void* y, void* scale, const void* a,
    const void* weight, const void* bias) {
  const Offsets of(what);
  in_parts(what, [&](const RowLoops& rows, std::int64_t r, void* values, void* room) {
    void *const to = of.row(out, r), *const scales = of.value(scale, r);
    const void* apart = of.row(a, r);
    if (what.kind == Kind::layer) {
      mean<arith::Sum>(rows, values, apart);
      rows.with_values<arith::Sub>(room, apart, values);
      apart = room;
    }
    mean<arith::SumOfProducts>(rows, scales, apart, apart);
    rows.for_each_value(
        scales, [&]<class T>(T variance) { return T(1) / num::sqrt(variance + static_cast<T>(what.eps)); });
    if (weight && bias) return rows.scale_and_shift(to, y ? of.row(y, r) : room, apart, scales, weight, bias);
    void* const normalized = y ? of.row(y, r) : weight || bias ? room : to;
    rows.with_values<arith::Mul>(normalized, apart, scales);
    if (weight) rows.with_row<arith::Mul>(bias ? room : to, normalized, weight);
    if (bias) rows.with_row<arith::Add>(to, weight ? room : normalized, bias);
  });
}

void normalize_backward(Stream, const Normalization& what, void* out, const void* g, const void* weight,
    const void* y, const void* scale) {
  const Offsets of(what);
  in_parts(what, [&](const RowLoops& rows, std::int64_t r, void* values, void* room) {
    void* const to = of.row(out, r);
    const void *slope = of.row(g, r), *const normalized = of.row(y, r);
    if (weight) {
      rows.with_row<arith::Mul>(room, slope, weight);
      slope = room;
    }
    mean<arith::SumOfProducts>(rows, values, slope, normalized);
    rows.subtract_products(to, slope, normalized, values);
    if (what.kind == Kind::layer) {
      mean<arith::Sum>(rows, values, slope);
      rows.with_values<arith::Sub>(to, to, values);
    }
    rows.with_values<arith::Mul>(to, to, of.value(scale, r));
  });
}

}  // namespace tenon::kernels::cpu
