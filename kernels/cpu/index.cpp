#include <tenon/kernels/index.h>

#include <algorithm>
#include <atomic>

#include <tenon/core/parallel.h>
#include <tenon/kernels/cpu/dispatch.h>

namespace tenon::kernels::cpu {
namespace {

constexpr std::int64_t grain = 32768;

std::int64_t grain_of(std::int64_t elements_per_item) {
  return std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, elements_per_item));
}

/// n indices into a dimension of a size; remembers whether one was out of range.
class Indices {
 public:
  Indices(std::int64_t n, const std::int64_t* index, std::int64_t size) : n_(n), index_(index), size_(size) {}

  /// Calls take(begin, end) for ranges that cover the indices, as far as all of a range are good.
  template <class Take>
  void for_each(std::int64_t least, const Take& take) {
    constexpr std::int64_t block = 1024;  // stays in a cache from its check to its use
    parallel_for(n_, least, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t last; begin < end; begin = last) {
        last = std::min(end, begin + block);
        if (!cpu_table().index.in_range(last - begin, index_ + begin, size_)) return refuse();
        take(begin, last);
      }
    });
  }
  /// One of the indices is out of range.
  void refuse() { good_.store(false, std::memory_order_relaxed); }
  /// After refuse(), throws for the first one out of range.
  void require(const char* range_error, int dim) const {
    if (good_.load(std::memory_order_relaxed)) return;
    for (std::int64_t i = 0; i < n_; ++i)
      check(index_[i] >= 0 && index_[i] < size_, range_error, index_[i], i, dim, size_);
  }

 private:
  std::int64_t n_;
  const std::int64_t* index_;
  std::int64_t size_;
  std::atomic<bool> good_ = true;
};

/// Sums of rows. `index_step` is the number of indices of an outer position, or 0 if all share the same.
template <class T>
void add_rows(const Indexed& layout, T* out, const T* g, const std::int64_t* index, std::int64_t count,
    std::int64_t index_step) {
  const std::int64_t rows = layout.outer * layout.size, inner = layout.inner;
  if (rows * inner == 0) return;
  const auto& add = cpu_table().of<T>().index_add.rows;
  if ((rows + layout.outer * count) * inner <= grain)
    return add({layout.size, count, inner, inner, index, index_step}, 0, rows, out, g);
  // Split by columns, the work is even, also if most rows of g belong to one row of the result.
  const std::int64_t narrowest = 256 / sizeof(T), share = inner / num_threads() + 1;
  const std::int64_t block =
      layout.outer < num_threads() ? std::min(inner, std::max(narrowest, share)) : inner;
  const std::int64_t blocks = (inner + block - 1) / block;
  // Each thread owns rows of the result, and reads all indices of an outer position that it shares with
  // others. If the rows are narrow and in a cache, this takes as long as adding everything.
  const bool is_quick = inner < 16 && layout.size * inner * static_cast<std::int64_t>(sizeof(T)) <= 1 << 20;
  const std::int64_t least =
      std::max(grain_of((1 + count / layout.size) * block), is_quick ? layout.size : 1);
  parallel_for(blocks * rows, least, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin / rows; b * rows < end; ++b) {
      const std::int64_t j = b * block;
      add({layout.size, count, inner, std::min(block, inner - j), index, index_step},
          std::max<std::int64_t>(begin - b * rows, 0), std::min(end - b * rows, rows), out + j, g + j);
    }
  });
}

/// How many columns of each row to work on at a time: all of them, or as many as fit into a cache if that is
/// worthwhile.
std::int64_t columns_at_once(const Indexed& layout, std::int64_t count, std::int64_t bytes) {
  constexpr std::int64_t cache = 256 << 10, least = 32;
  const std::int64_t fit = cache / std::max<std::int64_t>(1, layout.size * bytes) / 16 * 16;
  return fit < least || 2 * fit >= layout.inner || count < layout.size / 4 ? layout.inner : fit;
}

/// Calls use(place, at, i) with the place in [outer, size, inner] that the index `at`, of position i along
/// the dimension, names. Each thread owns columns, whose positions come in ascending order.
template <class Use>
void for_each_place(const Indexed& layout, const std::int64_t* index, std::int64_t count, const Use& use) {
  const std::int64_t inner = layout.inner, block = columns_at_once(layout, count, sizeof(std::int64_t)),
                     blocks = block > 0 ? (inner + block - 1) / block : 0;
  parallel_for(layout.outer * blocks, grain_of(count * block), [&](std::int64_t begin, std::int64_t end) {
    for (; begin < end; ++begin) {
      const std::int64_t o = begin / blocks, first = begin % blocks * block,
                         last = std::min(inner, first + block);
      for (std::int64_t i = 0; i < count; ++i)
        for (std::int64_t j = first; j < last; ++j) {
          const std::int64_t at = (o * count + i) * inner + j;
          use((o * layout.size + index[at]) * inner + j, at, i);
        }
    }
  });
}

}  // namespace

void index_select(Stream, DType dtype, Indexed layout, void* out, const void* a, const std::int64_t* index,
    std::int64_t count, int dim) {
  const std::int64_t bytes = layout.inner * static_cast<std::int64_t>(size_of(dtype));
  const IndexedRows rows{layout.size, count, bytes, bytes, index, 0};
  const auto take = [&](std::int64_t begin, std::int64_t end) {
    if (bytes > 0) cpu_table().index.take(rows, begin, end, out, a);
  };
  Indices indices(count, index, layout.size);
  if (layout.outer == 1) indices.for_each(grain_of(layout.inner), take);
  else indices.for_each(4 * grain, [](std::int64_t, std::int64_t) {});
  indices.require(index_select_error, dim);
  if (layout.outer != 1) parallel_for(layout.outer * count, grain_of(layout.inner), take);
}

void index_add(Stream, DType dtype, Indexed layout, void* out, const void* g, const std::int64_t* index,
    std::int64_t count) {
  visit_floating("index_add", dtype, [&]<class T>(std::type_identity<T>) {
    add_rows(layout, static_cast<T*>(out), static_cast<const T*>(g), index, count, 0);
  });
}

void gather(Stream, DType dtype, Indexed layout, void* out, const void* a, const std::int64_t* index,
    std::int64_t count, int dim) {
  const std::int64_t bytes = static_cast<std::int64_t>(size_of(dtype)), inner = layout.inner,
                     size = layout.size, n = layout.outer * count * inner;
  if (n == 0) return;
  Indices indices(n, index, size);
  if (inner == 1) {
    const IndexedRows rows{size, count, bytes, bytes, index, count};
    indices.for_each(grain,
        [&](std::int64_t begin, std::int64_t end) { cpu_table().index.take(rows, begin, end, out, a); });
    return indices.require(gather_error, dim);
  }
  const std::int64_t block = columns_at_once(layout, count, bytes), blocks = (inner + block - 1) / block;
  parallel_for(layout.outer * blocks * count, grain_of(block), [&](std::int64_t begin, std::int64_t end) {
    std::int64_t i = begin % count, b = begin / count % blocks, o = begin / count / blocks;
    for (std::int64_t rows; begin < end; begin += rows) {
      rows = std::min(count - i, end - begin);
      const std::int64_t j = b * block, at = (o * count + i) * inner + j;
      if (!cpu_table().index.take_columns[static_cast<int>(dtype)](
              {size, rows, inner, std::min(block, inner - j), index + at},
              static_cast<char*>(out) + at * bytes,
              static_cast<const char*>(a) + (o * size * inner + j) * bytes))
        return indices.refuse();
      i = 0;
      if (++b == blocks) b = 0, ++o;
    }
  });
  indices.require(gather_error, dim);
}

void gather_add(Stream, DType dtype, Indexed layout, void* out, const void* g, const std::int64_t* index,
    std::int64_t count) {
  visit_floating("gather_add", dtype, [&]<class T>(std::type_identity<T>) {
    T* const to = static_cast<T*>(out);
    const T* const from = static_cast<const T*>(g);
    const std::int64_t size = layout.size, inner = layout.inner;
    if (inner == 1) return add_rows(layout, to, from, index, count, count);
    if (layout.outer * size * inner == 0) return;
    // Each thread owns columns of the result, so that contributions to one element are added in ascending
    // order.
    std::int64_t block = columns_at_once(layout, count, sizeof(T));
    if (layout.outer < num_threads())
      block = std::min(block, std::max<std::int64_t>(16, inner / num_threads()));
    const std::int64_t blocks = (inner + block - 1) / block;
    parallel_for(
        layout.outer * blocks, grain_of((size + count) * block), [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t o = begin / blocks, b = begin % blocks; begin < end; ++begin) {
            const std::int64_t j = b * block, at = o * count * inner + j;
            cpu_table().of<T>().index_add.columns(
                {size, count, inner, std::min(block, inner - j), index + at}, to + o * size * inner + j,
                from + at);
            if (++b == blocks) b = 0, ++o;
          }
        });
  });
}

void check_indices(Stream, const std::int64_t* index, std::int64_t n, std::int64_t least, std::int64_t size,
    int dim, const char* range_error) {
  std::atomic<bool> good = true;
  parallel_for(n, grain, [&](std::int64_t begin, std::int64_t end) {
    bool all = true;
    for (std::int64_t i = begin; i < end; ++i) all &= index[i] >= least && index[i] < size;
    if (!all) good.store(false, std::memory_order_relaxed);
  });
  if (good.load(std::memory_order_relaxed)) return;
  for (std::int64_t i = 0; i < n; ++i)
    check(index[i] >= least && index[i] < size, range_error, index[i], i, dim, size);
}

void last_position(Stream, Indexed layout, std::int64_t* out, const std::int64_t* index, std::int64_t count) {
  for_each_place(layout, index, count,
      [&](std::int64_t place, std::int64_t, std::int64_t position) { out[place] = position; });
}

void add_integers(Stream, Indexed layout, std::int64_t* out, const std::int64_t* g, const std::int64_t* index,
    std::int64_t count) {
  for_each_place(layout, index, count, [&](std::int64_t place, std::int64_t at, std::int64_t) {
    out[place] =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(out[place]) + static_cast<std::uint64_t>(g[at]));
  });
}

void growths(Stream, std::int64_t n, std::int64_t* out, const std::int64_t* count) {
  parallel_for(n, grain, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t before = begin > 0 ? count[begin - 1] : 0;
    for (std::int64_t i = begin; i < end; ++i) {
      if (count[i] > before) out[before] = i;
      before = count[i];
    }
  });
}

}  // namespace tenon::kernels::cpu
