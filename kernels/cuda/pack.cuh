// Elements that are moved together in one 16-byte load or store, the widest there is.
#pragma once
#include <algorithm>
#include <cstdint>

#include <tenon/kernels/cuda/simt.h>

namespace tenon::kernels::cuda {

template <class T, int W>
struct alignas(sizeof(T) * W) Pack {
  T v[W];
};

/// The number of elements of the largest type in 16 bytes.
template <class... T>
inline constexpr int pack_width = 16 / static_cast<int>(std::max({sizeof(T)...}));

inline bool is_aligned(const void* p, std::size_t bytes = 16) {
  return reinterpret_cast<std::uintptr_t>(p) % bytes == 0;
}

/// Reads W elements from an aligned p; with Once, elements that should be the first to leave the caches.
template <int W, bool Once, class T>
__device__ inline Pack<T, W> load_pack(const T* p) {
  if constexpr (Once) return __builtin_bit_cast(Pack<T, W>, __ldcs(reinterpret_cast<const uint4*>(p)));
  else return *reinterpret_cast<const Pack<T, W>*>(p);
}

/// Loads four elements from p: reads the first `valid`, the others are `rest`. With Vec p is aligned; Once as
/// in load_pack.
template <bool Vec, bool Once = false, class T, class From>
__device__ inline void load4(const From* p, std::int64_t valid, T (&to)[4], T rest = T(0)) {
  if constexpr (Vec) {
    if (valid >= 4) {
      constexpr int w = pack_width<From>;
#pragma unroll
      for (int i = 0; i < 4; i += w) {
        const auto pack = load_pack<w, Once>(p + i);
#pragma unroll
        for (int c = 0; c < w; ++c) to[i + c] = static_cast<T>(pack.v[c]);
      }
      return;
    }
  }
#pragma unroll
  for (int c = 0; c < 4; ++c) to[c] = c < valid ? static_cast<T>(p[c]) : rest;
}

/// Stores the first `valid` of four elements to p[at] and after; with Vec p is aligned and `at` is a multiple
/// of 4. The address is computed in packs, because nvcc splits a store whose address is computed in elements.
template <bool Vec, class T>
__device__ inline void store4(T* p, int at, std::int64_t valid, const T (&from)[4]) {
  if constexpr (Vec) {
    if (valid >= 4) {
      constexpr int w = pack_width<T>;
#pragma unroll
      for (int i = 0; i < 4; i += w) {
        Pack<T, w> pack;
#pragma unroll
        for (int c = 0; c < w; ++c) pack.v[c] = from[i + c];
        reinterpret_cast<Pack<T, w>*>(p)[(at + i) / w] = pack;
      }
      return;
    }
  }
#pragma unroll
  for (int c = 0; c < 4; ++c)
    if (c < valid) p[at + c] = from[c];
}

}  // namespace tenon::kernels::cuda
