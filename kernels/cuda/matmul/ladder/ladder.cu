// Launches the rung of the ladder that a program asks for.
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
  constexpr bool single = std::is_same_v<T, float>;
  using S = Tile<T, 64, single ? 128 : 64, single ? 16 : 8, 32, single ? 64 : 32, 8, single ? 8 : 4, 2>;
  const bool ta = p.a_row == 1, tb = p.b_row == 1;
  const bool vec = (ta ? p.m % S::W == 0 && packs(p.a, p.a_row, p.a_col, batch, 0) : p.a_col == 1) &&
                   (tb ? true : p.n % S::W == 0 && packs(p.b, p.b_col, p.b_row, batch, 1));
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
void launch_any(MatmulKernel rung, Stream stream, const Product<T>& p, const Batch& batch) {
  switch (rung) {
    case MatmulKernel::naive: return launch_as<Naive>(stream, p, batch);
    case MatmulKernel::coalesced: return launch_as<Coalesced>(stream, p, batch);
    case MatmulKernel::shared_tile: return launch_as<SharedTile>(stream, p, batch);
    case MatmulKernel::thread_column: return launch_as<ThreadColumn>(stream, p, batch);
    case MatmulKernel::thread_tile: return launch_as<ThreadTile>(stream, p, batch);
    case MatmulKernel::vectorized: return launch_as<Vectorized>(stream, p, batch);
    case MatmulKernel::warp_tile: return launch_as<WarpTile>(stream, p, batch);
    case MatmulKernel::persistent: return launch_persistent(stream, p, batch);
    case MatmulKernel::pipelined:
    case MatmulKernel::elements:
    case MatmulKernel::skinny:
    case MatmulKernel::automatic: break;  // matmul.cu
  }
}

}  // namespace

void launch_rung(MatmulKernel rung, Stream stream, const Product<float>& p, const Batch& batch) {
  launch_any(rung, stream, p, batch);
}
void launch_rung(MatmulKernel rung, Stream stream, const Product<double>& p, const Batch& batch) {
  launch_any(rung, stream, p, batch);
}

}  // namespace tenon::kernels::cuda
