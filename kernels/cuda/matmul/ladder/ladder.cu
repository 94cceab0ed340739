// Launches the rung of the ladder that a program asks for.
#include <algorithm>
#include <type_traits>

#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/cuda/matmul/ladder/ladder.h>
#include <tenon/kernels/cuda/matmul/batch.cuh>
#include <tenon/kernels/cuda/matmul/ladder/coalesced.cuh>
#include <tenon/kernels/cuda/matmul/ladder/naive.cuh>
#include <tenon/kernels/cuda/matmul/ladder/persistent.cuh>
#include <tenon/kernels/cuda/matmul/ladder/shared_tile.cuh>
#include <tenon/kernels/cuda/matmul/ladder/thread_column.cuh>
#include <tenon/kernels/cuda/matmul/ladder/thread_tile.cuh>
#include <tenon/kernels/cuda/matmul/ladder/vectorized.cuh>
#include <tenon/kernels/cuda/matmul/ladder/warp_tile.cuh>

namespace tenon::kernels::cuda {
namespace {

/// Whether an operand can be read 16 bytes at a time, along its lines or along k.
template <class T>
bool packs_either_way(const T* p, std::int64_t line_stride, std::int64_t lines, std::int64_t k_stride,
    std::int64_t k, const Batch& batch, int operand) {
  return k_stride == 1 ? k % pack_width<T> == 0 && packs(p, k_stride, line_stride, batch, operand)
                       : lines % pack_width<T> == 0 && packs(p, line_stride, k_stride, batch, operand);
}

template <class Rung, class T>
void launch_as(Stream stream, const Product<T>& p, const Batch& batch) {
  const bool vec = packs_either_way(p.a, p.a_row, p.m, p.a_col, p.k, batch, 0) &&
                   packs_either_way(p.b, p.b_col, p.n, p.b_row, p.k, batch, 1);
  in_parts(p, batch, Rung::blocks(p), [&](const Product<T>& part, std::int64_t blocks) {
    launch({stream, Rung::name, {p.m, p.k, p.n}}, Rung::template kernel<T>(vec), blocks,
        Rung::template threads<T>, part);
  });
}

/// As many blocks as the device runs at once, or fewer if there are fewer tiles.
template <class T>
void launch_persistent(Stream stream, const Product<T>& p, const Batch& batch) {
  using S = std::conditional_t<std::is_same_v<T, float>, Tile<T, 64, 128, 16, 32, 64, 8, 8, 2>,
      Tile<T, 64, 64, 8, 32, 32, 8, 4, 2>>;
  const bool ta = p.a_row == 1, tb = p.b_row == 1, vec = packs(p, batch, ta, tb);
  auto kernel = matmul_persistent<S, T, false, false, false>;
  if (vec && ta)
    kernel = tb ? matmul_persistent<S, T, true, true, true> : matmul_persistent<S, T, true, false, true>;
  else if (vec)
    kernel = tb ? matmul_persistent<S, T, false, true, true> : matmul_persistent<S, T, false, false, true>;
  in_parts(p, batch, tiles_of<S::BM, S::BN>(p), [&](const Product<T>& part, std::int64_t tiles) {
    const std::int64_t at_once = std::int64_t{S::blocks} * tenon::cuda::multiprocessors(stream);
    launch_with_shared(sizeof(TileMemory<S>), {stream, "matmul_persistent", {p.m, p.k, p.n}}, kernel,
        std::min(tiles, at_once), S::threads, part, static_cast<unsigned>(tiles));
  });
}

template <class T>
bool launch_any(MatmulKernel rung, Stream stream, const Product<T>& p, const Batch& batch) {
  switch (rung) {
    case MatmulKernel::naive: launch_as<Naive>(stream, p, batch); break;
    case MatmulKernel::coalesced: launch_as<Coalesced>(stream, p, batch); break;
    case MatmulKernel::shared_tile: launch_as<SharedTile>(stream, p, batch); break;
    case MatmulKernel::thread_column: launch_as<ThreadColumn>(stream, p, batch); break;
    case MatmulKernel::thread_tile: launch_as<ThreadTile>(stream, p, batch); break;
    case MatmulKernel::vectorized: launch_as<Vectorized>(stream, p, batch); break;
    case MatmulKernel::warp_tile: launch_as<WarpTile>(stream, p, batch); break;
    case MatmulKernel::persistent: launch_persistent(stream, p, batch); break;
    case MatmulKernel::pipelined:
    case MatmulKernel::elements:
    case MatmulKernel::skinny:
    case MatmulKernel::automatic: return false;  // matmul.cu has these
  }
  return true;
}

}  // namespace

bool launch_rung(MatmulKernel rung, Stream stream, const Product<float>& p, const Batch& batch) {
  return launch_any(rung, stream, p, batch);
}
bool launch_rung(MatmulKernel rung, Stream stream, const Product<double>& p, const Batch& batch) {
  return launch_any(rung, stream, p, batch);
}

}  // namespace tenon::kernels::cuda
