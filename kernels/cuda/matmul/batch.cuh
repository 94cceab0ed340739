// Batches of products: their alignment, and grids for batches of every size.
#pragma once
#include <tenon/core/check.h>
#include <tenon/kernels/matmul.h>
#include <tenon/kernels/cuda/matmul/product.cuh>

namespace tenon::kernels::cuda {

/// True when the lines of an operand, one of which begins every `line` elements, can be read 16 bytes at a
/// time, in all matrices of the batch; neighbours in a line are `step` apart.
template <class T>
bool packs(const T* p, std::int64_t step, std::int64_t line, const Batch& batch, int operand) {
  bool even = step == 1 && line % pack_width<T> == 0 && is_aligned(p);
  for (int d = 0; d < batch.rank; ++d) even = even && batch.stride[operand][d] % pack_width<T> == 0;
  return even;
}

/// True when Feed can copy both operands with Vec: neighbours are adjacent, along m if `ta`, else along k, in
/// A, and along k if `tb`, else along n, in B.
template <class T>
bool packs(const Product<T>& p, const Batch& batch, bool ta, bool tb) {
  constexpr int W = pack_width<T>;
  return (ta ? p.m % W == 0 && packs(p.a, p.a_row, p.a_col, batch, 0) : p.a_col == 1) &&
         (tb ? p.b_row == 1 : p.n % W == 0 && packs(p.b, p.b_col, p.b_row, batch, 1));
}

/// Calls run(p, blocks) for parts of the batch that need at most most_items blocks, of which each product
/// needs `each`.
template <class T, class Run>
void in_parts(const Product<T>& all, const Batch& batch, std::int64_t each, const Run& run) {
  check(each <= most_items, "matmul: {} blocks exceed the CUDA limit of {}", each, most_items);
  for_runs(
      batch, most_items / each, [&](const Batch& part, std::int64_t first, const std::int64_t(&offset)[2]) {
        Product<T> p = all;
        p.a += offset[0], p.b += offset[1], p.c += first * p.m * p.n;
        p.batch = static_cast<unsigned>(part.count());
        p.items = Offsets<2>(part);
        run(p, part.count() * each);
      });
}

}  // namespace tenon::kernels::cuda
