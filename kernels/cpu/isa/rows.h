// Work on rows of consecutive elements.
#pragma once
#include <tenon/kernels/cpu/isa/vec.h>

namespace tenon::kernels::cpu::TENON_ISA {

TENON_INLINE int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

/// Copies n elements.
template <class T>
TENON_INLINE void copy_elements(int64_t n, T* to, const T* from) {
  int64_t j = 0;
  for (; j + W<T> <= n; j += W<T>) store(to + j, load(from + j));
  if (j < n) store(to + j, load(from + j, n - j), n - j);
}

/// to[j] = to[j] + from[j]
template <class T>
TENON_INLINE void add_row(int64_t n, T* to, const T* from) {
  int64_t j = 0;
  for (; j + W<T> <= n; j += W<T>) store(to + j, add(load(to + j), load(from + j)));
  if (j < n) store(to + j, add(load(to + j, n - j), load(from + j, n - j)), n - j);
}

}  // namespace tenon::kernels::cpu::TENON_ISA
