#include <tenon/kernels/softmax.h>

#include <limits>

#include <tenon/kernels/cpu/row_loops.h>
#include <tenon/kernels/elementwise.h>

namespace tenon::kernels::cpu {
namespace {

/// About how many elements of rows go through all steps together. The steps start so fast that they take few:
/// the memory that the next ones need is fetched meanwhile.
constexpr std::int64_t rows_together = 512;
/// From this length on, the elements of a row and what is computed of them exceed the first-level cache.
constexpr std::int64_t long_row = 2048;

/// SoftmaxSteps along rows, by loops of the table.
class RowSteps {
 public:
  explicit RowSteps(const RowLoops& loops) : loops_(loops) {}

  void forward(Softmax kind, void* out, const void* a, void* values, void* room) const {
    const bool log = kind == Softmax::log, or_zeros = kind == Softmax::or_zeros;
    void* const powers = log ? room : out;
    loops_.reduce<arith::Amax>(values, a);
    if (or_zeros)
      loops_.for_each_value(
          values, []<class T>(T value) { return num::maximum(value, std::numeric_limits<T>::lowest()); });
    loops_.with_values<arith::Sub>(out, a, values);
    loops_.unary<arith::Exp>(powers, out);
    loops_.reduce<arith::Sum>(values, powers);
    if (or_zeros) loops_.for_each_value(values, []<class T>(T value) { return num::maximum(value, T(1)); });
    if (!log) return loops_.with_values<arith::Div>(out, out, values);
    loops_.unary_of_values<arith::Log>(values);
    loops_.with_values<arith::Sub>(out, out, values);
  }

  void backward(Softmax kind, void* out, const void* g, const void* y, void* values, void* room) const {
    // The loads of a short row would wait for the partial store that ends the row before it, so `out` is not
    // read back. That of a long row is: it comes into the cache while there is something to compute.
    void* const part = loops_.size() < long_row ? room : out;
    if (kind == Softmax::log) {
      loops_.reduce<arith::Sum>(values, g);
      loops_.unary<arith::Exp>(part, y);
      loops_.subtract_products(out, g, part, values);
    } else {
      loops_.binary<arith::Mul>(part, g, y);
      loops_.reduce<arith::Sum>(values, part);
      loops_.subtract_products(out, part, y, values);
    }
  }

 private:
  RowLoops loops_;
};

/// Calls body(steps, offset in bytes, values, room) for the parts. RowSteps need room for few elements or one
/// row, so they always have it.
template <class Body>
void in_steps(Stream stream, DType dtype, const Indexed& layout, bool needs_room, const Body& body) {
  const std::int64_t size = layout.size, inner = layout.inner,
                     bytes = size * inner * static_cast<std::int64_t>(size_of(dtype));
  const bool rows = inner == 1 && size <= together;
  for_each_part(dtype, layout, rows ? rows_together : together, rows || needs_room,
      [&](std::int64_t o, std::int64_t slices, void* values, void* room) {
        if (!rows) return body(SoftmaxSteps(stream, dtype, {slices, size, inner}), o * bytes, values, room);
        body(RowSteps(RowLoops(dtype, slices, size)), o * bytes, values, room);
      });
}

}  // namespace

void softmax(Stream stream, Softmax kind, DType dtype, Indexed layout, void* out, const void* a) {
  in_steps(stream, dtype, layout, kind == Softmax::log,
      [&](const auto& steps, std::int64_t offset, void* values, void* room) {
        steps.forward(kind, at(out, offset), at(a, offset), values, room);
      });
}

void softmax_backward(
    Stream stream, Softmax kind, DType dtype, Indexed layout, void* out, const void* g, const void* y) {
  in_steps(stream, dtype, layout, kind != Softmax::log,
      [&](const auto& steps, std::int64_t offset, void* values, void* room) {
        steps.backward(kind, at(out, offset), at(g, offset), at(y, offset), values, room);
      });
}

void log_softmax_at_backward(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* classes, const void* y) {
  const std::int64_t size = layout.size, inner = layout.inner;
  visit_floating("log_softmax_at_backward", dtype, [&]<class T>(std::type_identity<T>) {
    for_each_part(dtype, layout, together, false, [&](std::int64_t o, std::int64_t slices, void*, void*) {
      const SoftmaxSteps steps(stream, dtype, {slices, size, inner});
      T* const to = static_cast<T*>(out) + o * size * inner;
      const T* const slope = static_cast<const T*>(g) + o * inner;
      const std::int64_t* const of_line = classes + o * inner;
      kernels::unary(
          stream, arith::Exp(), dtype, steps.shape, to, static_cast<const T*>(y) + o * size * inner);
      kernels::binary(stream, arith::Mul(), dtype, steps.shape, to, to, {slope, steps.across});
      kernels::binary(stream, arith::Sub(), dtype, steps.shape, to, 0.0, to);
      for (std::int64_t k = 0; k < slices * inner; ++k) {
        T& of_class = to[(k / inner * size + of_line[k]) * inner + k % inner];
        of_class = slope[k] + of_class;
      }
    });
  });
}

}  // namespace tenon::kernels::cpu
