// The matrix product in order CHAIN (docs/numerics.md section 2): chooses between register tiles (tiles.cuh),
// one row or column per thread where there are few of the others (skinny.cuh) and, for products too small for
// either, one thread per element (elements.cuh). A product with one column is order R, a reduction
// (reduce/reduce.cu). Programs that give up the order may get tensor cores (tensor_cores.cu).
#include <cmath>

#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/cuda/matmul/ladder/ladder.h>
#include <tenon/kernels/cuda/matmul/tensor_cores.h>
#include <tenon/kernels/cuda/offsets.h>
#include <tenon/kernels/matmul.h>
#include <tenon/kernels/reduce.h>
#include <tenon/kernels/cuda/matmul/batch.cuh>
#include <tenon/kernels/cuda/matmul/elements.cuh>
#include <tenon/kernels/cuda/matmul/skinny.cuh>
#include <tenon/kernels/cuda/matmul/tiles.cuh>

namespace tenon::kernels::cuda {
namespace {

template <class S, class T>
void launch_tiles(Stream stream, const Product<T>& p, const Batch& batch, std::int64_t tiles) {
  // Neighbours are those along the smaller stride.
  const bool ta = std::abs(p.a_row) < std::abs(p.a_col), tb = std::abs(p.b_row) < std::abs(p.b_col);
  with_bool(ta, [&](auto a) {
    with_bool(tb, [&](auto b) {
      with_bool(packs(p, batch, ta, tb), [&](auto v) {
        in_parts(p, batch, tiles * p.split, [&](Product<T> part, std::int64_t blocks) {
          const Scratch parts(
              stream, p.split > 1 ? static_cast<std::size_t>(blocks * S::BM * S::BN) * sizeof(T) : 0);
          part.parts = parts.template as<T>();
          part.tickets = tenon::cuda::tickets(stream);
          launch_with_shared(sizeof(TileMemory<S>), {stream, "matmul_tiles", {p.m, p.k, p.n}},
              matmul_tiles<S, T, a, b, v>, blocks, S::threads, part);
        });
      });
    });
  });
}

/// A way to compute a product with tiles.
template <class T>
struct Plan {
  double time;                // in multiply-adds of a multiprocessor at its peak
  std::int64_t tiles, split;  // of each product
  void (*launch)(Stream stream, const Product<T>& p, const Batch& batch, std::int64_t tiles);
};

/// Replaces `best` if tiles S are faster. `rate`: the share of the peak that they would reach with any number
/// of warps on a multiprocessor; a few hide less latency.
template <class S, class T>
void consider(Stream stream, const Product<T>& p, std::int64_t batch, double rate, Plan<T>& best) {
  const std::size_t room = tenon::cuda::shared_memory(stream.device()) / sizeof(TileMemory<S>);
  const std::int64_t at_once = std::min<std::int64_t>(S::blocks, static_cast<std::int64_t>(room));
  if (at_once == 0) return;
  const std::int64_t busy = tenon::cuda::multiprocessors(stream);
  const std::int64_t each = ((p.m + S::BM - 1) / S::BM) * ((p.n + S::BN - 1) / S::BN), tiles = each * batch;
  const std::int64_t chunks = (p.k + chain_chunk - 1) / chain_chunk;
  // All wait for the multiprocessor with the most blocks. It runs some of them at once, then the rest.
  const auto estimate = [&](std::int64_t blocks, std::int64_t k) {
    const std::int64_t most = (blocks + busy - 1) / busy;
    const auto together = [&](std::int64_t n) {
      const double tile = S::BM * S::BN, warps = static_cast<double>(n * S::threads / 32);
      return n == 0 ? 0
                    : static_cast<double>(n) * tile * static_cast<double>(k) / (rate * warps / (warps + 2));
    };
    return static_cast<double>(most / at_once) * together(at_once) + together(most % at_once);
  };
  const auto use = [&](double time, std::int64_t split) {
    if (!best.launch || time < best.time) best = {time, each, split, launch_tiles<S, T>};
  };
  use(estimate(tiles, p.k), 1);
  // Blocks may share a tile, a chunk of k each, which keeps more multiprocessors busy. They exchange their
  // parts through memory, and the last one adds them up alone. These costs are estimates.
  constexpr std::int64_t to_write = 64, to_add = 20, to_meet = 750'000;
  if (chunks > 1 && tiles <= 2 * busy && tiles <= tenon::cuda::ticket_count)
    use(estimate(tiles * chunks, chain_chunk + to_write) +
            static_cast<double>(to_meet + to_add * chunks * S::BM * S::BN),
        chunks);
}

template <class T>
void launch_skinny(Stream stream, const Product<T>& of, const Batch& batch) {
  Skinny<T> p{};
  p.flat = of.m < of.n;
  if (p.flat) {
    p.lines = of.n, p.few = of.m;
    p.wide = of.b, p.wide_line = of.b_col, p.wide_k = of.b_row;
    p.thin = of.a, p.thin_k = of.a_col, p.thin_s = of.a_row;
    p.c_line = 1, p.c_s = of.n, p.bias_line = 1;
  } else {
    p.lines = of.m, p.few = of.n;
    p.wide = of.a, p.wide_line = of.a_row, p.wide_k = of.a_col;
    p.thin = of.b, p.thin_k = of.b_row, p.thin_s = of.b_col;
    p.c_line = of.n, p.c_s = 1, p.bias_s = 1;
  }
  p.k = of.k, p.bias = of.bias, p.tickets = tenon::cuda::tickets(stream);
  p.sets = (p.few + skinny_set<T> - 1) / skinny_set<T>;
  const std::int64_t each = (p.lines + skinny_lines - 1) / skinny_lines * p.sets,
                     units = each * batch.count();
  const bool spare = units < 4 * std::int64_t{tenon::cuda::multiprocessors(stream)};
  p.split = spare && units <= tenon::cuda::ticket_count ? (p.k + chain_chunk - 1) / chain_chunk : 1;
  const bool along = p.wide_k == 1 && p.wide_line != 1;
  const auto kernel = along && packs(p.wide, 1, p.wide_line, batch, p.flat ? 1 : 0)
                          ? matmul_skinny<T, true, true>
                      : along ? matmul_skinny<T, true, false>
                              : matmul_skinny<T, false, false>;
  in_parts(of, batch, each * p.split, [&](const Product<T>& part, std::int64_t blocks) {
    const Scratch parts(stream,
        p.split > 1 ? static_cast<std::size_t>(part.batch * p.split * p.few * p.lines) * sizeof(T) : 0);
    p.parts = parts.template as<T>();
    p.wide = p.flat ? part.b : part.a, p.thin = p.flat ? part.a : part.b;
    p.c = part.c, p.batch = part.batch, p.items = part.items;
    launch({stream, "matmul_skinny", {of.m, of.k, of.n}}, kernel, blocks, skinny_lines, p);
  });
}

template <class T>
void run(Stream stream, T* out, const Matrix& a, const Matrix& b, const T* bias, const Batch& batch) {
  Product<T> p{a.rows, b.cols, a.cols, static_cast<const T*>(a.data), a.row_stride, a.col_stride,
      static_cast<const T*>(b.data), b.row_stride, b.col_stride, out,
      b.cols % pack_width<T> == 0 && is_aligned(out), bias, 1, nullptr, nullptr, 1, {}};
  const MatmulKernel forced = tenon::cuda::matmul_kernel();
  // A tile would be mostly empty, which pays only where many blocks share a long k.
  constexpr std::int64_t narrow = 16, short_k = 256;
  const bool is_free = forced == MatmulKernel::automatic, is_narrow = std::min(p.m, p.n) <= narrow;
  if (p.k == 0 || forced == MatmulKernel::elements || (is_free && is_narrow && p.k <= short_k)) {
    return in_parts(p, batch, 1, [&](const Product<T>& part, std::int64_t products) {
      launch({stream, "matmul_elements", {p.m, p.k, p.n}}, matmul_elements<T>,
          blocks_for(stream, products * p.m * p.n, block_threads), block_threads, part);
    });
  }
  if (is_free && launch_tensor_cores(stream, p, batch)) return;
  if (launch_rung(forced, stream, p, batch)) return;
  if (forced == MatmulKernel::skinny || (is_free && is_narrow && std::max(p.m, p.n) >= 2 * skinny_lines))
    return launch_skinny(stream, p, batch);
  const std::int64_t count = batch.count();
  // The larger a tile, the less is read for each multiply-add, but every multiprocessor needs its share. The
  // rates are fitted to times of such tiles on an H200.
  Plan<T> plan{};
  if constexpr (std::is_same_v<T, float>) {
    consider<Tile<T, 64, 128, 16, 32, 64, 8, 8, 3>>(stream, p, count, 0.97, plan);
    consider<Tile<T, 64, 64, 16, 32, 32, 8, 4, 3>>(stream, p, count, 0.77, plan);
    consider<Tile<T, 64, 32, 32, 32, 16, 4, 4, 3>>(stream, p, count, 0.67, plan);
  } else {
    consider<Tile<T, 64, 64, 8, 32, 32, 8, 4, 2>>(stream, p, count, 0.7, plan);
  }
  p.split = plan.split;
  plan.launch(stream, p, batch, plan.tiles);
}

}  // namespace

void matmul(Stream stream, DType dtype, void* out, const Matrix& a, const Matrix& b, const void* bias,
    const Batch& batch) {
  visit_floating("matmul", dtype, [&]<class T>(std::type_identity<T>) {
    if (a.rows == 0 || b.cols == 0 || batch.count() == 0) return;
    if (b.cols == 1 && a.cols > arith::longest_chain_of_a_column) {
      const OneColumn of(a, b, batch);
      return reduce_with_bias(stream, arith::SumOfProducts(), dtype, of.shape, of.reduced, out,
          {a.data, of.left}, {b.data, of.right}, 1, bias);
    }
    run(stream, static_cast<T*>(out), a, b, static_cast<const T*>(bias), batch);
  });
}

}  // namespace tenon::kernels::cuda
