// The constants of the summation orders CHAIN, R and that of cumsum (docs/numerics.md sections 2 and 3).
// Changing any of them changes results, both on the CPU and on CUDA.
#pragma once
#include <stdint.h>

#include <tenon/kernels/arith/host_device.h>

namespace tenon::arith {

/// CHAIN: an element of a matrix product is one chain of fused multiply-adds per chunk of this many values of
/// k; the results of the chunks are added in order.
inline constexpr int64_t chain_chunk = 512;

/// A product with one column uses order R beyond this length, where CHAIN would be one long chain per row.
inline constexpr int64_t longest_chain_of_a_column = 16;

/// R: a sum is split into chunks of this many elements, whose results are summed by R in turn, level by
/// level.
inline constexpr int64_t reduce_chunk = 1024;
/// Element i of a chunk is added to partial sum i % reduce_partials. The partial sums of a chunk are added by
/// a halving tree: p[j] += p[j + h] for h = 64, 32, ... 1.
inline constexpr int reduce_partials = 128;

/// The number of chunks of n elements.
TENON_HOST_DEVICE constexpr int64_t reduce_chunks(int64_t n) { return (n + reduce_chunk - 1) / reduce_chunk; }

/// cumsum: chunks of this many elements have running sums of their own, to which the running sums of the
/// chunks' totals are added.
inline constexpr int64_t scan_chunk = 128;
TENON_HOST_DEVICE constexpr int64_t scan_chunks(int64_t n) { return (n + scan_chunk - 1) / scan_chunk; }

}  // namespace tenon::arith
