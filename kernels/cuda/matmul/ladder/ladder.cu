// Launches the rung of the ladder that a program asks for.
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/cuda/matmul/ladder/ladder.h>
#include <tenon/kernels/cuda/matmul/batch.cuh>
#include <tenon/kernels/cuda/matmul/ladder/coalesced.cuh>
#include <tenon/kernels/cuda/matmul/ladder/naive.cuh>
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
