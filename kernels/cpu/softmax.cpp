#include <tenon/kernels/softmax.h>

#include <algorithm>
#include <limits>

#include <tenon/core/parallel.h>
#include <tenon/core/pool.h>
#include <tenon/kernels/cpu/dispatch.h>
#include <tenon/kernels/elementwise.h>

namespace tenon::kernels::cpu {
namespace {

constexpr std::int64_t grain = 8192;
/// The elements that go through all steps together: what a step writes is in a cache in the next one. Steps
/// over rows start so fast that they take few: the memory that the next ones need is fetched meanwhile.
constexpr std::int64_t together = 32768, rows_together = 512;
/// From this length on, the elements of a row and what is computed of them exceed the first-level cache.
constexpr std::int64_t long_row = 2048;

class Memory {
 public:
  explicit Memory(std::int64_t bytes)
      : bytes_(static_cast<std::size_t>(bytes)), data_(static_cast<char*>(pool::allocate(bytes_))) {}
  ~Memory() { pool::release(data_, bytes_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  char* data() const { return data_; }

 private:
  std::size_t bytes_;
  char* data_;
};

/// SoftmaxSteps along rows, by loops of the table: without what calling a kernel costs.
template <class T>
class RowSteps {
 public:
  RowSteps(std::int64_t rows, std::int64_t size) : rows_(rows), size_(size) {}

  void forward(Softmax kind, void* out, const void* a, void* values, void* room) const {
    const bool log = kind == Softmax::log, or_zeros = kind == Softmax::or_zeros;
    void* const powers = log ? room : out;
    reduce<arith::Amax>(values, a);
    if (or_zeros) at_least(std::numeric_limits<T>::lowest(), values);
    with_values<arith::Sub>(out, a, values);
    unary<arith::Exp>(rows_ * size_, powers, out);
    reduce<arith::Sum>(values, powers);
    if (or_zeros) at_least(T(1), values);
    if (!log) return with_values<arith::Div>(out, out, values);
    unary<arith::Log>(rows_, values, values);
    with_values<arith::Sub>(out, out, values);
  }

  void backward(Softmax kind, void* out, const void* g, const void* y, void* values, void* room) const {
    // The loads of a short row would wait for the partial store that ends the row before it, so `out` is not
    // read back. That of a long row is: it comes into the cache while there is something to compute.
    void* const part = size_ < long_row ? room : out;
    if (kind == Softmax::log) {
      reduce<arith::Sum>(values, g);
      unary<arith::Exp>(rows_ * size_, part, y);
      subtract_products(out, g, part, values);
    } else {
      binary<arith::Mul>(dense, rows_ * size_, part, g, y);
      reduce<arith::Sum>(values, part);
      subtract_products(out, part, y, values);
    }
  }

 private:
  template <class Op>
  void reduce(void* values, const void* a) const {
    loops_.reduce[arith::ReduceOps::index_of<Op>()].rows(
        rows_, size_, static_cast<const T*>(a), size_, nullptr, 0, static_cast<T*>(values), scratch);
  }
  template <class Op>
  void unary(std::int64_t n, void* out, const void* a) const {
    elementwise_.unary[dtype][arith::UnaryOps::index_of<Op>()](dense, n, out, a, {});
  }
  template <class Op>
  void binary(const Layout& layout, std::int64_t n, void* out, const void* a, const void* b) const {
    elementwise_.binary[dtype][arith::BinaryOps::index_of<Op>()](layout, n, out, a, b, {});
  }
  template <class Op>
  void with_values(void* out, const void* a, const void* values) const {
    binary<Op>({rows_, {size_, 1}, {size_, 1}, {1, 0}, {0, 1}}, size_, out, a, values);
  }
  void subtract_products(void* out, const void* a, const void* b, const void* values) const {
    loops_.subtract_products(rows_, size_, static_cast<T*>(out), static_cast<const T*>(a),
        static_cast<const T*>(b), static_cast<const T*>(values));
  }
  void at_least(T bound, void* values) const {
    T* const value = static_cast<T*>(values);
    for (std::int64_t r = 0; r < rows_; ++r) value[r] = num::maximum(value[r], bound);
  }

  static constexpr int dtype = Elements::index_of<T>();
  static constexpr Layout dense{1, {0, 1}, {0, 1}, {0, 1}, {0, 1}};
  std::int64_t rows_, size_;
  const ElementwiseLoops& elementwise_ = cpu_table().elementwise;
  const Floating<T>& loops_ = cpu_table().of<T>();
};

/// Calls body(first slice, slices, values, room) for parts that cover the array, of about `most` elements.
template <class Body>
void for_each_part(DType dtype, const Indexed& layout, std::int64_t most, bool needs_room, const Body& body) {
  const std::int64_t slice = layout.size * layout.inner;
  if (layout.outer * slice == 0) return;
  const auto bytes = static_cast<std::int64_t>(size_of(dtype));
  // Threads share the slices or, if these are long, each step.
  parallel_for(layout.outer, slice > 32 * together ? layout.outer : std::max<std::int64_t>(1, grain / slice),
      [&](std::int64_t begin, std::int64_t end) {
        const std::int64_t slices = std::clamp<std::int64_t>(most / slice, 1, end - begin);
        const Memory values(slices * layout.inner * bytes), room(needs_room ? slices * slice * bytes : 1);
        for (std::int64_t o = begin; o < end; o += slices)
          body(o, std::min(slices, end - o), values.data(), room.data());
      });
}

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
        visit_floating("softmax", dtype, [&]<class T>(std::type_identity<T>) {
          body(RowSteps<T>(slices, size), o * bytes, values, room);
        });
      });
}

const char* at(const void* p, std::int64_t offset) { return static_cast<const char*>(p) + offset; }
char* at(void* p, std::int64_t offset) { return static_cast<char*>(p) + offset; }

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
