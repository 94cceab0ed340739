// A bitonic network over each line, as if it had a power of two of elements: a line of 2^m is sorted by
// merging sorted halves of 2, 4, ... 2^m elements. The first step of a merge compares elements that mirror
// each other, the others elements at half the distance of the step before; all put the one that comes first
// at the lower place. So the elements that a line lacks would stay at its end, and steps that would touch
// them are left out. Steps up to the distance of a tile run in shared memory. Positions tell equal elements
// apart, so any network gives the one result.
#include <bit>

#include <tenon/kernels/arith/sorted.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/sort.h>

namespace tenon::kernels::cuda {
namespace {

using arith::Placed;

/// The elements that a block has in shared memory: of one line, or of several short ones.
inline constexpr int tile = 1024;

/// Lines of `length` elements, at places 0 ... length - 1 of `width`, a power of two.
template <class T>
struct SortJob {
  std::int64_t lines, length, width;
  bool descending;
  T* values;
  std::int64_t* indices;
  const T* a;
};

/// A step compares pairs of places: pair t of one with distance d, or of the first one of a merge.
struct Pair {
  std::int64_t low, high;
  __device__ Pair(std::int64_t t, std::int64_t d, bool mirrors) {
    const std::int64_t start = t / d * 2 * d, offset = t % d;
    low = start + offset;
    high = mirrors ? start + 2 * d - 1 - offset : low + d;
  }
};

template <class T>
__device__ inline void put_in_order(bool descending, Placed<T>& low, Placed<T>& high) {
  if (!arith::is_before(descending, high, low)) return;
  const Placed<T> first = high;
  high = low;
  low = first;
}

/// All steps within a tile: with `starts` of all merges, whose elements are read from a; else the last ones
/// of a merge across tiles.
template <class T>
__global__ void __launch_bounds__(block_threads)
    sort_tiles(const __grid_constant__ SortJob<T> job, bool starts) {
  SIMT_SHARED(held, Placed<T>[tile]);
  const std::int64_t places = job.lines * job.width;
  for (std::int64_t first = std::int64_t{blockIdx.x} * tile; first < places;
       first += std::int64_t{gridDim.x} * tile) {
    // Where a place of the tile is in its line, and whether there is an element.
    const auto in_line = [&](std::int64_t p) { return (first + p) % job.width; };
    const auto is_there = [&](std::int64_t p) { return first + p < places && in_line(p) < job.length; };
    const auto element = [&](std::int64_t p) { return (first + p) / job.width * job.length + in_line(p); };
    for (int p = static_cast<int>(threadIdx.x); p < tile; p += block_threads)
      if (is_there(p)) {
        const std::int64_t at = element(p);
        if (starts) held[p] = {job.a[at], in_line(p)};
        else held[p] = {job.values[at], job.indices[at]};
      }
    const auto step = [&](int d, bool mirrors) {
      __syncthreads();
      for (int t = static_cast<int>(threadIdx.x); t < tile / 2; t += block_threads) {
        const Pair pair(t, d, mirrors);
        if (is_there(pair.low) && is_there(pair.high))
          put_in_order(job.descending, held[pair.low], held[pair.high]);
      }
    };
    const int most = job.width < tile ? static_cast<int>(job.width) : tile;
    for (int merged = starts ? 2 : most; merged <= most; merged *= 2)
      for (int d = merged / 2; d > 0; d /= 2) step(d, starts && d == merged / 2);
    __syncthreads();
    for (int p = static_cast<int>(threadIdx.x); p < tile; p += block_threads)
      if (is_there(p)) {
        const std::int64_t at = element(p);
        job.values[at] = held[p].value;
        job.indices[at] = held[p].at;
      }
    __syncthreads();  // before the next tile
  }
}

/// One step across tiles.
template <class T>
__global__ void __launch_bounds__(block_threads)
    sort_step(const __grid_constant__ SortJob<T> job, std::int64_t d, bool mirrors) {
  const std::int64_t pairs = job.width / 2;
  for (std::int64_t unit = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; unit < job.lines * pairs;
       unit += std::int64_t{gridDim.x} * blockDim.x) {
    const Pair pair(unit % pairs, d, mirrors);
    if (pair.high >= job.length) continue;
    const std::int64_t line = unit / pairs * job.length, i = line + pair.low, j = line + pair.high;
    Placed<T> low{job.values[i], job.indices[i]}, high{job.values[j], job.indices[j]};
    if (!arith::is_before(job.descending, high, low)) continue;
    job.values[i] = high.value, job.indices[i] = high.at;
    job.values[j] = low.value, job.indices[j] = low.at;
  }
}

}  // namespace

void sort(Stream stream, DType dtype, std::int64_t lines, std::int64_t length, bool descending, Places,
    void* values, std::int64_t* indices, const void* a) {
  if (lines * length == 0) return;
  visit_any(dtype, [&]<class From>(std::type_identity<From>) {
    using T = Stored<From>;
    const auto width = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(length)));
    const SortJob<T> job{
        lines, length, width, descending, static_cast<T*>(values), indices, static_cast<const T*>(a)};
    const auto tiles = [&](bool starts) {
      launch({stream, "sort_tiles", {lines, length}}, sort_tiles<T>, blocks_for(stream, lines * width, tile),
          block_threads, job, starts);
    };
    tiles(true);
    for (std::int64_t merged = 2 * tile; merged <= width; merged *= 2) {
      for (std::int64_t d = merged / 2; d >= tile; d /= 2)
        launch({stream, "sort_step", {lines, length}}, sort_step<T>,
            blocks_for(stream, lines * width / 2, block_threads), block_threads, job, d, d == merged / 2);
      tiles(false);
    }
  });
}

}  // namespace tenon::kernels::cuda
