// A float32 as three bfloat16 pieces, so that tensor cores, which multiply bfloat16 and add in float32, can
// compute a product of float32 matrices (kernels/cuda/matmul/tensor_cores.cuh).
//
//   x = hi + mid + lo, each piece the rest rounded to the nearest bfloat16, ties to even: 8 bits of 24 each
//   x y = hh + (hm + mh) + (hl + mm + lh)   the products dropped, ml, lm and ll, are below 2^-23 |x y|
//
// Per element of C[m, n] = A[m, k] B[k, n], in the tensor core's own order and rounding:
//
//   main        sums hh; every split_chunk of k it is added to a float32 total and starts from 0, since
//               tensor cores truncate each sum to float32, which adds up with the length
//   correction  sums the other five, 2^-8 and less of main, over all of k, in an accumulator of its own:
//               main would truncate their low bits
//   c           split_sum(total, correction)
//
// Values that do not behave as in float32:
//   * An infinity has the pieces (inf, 0, 0) and a NaN (NaN, 0, 0). Their corrections may be NaN, as inf * 0
//     is, so split_sum returns a total that is not finite as it is.
//   * |x| below 2^-109 loses low bits, as its pieces get smaller than bfloat16 reaches. |x| <= 2^-134 becomes
//     0, and its product with an infinity NaN.
//   * A product above 2^128 (1 - 2^-8) may be infinite, as the pieces hi may be rounded up.
#pragma once
#include <stdint.h>

#include <tenon/kernels/arith/host_device.h>

namespace tenon::arith {

inline constexpr int64_t split_chunk = 128;

/// Each the bits of a bfloat16.
struct Pieces {
  uint16_t hi, mid, lo;
};

TENON_HOST_DEVICE uint32_t float_bits(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}
TENON_HOST_DEVICE float float_of_bfloat16(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float x;
  __builtin_memcpy(&x, &wide, sizeof x);
  return x;
}
/// The nearest bfloat16, ties to even, but the largest finite one where that would be infinite. x is finite.
TENON_HOST_DEVICE uint16_t nearest_bfloat16(float x) {
  const uint32_t bits = float_bits(x);
  const uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
  return static_cast<uint16_t>(((rounded & 0x7fffffff) < 0x7f800000 ? rounded : bits) >> 16);
}
TENON_HOST_DEVICE Pieces split(float x) {
  const uint32_t bits = float_bits(x), magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x7f800000)  // a NaN must not become an infinity by losing its low bits
    return {static_cast<uint16_t>(bits >> 16 | (magnitude > 0x7f800000 ? 0x40 : 0)), 0, 0};
  const uint16_t hi = nearest_bfloat16(x);
  const float rest = x - float_of_bfloat16(hi);  // exact
  const uint16_t mid = nearest_bfloat16(rest);
  return {hi, mid, nearest_bfloat16(rest - float_of_bfloat16(mid))};
}
TENON_HOST_DEVICE float split_sum(float total, float correction) {
  const bool finite = (float_bits(total) & 0x7fffffff) < 0x7f800000;
  return finite ? total + correction : total;
}

}  // namespace tenon::arith
