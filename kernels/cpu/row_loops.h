// What kernels along rows share: calling loops of the table on a few rows at a time, so that what one step
// writes is in a cache in the next one.
#pragma once
#include <algorithm>

#include <tenon/core/parallel.h>
#include <tenon/core/pool.h>
#include <tenon/kernels/cpu/dispatch.h>
#include <tenon/kernels/index.h>

namespace tenon::kernels::cpu {

/// Steps over `rows` dense rows of `size` elements, without what calling a kernel costs. There is a value per
/// row.
class RowLoops {
 public:
  RowLoops(DType dtype, std::int64_t rows, std::int64_t size)
      : dtype_(dtype), index_(static_cast<int>(dtype)), rows_(rows), size_(size) {}

  template <class Op>
  void reduce(void* values, const void* a, const void* b = nullptr) const {
    with_type([&]<class T>(const Floating<T>& loops) {
      loops.reduce[arith::ReduceOps::index_of<Op>()].rows(rows_, size_, static_cast<const T*>(a), size_,
          static_cast<const T*>(b), size_, static_cast<T*>(values), scratch);
    });
  }
  template <class Op>
  void unary(void* out, const void* a) const {
    unary_of<Op>(rows_ * size_, out, a);
  }
  template <class Op>
  void binary(void* out, const void* a, const void* b) const {
    binary_of<Op>(dense, rows_ * size_, out, a, b);
  }
  /// out[r, i] = op(a[r, i], values[r])
  template <class Op>
  void with_values(void* out, const void* a, const void* values) const {
    binary_of<Op>({rows_, {size_, 1}, {size_, 1}, {1, 0}, {0, 1}}, size_, out, a, values);
  }
  /// out[r, i] = op(a[r, i], row[i])
  template <class Op>
  void with_row(void* out, const void* a, const void* row) const {
    binary_of<Op>({rows_, {size_, 1}, {size_, 1}, {0, 1}, {0, 1}}, size_, out, a, row);
  }
  /// out[r, i] = a[r, i] - b[r, i] * values[r], in two roundings
  void subtract_products(void* out, const void* a, const void* b, const void* values) const {
    with_type([&]<class T>(const Floating<T>& loops) {
      loops.subtract_products(rows_, size_, static_cast<T*>(out), static_cast<const T*>(a),
          static_cast<const T*>(b), static_cast<const T*>(values));
    });
  }
  /// y[r, i] = a[r, i] * values[r], out[r, i] = y[r, i] * weight[i] + bias[i], each step rounded
  void scale_and_shift(
      void* out, void* y, const void* a, const void* values, const void* weight, const void* bias) const {
    with_type([&]<class T>(const Floating<T>& loops) {
      loops.scale_and_shift(rows_, size_, static_cast<T*>(out), static_cast<T*>(y), static_cast<const T*>(a),
          static_cast<const T*>(values), static_cast<const T*>(weight), static_cast<const T*>(bias));
    });
  }
  template <class Op>
  void unary_of_values(void* values) const {
    unary_of<Op>(rows_, values, values);
  }
  /// values[r] = f(values[r])
  template <class F>
  void for_each_value(void* values, const F& f) const {
    with_type([&]<class T>(const Floating<T>&) {
      T* const value = static_cast<T*>(values);
      for (std::int64_t r = 0; r < rows_; ++r) value[r] = f(value[r]);
    });
  }
  std::int64_t size() const { return size_; }

 private:
  /// Calls f(the loops of the element type).
  template <class F>
  void with_type(const F& f) const {
    visit_floating("rows", dtype_, [&]<class T>(std::type_identity<T>) { f(table_.of<T>()); });
  }
  template <class Op>
  void unary_of(std::int64_t n, void* out, const void* a) const {
    table_.elementwise.unary[index_][arith::UnaryOps::index_of<Op>()](dense, n, out, a, {});
  }
  template <class Op>
  void binary_of(const Layout& layout, std::int64_t n, void* out, const void* a, const void* b) const {
    table_.elementwise.binary[index_][arith::BinaryOps::index_of<Op>()](layout, n, out, a, b, {});
  }

  static constexpr Layout dense{1, {0, 1}, {0, 1}, {0, 1}, {0, 1}};
  DType dtype_;
  int index_;
  std::int64_t rows_, size_;
  const Table& table_ = cpu_table();
};

/// The most elements that go through all steps together, which stay in a cache.
inline constexpr std::int64_t together = 32768;

class PooledMemory {
 public:
  explicit PooledMemory(std::int64_t bytes)
      : bytes_(static_cast<std::size_t>(bytes)), data_(static_cast<char*>(pool::allocate(bytes_))) {}
  ~PooledMemory() { pool::release(data_, bytes_); }
  PooledMemory(const PooledMemory&) = delete;
  PooledMemory& operator=(const PooledMemory&) = delete;
  char* data() const { return data_; }

 private:
  std::size_t bytes_;
  char* data_;
};

/// Calls body(first slice, slices, values, room) for parts that cover the array, of about `most` elements.
template <class Body>
void for_each_part(DType dtype, const Indexed& layout, std::int64_t most, bool needs_room, const Body& body) {
  constexpr std::int64_t grain = 8192;
  const std::int64_t slice = layout.size * layout.inner;
  if (layout.outer * slice == 0) return;
  const auto bytes = static_cast<std::int64_t>(size_of(dtype));
  // Threads share the slices or, if these are long, each step.
  parallel_for(layout.outer, slice > 32 * together ? layout.outer : std::max<std::int64_t>(1, grain / slice),
      [&](std::int64_t begin, std::int64_t end) {
        const std::int64_t slices = std::clamp<std::int64_t>(most / slice, 1, end - begin);
        const PooledMemory values(slices * layout.inner * bytes),
            room(needs_room ? slices * slice * bytes : 1);
        for (std::int64_t o = begin; o < end; o += slices)
          body(o, std::min(slices, end - o), values.data(), room.data());
      });
}

inline const char* at(const void* p, std::int64_t offset) { return static_cast<const char*>(p) + offset; }
inline char* at(void* p, std::int64_t offset) { return static_cast<char*>(p) + offset; }

}  // namespace tenon::kernels::cpu
