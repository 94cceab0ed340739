// Positions of extremes: a block has the lanes of one or several outputs, each of which compares every n-th
// element; then the lanes' elements are compared in shared memory. The position decides between equal
// elements, so no order of the comparisons changes the result.
#include <bit>

#include <tenon/kernels/arg_reduce.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/cuda/ticket.cuh>

namespace tenon::kernels::cuda {
namespace {

template <class T>
struct ArgExtreme {
  Indexed layout;
  std::int64_t outputs, units;  // a unit is a block's share of its outputs
  int lanes, parts;             // threads of an output in a block, and blocks of an output
  bool beside, largest;         // beside: neighbouring threads have neighbouring outputs
  std::int64_t* out;
  const T* a;
  std::int64_t* found;  // [outputs, parts]
  unsigned* tickets;
};

/// An element and its position, -1 if there is none.
template <class T>
struct Candidate {
  T value;
  std::int64_t at;
};

template <class T>
__device__ inline bool beats(bool largest, T x, T y) {
  return (largest ? x > y : x < y) || (x != x && y == y);
}
template <class T>
__device__ inline Candidate<T> better(bool largest, const Candidate<T>& p, const Candidate<T>& q) {
  if (q.at < 0) return p;
  if (p.at < 0 || beats(largest, q.value, p.value)) return q;
  return q.at < p.at && !beats(largest, p.value, q.value) ? q : p;
}

template <class T>
__global__ void __launch_bounds__(block_threads) arg_extreme(const __grid_constant__ ArgExtreme<T> job) {
  SIMT_SHARED(shared, Candidate<T>[block_threads]);
  const int thread = static_cast<int>(threadIdx.x), slots = block_threads / job.lanes;
  const int slot = job.beside ? thread % slots : thread / job.lanes;
  const int lane = job.beside ? thread / slots : thread % job.lanes;
  Candidate<T>* const mine = shared + lane * slots + slot;
  for (std::int64_t unit = blockIdx.x; unit < job.units; unit += gridDim.x) {
    // Threads past the last output read that one, and do not write.
    const std::int64_t group = unit / job.parts, want = group * slots + slot,
                       o = want < job.outputs ? want : job.outputs - 1;
    const bool writes = lane == 0 && o == want;
    const int part = static_cast<int>(unit % job.parts);
    const std::int64_t inner = job.layout.inner;
    const T* const from = job.a + o / inner * job.layout.size * inner + o % inner;
    // The best of every `step`-th of n positions; lane 0 returns that of its output.
    const auto best_of = [&](std::int64_t first, std::int64_t n, std::int64_t step, const auto& position) {
      Candidate<T> best{T(0), -1};
      for (std::int64_t k = first; k < n; k += step) {
        const std::int64_t at = position(k);
        best = better(job.largest, best, {from[at * inner], at});
      }
      *mine = best;
      for (int h = job.lanes / 2; h > 0; h /= 2) {
        __syncthreads();
        if (lane < h) *mine = best = better(job.largest, best, mine[h * slots]);
      }
      __syncthreads();  // before the next elements
      return best.at;
    };
    const std::int64_t at = best_of(std::int64_t{part} * job.lanes + lane, job.layout.size,
        std::int64_t{job.parts} * job.lanes, [](std::int64_t k) { return k; });
    if (job.parts == 1) {
      if (writes) job.out[o] = at;
      continue;
    }
    std::int64_t* const found = job.found + o * job.parts;
    if (writes) found[part] = at;
    if (!is_last_block(job.tickets + group, static_cast<unsigned>(job.parts))) continue;
    const std::int64_t last =
        best_of(lane, job.parts, job.lanes, [&](std::int64_t k) { return __ldcg(found + k); });
    if (writes) job.out[o] = last;
  }
}

}  // namespace

void arg_extreme(Stream stream, DType dtype, Indexed layout, bool largest, std::int64_t* out, const void* a) {
  const std::int64_t outputs = layout.outer * layout.inner;
  if (outputs == 0) return;
  // Enough lanes that each has several elements; beside each other, at least 32 outputs per block, so that a
  // warp reads neighbours.
  const bool beside = layout.inner >= 32;
  const auto wanted = std::bit_ceil(
      static_cast<std::uint64_t>(std::clamp<std::int64_t>(layout.size / 4, 1, beside ? 8 : block_threads)));
  const int lanes = static_cast<int>(wanted);
  const std::int64_t groups = (outputs + block_threads / lanes - 1) / (block_threads / lanes);
  // Long outputs that are too few for the device are shared by several blocks.
  const std::int64_t busy = 4 * std::int64_t{tenon::cuda::multiprocessors(stream)};
  const int parts = static_cast<int>(std::clamp<std::int64_t>(
      std::min(busy / groups, layout.size / (16 * lanes)), 1, groups > tenon::cuda::ticket_count ? 1 : 1024));
  visit_number("arg_extreme", dtype, [&]<class T>(std::type_identity<T>) {
    const Scratch found(
        stream, parts > 1 ? static_cast<std::size_t>(outputs * parts) * sizeof(std::int64_t) : 0);
    const ArgExtreme<T> job{layout, outputs, groups * parts, lanes, parts, beside, largest, out,
        static_cast<const T*>(a), found.as<std::int64_t>(), tenon::cuda::tickets(stream)};
    // Blocks that wait for tickets are all there.
    launch({stream, "arg_extreme", {layout.outer, layout.size, layout.inner}}, arg_extreme<T>,
        parts > 1 ? job.units : blocks_for(stream, job.units, 1), block_threads, job);
  });
}

}  // namespace tenon::kernels::cuda
