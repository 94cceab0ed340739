// A model of the product that tensor cores compute from pieces (kernels/arith/split.h).
#pragma once
#include <tenon/kernels/arith/split.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace tenon::test {

inline float truncated(double x) {
  const auto nearest = static_cast<float>(x);
  return std::abs(double{nearest}) > std::abs(x) && !std::isinf(nearest) ? std::nextafter(nearest, 0.0f)
                                                                         : nearest;
}

/// One element of a product, of a[k] and b[k]: 16 products at a time are added to an accumulator, in float64,
/// which is then truncated to float32. With one piece there is no correction.
inline float product_of_pieces(const std::vector<float>& a, const std::vector<float>& b, int pieces = 3) {
  const std::size_t k_end = a.size();
  float total = 0, main = 0, correction = 0;
  for (std::size_t k0 = 0; k0 < k_end; k0 += 16) {
    const auto add = [&](float to, std::uint16_t arith::Pieces::*left, std::uint16_t arith::Pieces::*right) {
      double sum = to;
      for (std::size_t k = k0; k < std::min(k0 + 16, k_end); ++k)
        sum += double{arith::float_of_bfloat16(arith::split(a[k]).*left)} *
               arith::float_of_bfloat16(arith::split(b[k]).*right);
      return truncated(sum);
    };
    using P = arith::Pieces;
    main = add(main, &P::hi, &P::hi);
    if (pieces == 3) {
      correction = add(correction, &P::hi, &P::lo);
      correction = add(correction, &P::mid, &P::mid);
      correction = add(correction, &P::lo, &P::hi);
      correction = add(correction, &P::hi, &P::mid);
      correction = add(correction, &P::mid, &P::hi);
    }
    if ((k0 + 16) % arith::split_chunk == 0 || k0 + 16 >= k_end) {
      total += main;
      main = 0;
    }
  }
  return arith::split_sum(total, correction);
}

}  // namespace tenon::test
