// The only instruction-set-specific code: a vector of W<T> floats or doubles. The same source is compiled
// once per instruction set (kernels/cpu/isa/table.h). Every lane is an IEEE operation, so the width never
// shows in a result.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <tenon/kernels/arith/math.h>
#include <tenon/kernels/cpu/isa/loop.h>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored \
    "-Wuninitialized"  // caused by the intrinsics' undefined vectors (GCC bug 105593)
#endif

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

template <class T>
struct Native;
template <class T>
using V = typename Native<T>::type;
template <class T>
constexpr int W = static_cast<int>(sizeof(V<T>) / sizeof(T));

// load and store with a count access the first n elements only, 0 <= n < W; the other lanes are 0, or those
// of `rest`. load_between accesses elements [begin, end), 0 <= begin <= end <= W. fold is the halving tree
// over the lanes (lane j and lane j + W/2, and so on); combine(a, b) takes vectors of any width, and single
// lanes.
#if defined(__AVX2__)
template <class Combine>
TENON_INLINE float fold(__m256 a, Combine combine) {
  __m128 b = combine(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  b = combine(b, _mm_movehl_ps(b, b));
  return combine(_mm_cvtss_f32(b), _mm_cvtss_f32(_mm_movehdup_ps(b)));
}
template <class Combine>
TENON_INLINE double fold(__m256d a, Combine combine) {
  const __m128d b = combine(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
  return combine(_mm_cvtsd_f64(b), _mm_cvtsd_f64(_mm_unpackhi_pd(b, b)));
}
#endif
#if defined(__AVX512F__)
template <>
struct Native<float> {
  using type = __m512;
};
template <>
struct Native<double> {
  using type = __m512d;
};
TENON_INLINE __m512 set1(float x) { return _mm512_set1_ps(x); }
TENON_INLINE __m512d set1(double x) { return _mm512_set1_pd(x); }
TENON_INLINE __m512 load(const float* p) { return _mm512_loadu_ps(p); }
TENON_INLINE __m512d load(const double* p) { return _mm512_loadu_pd(p); }
TENON_INLINE __mmask16 first16(ptrdiff_t n) { return static_cast<__mmask16>((1u << n) - 1u); }
TENON_INLINE __mmask8 first8(ptrdiff_t n) { return static_cast<__mmask8>((1u << n) - 1u); }
TENON_INLINE __m512 load(const float* p, ptrdiff_t n) { return _mm512_maskz_loadu_ps(first16(n), p); }
TENON_INLINE __m512d load(const double* p, ptrdiff_t n) { return _mm512_maskz_loadu_pd(first8(n), p); }
TENON_INLINE __m512 load(const float* p, ptrdiff_t n, __m512 rest) {
  return _mm512_mask_loadu_ps(rest, first16(n), p);
}
TENON_INLINE __m512d load(const double* p, ptrdiff_t n, __m512d rest) {
  return _mm512_mask_loadu_pd(rest, first8(n), p);
}
TENON_INLINE __m512 load_between(const float* p, ptrdiff_t begin, ptrdiff_t end) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>(first16(end) - first16(begin)), p);
}
TENON_INLINE __m512d load_between(const double* p, ptrdiff_t begin, ptrdiff_t end) {
  return _mm512_maskz_loadu_pd(static_cast<__mmask8>(first8(end) - first8(begin)), p);
}
TENON_INLINE void store(float* p, __m512 v) { _mm512_storeu_ps(p, v); }
TENON_INLINE void store(double* p, __m512d v) { _mm512_storeu_pd(p, v); }
TENON_INLINE void store(float* p, __m512 v, ptrdiff_t n) { _mm512_mask_storeu_ps(p, first16(n), v); }
TENON_INLINE void store(double* p, __m512d v, ptrdiff_t n) { _mm512_mask_storeu_pd(p, first8(n), v); }
TENON_INLINE __m512 add(__m512 a, __m512 b) { return _mm512_add_ps(a, b); }
TENON_INLINE __m512d add(__m512d a, __m512d b) { return _mm512_add_pd(a, b); }
TENON_INLINE __m512 sub(__m512 a, __m512 b) { return _mm512_sub_ps(a, b); }
TENON_INLINE __m512d sub(__m512d a, __m512d b) { return _mm512_sub_pd(a, b); }
TENON_INLINE __m512 abs(__m512 a) { return _mm512_abs_ps(a); }
TENON_INLINE __m512d abs(__m512d a) { return _mm512_abs_pd(a); }
TENON_INLINE __m512 largest(__m512 a, __m512 b) {  // 5: the larger one, with its sign
  const __mmask16 unordered = _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q);
  return _mm512_mask_blend_ps(unordered, _mm512_range_ps(a, b, 5), _mm512_set1_ps(__builtin_nanf("")));
}
TENON_INLINE __m512d largest(__m512d a, __m512d b) {
  const __mmask8 unordered = _mm512_cmp_pd_mask(a, b, _CMP_UNORD_Q);
  return _mm512_mask_blend_pd(unordered, _mm512_range_pd(a, b, 5), _mm512_set1_pd(__builtin_nan("")));
}
TENON_INLINE __m512 fma(__m512 a, __m512 b, __m512 c) { return _mm512_fmadd_ps(a, b, c); }
TENON_INLINE __m512d fma(__m512d a, __m512d b, __m512d c) { return _mm512_fmadd_pd(a, b, c); }
template <class Combine>
TENON_INLINE float fold(__m512 v, Combine combine) {
  const __m256 upper = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1));
  return fold(combine(_mm512_castps512_ps256(v), upper), combine);
}
template <class Combine>
TENON_INLINE double fold(__m512d v, Combine combine) {
  return fold(combine(_mm512_castpd512_pd256(v), _mm512_extractf64x4_pd(v, 1)), combine);
}
TENON_INLINE void transpose(__m512 (&r)[16]) {
  __m512 s[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 2) {
    s[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 4)
#pragma GCC unroll 2
    for (int h = 0; h < 2; ++h) {
      const __m512d x = _mm512_castps_pd(s[i + h]), y = _mm512_castps_pd(s[i + 2 + h]);
      r[i + 2 * h] = _mm512_castpd_ps(_mm512_unpacklo_pd(x, y));
      r[i + 2 * h + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(x, y));
    }
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    const __m512 a0 = _mm512_shuffle_f32x4(r[c], r[4 + c], 0x44),
                 a1 = _mm512_shuffle_f32x4(r[c], r[4 + c], 0xee);
    const __m512 b0 = _mm512_shuffle_f32x4(r[8 + c], r[12 + c], 0x44);
    const __m512 b1 = _mm512_shuffle_f32x4(r[8 + c], r[12 + c], 0xee);
    s[c] = _mm512_shuffle_f32x4(a0, b0, 0x88), s[4 + c] = _mm512_shuffle_f32x4(a0, b0, 0xdd);
    s[8 + c] = _mm512_shuffle_f32x4(a1, b1, 0x88), s[12 + c] = _mm512_shuffle_f32x4(a1, b1, 0xdd);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) r[i] = s[i];
}
TENON_INLINE void transpose(__m512d (&r)[8]) {
  __m512d s[8];
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    s[i] = _mm512_unpacklo_pd(r[i], r[i + 1]);
    s[i + 1] = _mm512_unpackhi_pd(r[i], r[i + 1]);
  }
#pragma GCC unroll 2
  for (int c = 0; c < 2; ++c) {
    const __m512d a0 = _mm512_shuffle_f64x2(s[c], s[2 + c], 0x44),
                  a1 = _mm512_shuffle_f64x2(s[c], s[2 + c], 0xee);
    const __m512d b0 = _mm512_shuffle_f64x2(s[4 + c], s[6 + c], 0x44);
    const __m512d b1 = _mm512_shuffle_f64x2(s[4 + c], s[6 + c], 0xee);
    r[c] = _mm512_shuffle_f64x2(a0, b0, 0x88), r[2 + c] = _mm512_shuffle_f64x2(a0, b0, 0xdd);
    r[4 + c] = _mm512_shuffle_f64x2(a1, b1, 0x88), r[6 + c] = _mm512_shuffle_f64x2(a1, b1, 0xdd);
  }
}
#elif defined(__AVX2__) && defined(__FMA__)
template <>
struct Native<float> {
  using type = __m256;
};
template <>
struct Native<double> {
  using type = __m256d;
};
TENON_INLINE __m256 set1(float x) { return _mm256_set1_ps(x); }
TENON_INLINE __m256d set1(double x) { return _mm256_set1_pd(x); }
TENON_INLINE __m256i first8(ptrdiff_t n) {
  return _mm256_cmpgt_epi32(
      _mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
TENON_INLINE __m256i first4(ptrdiff_t n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}
TENON_INLINE __m256 load(const float* p) { return _mm256_loadu_ps(p); }
TENON_INLINE __m256d load(const double* p) { return _mm256_loadu_pd(p); }
TENON_INLINE __m256 load(const float* p, ptrdiff_t n) { return _mm256_maskload_ps(p, first8(n)); }
TENON_INLINE __m256d load(const double* p, ptrdiff_t n) { return _mm256_maskload_pd(p, first4(n)); }
TENON_INLINE __m256 load(const float* p, ptrdiff_t n, __m256 rest) {
  return _mm256_blendv_ps(rest, load(p, n), _mm256_castsi256_ps(first8(n)));
}
TENON_INLINE __m256d load(const double* p, ptrdiff_t n, __m256d rest) {
  return _mm256_blendv_pd(rest, load(p, n), _mm256_castsi256_pd(first4(n)));
}
TENON_INLINE __m256 load_between(const float* p, ptrdiff_t begin, ptrdiff_t end) {
  return _mm256_maskload_ps(p, _mm256_andnot_si256(first8(begin), first8(end)));
}
TENON_INLINE __m256d load_between(const double* p, ptrdiff_t begin, ptrdiff_t end) {
  return _mm256_maskload_pd(p, _mm256_andnot_si256(first4(begin), first4(end)));
}
TENON_INLINE void store(float* p, __m256 v) { _mm256_storeu_ps(p, v); }
TENON_INLINE void store(double* p, __m256d v) { _mm256_storeu_pd(p, v); }
TENON_INLINE void store(float* p, __m256 v, ptrdiff_t n) { _mm256_maskstore_ps(p, first8(n), v); }
TENON_INLINE void store(double* p, __m256d v, ptrdiff_t n) { _mm256_maskstore_pd(p, first4(n), v); }
TENON_INLINE __m256 add(__m256 a, __m256 b) { return _mm256_add_ps(a, b); }
TENON_INLINE __m256d add(__m256d a, __m256d b) { return _mm256_add_pd(a, b); }
TENON_INLINE __m256 sub(__m256 a, __m256 b) { return _mm256_sub_ps(a, b); }
TENON_INLINE __m256d sub(__m256d a, __m256d b) { return _mm256_sub_pd(a, b); }
TENON_INLINE __m256 abs(__m256 a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
TENON_INLINE __m256d abs(__m256d a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a); }
// max(a, b) is b where a and b are equal, and max(b, a) is a: together they have the sign of +0.
TENON_INLINE __m256 largest(__m256 a, __m256 b) {
  const __m256 larger = _mm256_and_ps(_mm256_max_ps(a, b), _mm256_max_ps(b, a));
  return _mm256_or_ps(larger, _mm256_cmp_ps(a, b, _CMP_UNORD_Q));
}
TENON_INLINE __m256d largest(__m256d a, __m256d b) {
  const __m256d larger = _mm256_and_pd(_mm256_max_pd(a, b), _mm256_max_pd(b, a));
  return _mm256_or_pd(larger, _mm256_cmp_pd(a, b, _CMP_UNORD_Q));
}
TENON_INLINE __m256 fma(__m256 a, __m256 b, __m256 c) { return _mm256_fmadd_ps(a, b, c); }
TENON_INLINE __m256d fma(__m256d a, __m256d b, __m256d c) { return _mm256_fmadd_pd(a, b, c); }
TENON_INLINE void transpose(__m256 (&r)[8]) {
  __m256 s[8];
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4)
#pragma GCC unroll 2
    for (int h = 0; h < 2; ++h) {
      r[i + 2 * h] = _mm256_shuffle_ps(s[i + h], s[i + 2 + h], 0x44);
      r[i + 2 * h + 1] = _mm256_shuffle_ps(s[i + h], s[i + 2 + h], 0xee);
    }
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    s[c] = _mm256_permute2f128_ps(r[c], r[4 + c], 0x20);
    s[4 + c] = _mm256_permute2f128_ps(r[c], r[4 + c], 0x31);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) r[i] = s[i];
}
TENON_INLINE void transpose(__m256d (&r)[4]) {
  const __m256d a = _mm256_unpacklo_pd(r[0], r[1]), b = _mm256_unpackhi_pd(r[0], r[1]);
  const __m256d c = _mm256_unpacklo_pd(r[2], r[3]), d = _mm256_unpackhi_pd(r[2], r[3]);
  r[0] = _mm256_permute2f128_pd(a, c, 0x20), r[1] = _mm256_permute2f128_pd(b, d, 0x20);
  r[2] = _mm256_permute2f128_pd(a, c, 0x31), r[3] = _mm256_permute2f128_pd(b, d, 0x31);
}
#else
// Portable: the compiler's 16-byte vectors. Without FMA hardware each lane calls libm, which is slow but
// gives the same bits.
template <>
struct Native<float> {
  typedef float type __attribute__((vector_size(16)));
};
template <>
struct Native<double> {
  typedef double type __attribute__((vector_size(16)));
};
TENON_INLINE V<float> set1(float x) { return V<float>{x, x, x, x}; }
TENON_INLINE V<double> set1(double x) { return V<double>{x, x}; }
template <class T>
TENON_INLINE V<T> load(const T* p) {
  V<T> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
template <class T>
TENON_INLINE V<T> load(const T* p, ptrdiff_t n, V<T> rest) {
  for (int i = 0; i < W<T>; ++i) rest[i] = i < n ? p[i] : rest[i];
  return rest;
}
template <class T>
TENON_INLINE V<T> load(const T* p, ptrdiff_t n) {
  return load(p, n, V<T>{});
}
template <class T>
TENON_INLINE V<T> load_between(const T* p, ptrdiff_t begin, ptrdiff_t end) {
  V<T> v{};
  for (ptrdiff_t i = begin; i < end; ++i) v[i] = p[i];
  return v;
}
TENON_INLINE void store(float* p, V<float> v) { __builtin_memcpy(p, &v, sizeof v); }
TENON_INLINE void store(double* p, V<double> v) { __builtin_memcpy(p, &v, sizeof v); }
template <class T>
TENON_INLINE void store(T* p, V<T> v, ptrdiff_t n) {
  for (int i = 0; i < n; ++i) p[i] = v[i];
}
TENON_INLINE V<float> add(V<float> a, V<float> b) { return a + b; }
TENON_INLINE V<double> add(V<double> a, V<double> b) { return a + b; }
TENON_INLINE V<float> sub(V<float> a, V<float> b) { return a - b; }
TENON_INLINE V<double> sub(V<double> a, V<double> b) { return a - b; }
TENON_INLINE V<float> abs(V<float> a) {
  return V<float>{num::abs(a[0]), num::abs(a[1]), num::abs(a[2]), num::abs(a[3])};
}
TENON_INLINE V<double> abs(V<double> a) { return V<double>{num::abs(a[0]), num::abs(a[1])}; }
// Inlining calls of libm would slow down compilation and gain nothing.
#if defined(__FP_FAST_FMA)
#define TENON_FMA TENON_INLINE
#else
#define TENON_FMA [[gnu::noinline, maybe_unused]] static
#endif
TENON_FMA V<float> fma(V<float> a, V<float> b, V<float> c) {
  return V<float>{num::fma(a[0], b[0], c[0]), num::fma(a[1], b[1], c[1]), num::fma(a[2], b[2], c[2]),
      num::fma(a[3], b[3], c[3])};
}
TENON_FMA V<double> fma(V<double> a, V<double> b, V<double> c) {
  return V<double>{num::fma(a[0], b[0], c[0]), num::fma(a[1], b[1], c[1])};
}
template <class Combine>
TENON_INLINE float fold(V<float> v, Combine combine) {
  return combine(combine(v[0], v[2]), combine(v[1], v[3]));
}
template <class Combine>
TENON_INLINE double fold(V<double> v, Combine combine) {
  return combine(v[0], v[1]);
}
TENON_INLINE void transpose(V<float> (&r)[4]) {
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < i; ++j) {
      const float t = r[i][j];
      r[i][j] = r[j][i];
      r[j][i] = t;
    }
}
TENON_INLINE void transpose(V<double> (&r)[2]) {
  const double t = r[0][1];
  r[0][1] = r[1][0];
  r[1][0] = t;
}
#endif

template <class T>
TENON_INLINE V<T> zero() {
  return set1(T(0));
}

/// A vector of 64-bit words.
using Words64 [[gnu::vector_size(sizeof(V<double>))]] = uint64_t;
TENON_INLINE Words64 load(const uint64_t* p) {
  Words64 v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
TENON_INLINE void store(uint64_t* p, Words64 v) { __builtin_memcpy(p, &v, sizeof v); }
/// The products of their lower halves.
TENON_INLINE Words64 multiply_lower(Words64 a, Words64 b) {
#if defined(__AVX512F__)
  return (Words64)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
  return (Words64)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#else
  return (a & 0xffffffffu) * (b & 0xffffffffu);
#endif
}

// Of halves of vectors, and of single lanes.
template <class Vector>
TENON_INLINE Vector largest(Vector a, Vector b) {
  using Bits = decltype(a == b);
  return ((a > b) | (a != a)) ? a : a == b ? (Vector)((Bits)a & (Bits)b) : b;
}
TENON_INLINE float largest(float a, float b) { return num::largest(a, b); }
TENON_INLINE double largest(double a, double b) { return num::largest(a, b); }

/// The functions that reductions need besides operators, for vectors of W or fewer lanes.
struct VectorMath {
  template <class Vector>
  [[gnu::always_inline]] static Vector fma(Vector a, Vector b, Vector c) {
    return TENON_ISA::fma(a, b, c);
  }
  template <class Vector>
  [[gnu::always_inline]] static Vector abs(Vector a) {
    return TENON_ISA::abs(a);
  }
  template <class Vector>
  [[gnu::always_inline]] static Vector largest(Vector a, Vector b) {
    return TENON_ISA::largest(a, b);
  }
};

}  // namespace
}  // namespace tenon::kernels::cpu::TENON_ISA
