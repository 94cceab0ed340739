// Launches products on tensor cores. Without TENON_TENSOR_CORES there are none.
#include <tenon/kernels/cuda/matmul/tensor_cores.h>

#if TENON_TENSOR_CORES
#include <algorithm>

#include <tenon/core/matmul_precision.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/cuda/matmul/batch.cuh>
#include <tenon/kernels/cuda/matmul/tensor_cores.cuh>
#endif

namespace tenon::kernels::cuda {

#if TENON_TENSOR_CORES
namespace {

template <int Pieces>
void launch_pieces(Stream stream, const Product<float>& all, const Batch& batch) {
  const std::int64_t down = tiles_in(all.m, tile_lines), across = tiles_in(all.n, tile_lines),
                     steps = tiles_in(all.k, tile_depth);
  const auto is_shared = [&](int operand) {
    const auto& stride = batch.stride[operand];
    return std::all_of(stride, stride + batch.rank, [](std::int64_t step) { return step == 0; });
  };
  const std::int64_t a_item = is_shared(0) ? 0 : down * steps, b_item = is_shared(1) ? 0 : across * steps;
  const std::int64_t blocks = std::max({down * across, down * steps, across * steps});
  // What the pieces of a batch may take at once, if one product does not need more.
  constexpr std::int64_t most_bytes = std::int64_t{1} << 30;
  const std::int64_t bytes = (a_item + b_item) * static_cast<std::int64_t>(sizeof(PieceTiles<Pieces>)),
                     at_once = std::max<std::int64_t>(1, most_bytes / std::max<std::int64_t>(1, bytes));
  in_parts(all, batch, std::max(blocks, most_items / at_once), [&](const Product<float>& p, std::int64_t) {
    using Tiles = PieceTiles<Pieces>;
    const std::int64_t a_tiles = a_item ? a_item * p.batch : down * steps,
                       b_tiles = b_item ? b_item * p.batch : across * steps;
    const Scratch a(stream, static_cast<std::size_t>(a_tiles) * sizeof(Tiles)),
        b(stream, static_cast<std::size_t>(b_tiles) * sizeof(Tiles));
    const auto split = [&](int operand, std::int64_t tiles, Tiles* to) {
      launch({stream, "split_operand", {operand ? p.n : p.m, p.k}}, split_operand<Pieces>, tiles,
          split_threads, p, operand, to);
    };
    split(0, a_tiles, a.as<Tiles>());
    split(1, b_tiles, b.as<Tiles>());
    launch_with_shared(sizeof(Stages<Pieces>), {stream, "matmul_tensor_cores", {p.m, p.k, p.n}},
        matmul_tensor_cores<Pieces>, down * across * p.batch, tensor_core_threads, p,
        InPieces<Pieces>{a.as<Tiles>(), b.as<Tiles>(), a_item, b_item});
  });
}

}  // namespace

bool launch_tensor_cores(Stream stream, const Product<float>& p, const Batch& batch) {
  const MatmulPrecision precision = float32_matmul_precision();
  if (precision == MatmulPrecision::highest || std::min({p.m, p.n, p.k}) < tile_lines) return false;
  // Each block computes its tile alone, and with many multiprocessors idle the others would be faster. A
  // third is an estimate.
  const std::int64_t tiles =
      std::int64_t{tiles_in(p.m, tile_lines)} * tiles_in(p.n, tile_lines) * batch.count();
  if (3 * tiles < tenon::cuda::multiprocessors(stream) || !tenon::cuda::is_hopper(stream.device()))
    return false;
  if (precision == MatmulPrecision::high) launch_pieces<3>(stream, p, batch);
  else launch_pieces<1>(stream, p, batch);
  return true;
}
#else
bool launch_tensor_cores(Stream, const Product<float>&, const Batch&) { return false; }
#endif

}  // namespace tenon::kernels::cuda
