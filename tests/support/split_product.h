// A model of the product that tensor cores compute from pieces (kernels/arith/split.h).
#pragma once
#include <tenon/kernels/arith/split.h>

#include <algorithm>
#include <vector>

#include "../simt_emu/tensor_core.h"

namespace tenon::test {

/// One element of a product, of a[k] and b[k]. With one piece there is no correction.
inline float product_of_pieces(const std::vector<float>& a, const std::vector<float>& b, int pieces = 3) {
  const std::size_t k_end = a.size();
  float total = 0, main = 0, correction = 0;
  for (std::size_t k0 = 0; k0 < k_end; k0 += 16) {
    const auto add = [&](float to, std::uint16_t arith::Pieces::*left, std::uint16_t arith::Pieces::*right) {
      double products[16] = {};
      for (std::size_t k = k0; k < std::min(k0 + 16, k_end); ++k)
        products[k - k0] = double{arith::float_of_bfloat16(arith::split(a[k]).*left)} *
                           arith::float_of_bfloat16(arith::split(b[k]).*right);
      return simt::emu::tensor_core_sum(to, products);
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
