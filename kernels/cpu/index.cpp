#include <tenon/kernels/index.h>

#include <algorithm>
#include <cstring>

#include <tenon/core/check.h>
#include <tenon/core/parallel.h>
#include <tenon/kernels/arith/comparison.h>

namespace tenon::kernels::cpu {
namespace {

constexpr std::int64_t grain = 32768;

template <class T>
void add_rows(Indexed layout, T* out, const T* g, const std::int64_t* index, std::int64_t count) {
  const std::int64_t outer = layout.outer, size = layout.size, inner = layout.inner;
  std::fill_n(out, outer * size * inner, T(0));
  // Each thread owns columns of the result, so that contributions to one index are added in ascending order.
  const std::int64_t columns = outer * inner;
  parallel_for(
      columns, std::max<std::int64_t>(16, grain / (count + 1)), [&](std::int64_t begin, std::int64_t end) {
        while (begin < end) {
          const std::int64_t o = begin / inner, j = begin % inner, width = std::min(inner - j, end - begin);
          for (std::int64_t i = 0; i < count; ++i) {
            T* const to = out + (o * size + index[i]) * inner + j;
            const T* const from = g + (o * count + i) * inner + j;
            for (std::int64_t c = 0; c < width; ++c) to[c] = to[c] + from[c];
          }
          begin += width;
        }
      });
}

/// The same with one index per element.
template <class T>
void add_elements(Indexed layout, T* out, const T* g, const std::int64_t* index, std::int64_t count) {
  const std::int64_t outer = layout.outer, size = layout.size, inner = layout.inner;
  std::fill_n(out, outer * size * inner, T(0));
  parallel_for(outer, std::max<std::int64_t>(1, grain / (count * inner + 1)),
      [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t o = begin; o < end; ++o)
          for (std::int64_t i = 0; i < count; ++i)
            for (std::int64_t j = 0; j < inner; ++j) {
              const std::int64_t at = (o * count + i) * inner + j;
              T& to = out[(o * size + index[at]) * inner + j];
              to = to + g[at];
            }
      });
}

template <class T>
void take_rows(Indexed layout, T* out, const T* a, const std::int64_t* index, std::int64_t count) {
  const std::int64_t inner = layout.inner;
  const auto rows = [&](std::int64_t begin, std::int64_t end, auto copy) {
    std::int64_t i = begin % count;
    const T* from = a + begin / count * layout.size * inner;
    for (std::int64_t r = begin; r < end; ++r) {
      copy(out + r * inner, from + index[i] * inner);
      if (++i == count) i = 0, from += layout.size * inner;
    }
  };
  parallel_for(layout.outer * count, std::max<std::int64_t>(1, grain / inner),
      [&](std::int64_t begin, std::int64_t end) {
        if (inner == 1) rows(begin, end, [](T* to, const T* from) { *to = *from; });
        else
          rows(begin, end, [size = static_cast<std::size_t>(inner) * sizeof(T)](T* to, const T* from) {
            std::memcpy(to, from, size);
          });
      });
}

template <class T>
void take_elements(Indexed layout, T* out, const T* a, const std::int64_t* index, std::int64_t count) {
  const std::int64_t inner = layout.inner, n = layout.outer * count * inner;
  parallel_for(n, grain, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t plane = count * inner;
    std::int64_t in_plane = begin % plane, j = begin % inner;
    const T* from = a + begin / plane * layout.size * inner;
    for (std::int64_t at = begin; at < end; ++at) {
      out[at] = from[index[at] * inner + j];
      if (++j == inner) j = 0;
      if (++in_plane == plane) in_plane = 0, from += layout.size * inner;
    }
  });
}

}  // namespace

void index_select(Stream, DType dtype, Indexed layout, void* out, const void* a, const std::int64_t* index,
    std::int64_t count, int dim) {
  for (std::int64_t i = 0; i < count; ++i)
    check(index[i] >= 0 && index[i] < layout.size, index_select_error, index[i], i, dim, layout.size);
  if (layout.inner == 0) return;
  visit_any(dtype, [&]<class T>(std::type_identity<T>) {
    using Element = arith::Bytes<T>;
    take_rows(layout, static_cast<Element*>(out), static_cast<const Element*>(a), index, count);
  });
}

void index_add(Stream, DType dtype, Indexed layout, void* out, const void* g, const std::int64_t* index,
    std::int64_t count) {
  visit_floating("index_add", dtype, [&]<class T>(std::type_identity<T>) {
    add_rows(layout, static_cast<T*>(out), static_cast<const T*>(g), index, count);
  });
}

void gather(Stream, DType dtype, Indexed layout, void* out, const void* a, const std::int64_t* index,
    std::int64_t count, int dim) {
  for (std::int64_t at = 0; at < layout.outer * count * layout.inner; ++at)
    check(index[at] >= 0 && index[at] < layout.size, gather_error, index[at], at, dim, layout.size);
  const auto take = [&]<class T>(
                        T* to) { take_elements(layout, to, static_cast<const T*>(a), index, count); };
  visit_any(dtype, [&]<class T>(std::type_identity<T>) { take(static_cast<arith::Bytes<T>*>(out)); });
}

void gather_add(Stream, DType dtype, Indexed layout, void* out, const void* g, const std::int64_t* index,
    std::int64_t count) {
  visit_floating("gather_add", dtype, [&]<class T>(std::type_identity<T>) {
    add_elements(layout, static_cast<T*>(out), static_cast<const T*>(g), index, count);
  });
}

}  // namespace tenon::kernels::cpu
