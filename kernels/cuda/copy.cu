// Copies and conversions. A transposed copy goes through a tile in shared memory, so that both reads and
// writes are coalesced.
#include <cstdlib>

#include <tenon/kernels/cuda/elementwise.cuh>

namespace tenon::kernels::cuda {
namespace {

const int candidate = std::getenv("TENON_CANDIDATE") ? std::atoi(std::getenv("TENON_CANDIDATE")) : 0;

/// out[r, c] = a[r, c], where neighbours in c are adjacent in out and neighbours in r are adjacent in a, for
/// each outer position.
struct Turned {
  std::int64_t rows, cols, out_row, a_col;
  Divider across, down;  // the numbers of tiles
  unsigned tiles;
  Offsets<2> outer;

  Turned(const Dims<2>& kept, const std::int64_t (&sizes)[2], const std::int64_t (&steps)[2],
      std::int64_t tile_rows, std::int64_t tile_cols)
      : rows(sizes[0]), cols(sizes[1]), out_row(steps[0]), a_col(steps[1]), outer(kept) {
    const std::int64_t x = (cols + tile_cols - 1) / tile_cols, y = (rows + tile_rows - 1) / tile_rows;
    across = Divider(x), down = Divider(y);
    const std::int64_t n = kept.count() * x * y;
    tiles = n > most_items ? 0 : static_cast<unsigned>(n);
  }
};

/// Calls use(r, c, to, from) for each of the block's tiles: its first row and column, and the data of its
/// outer position.
template <int Rows, int Cols, class T, class Use>
__device__ inline void each_tile(const Turned& job, T* out, const T* a, const Use& use) {
  for (unsigned t = blockIdx.x; t < job.tiles; t += gridDim.x) {
    unsigned position = t;
    const std::int64_t c = job.across.split(position) * Cols, r = job.down.split(position) * Rows;
    std::int64_t at[2];
    job.outer.at(position, at);
    use(r, c, out + at[0], a + at[1]);
  }
}

constexpr int tile = 32, tile_rows = 8;  // of threads

template <class T>
__global__ void __launch_bounds__(tile* tile_rows)
    copy_tiles(const __grid_constant__ Turned job, T* out, const T* a) {
  SIMT_SHARED(square, T[tile][tile + 1]);  // the additional column avoids bank conflicts
  const int x = static_cast<int>(threadIdx.x) % tile, y = static_cast<int>(threadIdx.x) / tile;
  each_tile<tile, tile>(job, out, a, [&](std::int64_t r, std::int64_t c, T* to, const T* from) {
#pragma unroll
    for (int i = y; i < tile; i += tile_rows)
      if (c + i < job.cols && r + x < job.rows) square[i][x] = from[(c + i) * job.a_col + r + x];
    __syncthreads();
#pragma unroll
    for (int i = y; i < tile; i += tile_rows)
      if (r + i < job.rows && c + x < job.cols) to[(r + i) * job.out_row + c + x] = square[x][i];
    __syncthreads();
  });
}

/// A thread copies squares of W x W elements, turned in its registers; a warp has AlongRows squares along the
/// rows, and 32 / AlongRows along the columns.
template <class T, int AlongRows>
struct Squares {
  static constexpr int w = std::clamp<int>(16 / sizeof(T), 2, 4);
  static constexpr int per_thread = 4 / w, warps_along_rows = AlongRows == 8 ? 2 : 4, warps_along_cols = 8 / warps_along_rows;
  static constexpr int rows = AlongRows * w * warps_along_rows, step = 32 / AlongRows * w * warps_along_cols, cols = step * per_thread;
};

template <class T, int AlongRows>
__global__ void __launch_bounds__(block_threads)
    copy_squares(const __grid_constant__ Turned job, T* out, const T* a) {
  using S = Squares<T, AlongRows>;
  constexpr int w = S::w, n = S::per_thread;
  using P = Pack<T, w>;
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int x = (warp % S::warps_along_rows * AlongRows + lane % AlongRows) * w,
            y = (warp / S::warps_along_rows * (32 / AlongRows) + lane / AlongRows) * w;
  each_tile<S::rows, S::cols>(job, out, a, [&](std::int64_t r, std::int64_t c, T* to, const T* from) {
    r += x, c += y;
    if (r >= job.rows) return;
    P in[n][w];
#pragma unroll
    for (int k = 0; k < n; ++k)
#pragma unroll
      for (int i = 0; i < w; ++i)
        if (c + k * S::step < job.cols)
          in[k][i] = *reinterpret_cast<const P*>(from + (c + k * S::step + i) * job.a_col + r);
#pragma unroll
    for (int k = 0; k < n; ++k)
#pragma unroll
      for (int i = 0; i < w; ++i) {
        P row;
#pragma unroll
        for (int j = 0; j < w; ++j) row.v[j] = in[k][j].v[i];
        if (c + k * S::step < job.cols) *reinterpret_cast<P*>(to + (r + i) * job.out_row + c + k * S::step) = row;
      }
  });
}

/// Tiles of 64 x 64 elements of four bytes, which shared memory has as packs along the rows. The packs of a
/// column are permuted, so that eight threads with the same place in four columns each find different banks.
template <class T>
__global__ void __launch_bounds__(block_threads)
    copy_packs(const __grid_constant__ Turned job, T* out, const T* a) {
  constexpr int w = 4, side = 64, packs = side / w, passes = side * packs / block_threads;
  using P = Pack<T, w>;
  SIMT_SHARED(square, P[side][packs]);
  const int t = static_cast<int>(threadIdx.x), lane = t % 32, warp = t / 32;
  each_tile<side, side>(job, out, a, [&](std::int64_t r, std::int64_t c, T* to, const T* from) {
    P in[passes];
#pragma unroll
    for (int k = 0; k < passes; ++k) {
      const int col = t / packs + k * (block_threads / packs), p = t % packs;
      if (c + col < job.cols && r + p * w < job.rows)
        in[k] = *reinterpret_cast<const P*>(from + (c + col) * job.a_col + r + p * w);
    }
    __syncthreads();
#pragma unroll
    for (int k = 0; k < passes; ++k) {
      const int col = t / packs + k * (block_threads / packs), p = t % packs;
      square[col][p ^ (col / w % 8)] = in[k];
    }
    __syncthreads();
#pragma unroll
    for (int k = 0; k < passes; ++k) {
      // A warp has four rows of 32 columns.
      const int row = (warp / 2 + k * 4) * 4 + lane / 8, col = (warp % 2 * 8 + lane % 8) * w;
      P line;
#pragma unroll
      for (int j = 0; j < w; ++j) line.v[j] = square[col + j][row / w ^ (col / w % 8)].v[row % w];
      if (r + row < job.rows && c + col < job.cols) *reinterpret_cast<P*>(to + (r + row) * job.out_row + c + col) = line;
    }
  });
}

/// The dimension along which `a` is dense, if it differs from that of `out` and both are large enough for
/// tiles; otherwise -1.
int turned_dimension(const Dims<2>& dims) {
  const int last = dims.rank - 1;
  if (dims.rank < 2 || dims.stride[0][last] != 1 || dims.size[last] < 8) return -1;
  for (int d = 0; d < last; ++d)
    if (dims.stride[1][d] == 1 && dims.size[d] >= 8) return d;
  return -1;
}

/// Copies by tiles if possible. Returns whether it did.
template <class T>
bool copy_turned(Stream stream, const Shape& shape, const Result& out, const Operand& a) {
  if (!a.data) return false;
  const LoopOperand operands[] = {
      {static_cast<char*>(out.data), out.strides, 0, false}, loop_operand(a, shape)};
  const Dims<2> dims = loop_dims(shape, operands);
  const int row = turned_dimension(dims), last = dims.rank - 1;
  if (row < 0) return false;
  Dims<2> outer;
  for (int d = 0; d < last; ++d)
    if (d != row) outer.push(dims.size[d], {dims.stride[0][d], dims.stride[1][d]});
  const std::int64_t rows = dims.size[row], cols = dims.size[last];
  T* const to = static_cast<T*>(out.data);
  const T* const from = static_cast<const T*>(a.data);
  const auto run = [&](auto kernel, int height, int width, int threads) {
    const Turned job(outer, {rows, cols}, {dims.stride[0][row], dims.stride[1][last]}, height, width);
    if (job.tiles == 0) return false;
    launch({stream, "copy_tiles", {outer.count(), rows, cols}}, kernel, blocks_for(stream, job.tiles, 1), threads,
        job, to, from);
    return true;
  };
  // Whole squares of aligned packs, in all outer positions?
  constexpr int w = Squares<T, 8>::w;
  bool even = rows % w == 0 && cols % w == 0 && is_aligned(to, w * sizeof(T)) && is_aligned(from, w * sizeof(T));
  for (int k = 0; k < 2; ++k)
    for (int d = 0; d < dims.rank; ++d) even = even && (dims.stride[k][d] == 1 || dims.stride[k][d] % w == 0);
  if (candidate > 0 && even) {
    if constexpr (sizeof(T) == 4)
      if (candidate == 3) return run(copy_packs<T>, 64, 64, block_threads);
    if (candidate == 2) return run(copy_squares<T, 4>, Squares<T, 4>::rows, Squares<T, 4>::cols, block_threads);
    return run(copy_squares<T, 8>, Squares<T, 8>::rows, Squares<T, 8>::cols, block_threads);
  }
  return run(copy_tiles<T>, tile, tile, tile * tile_rows);
}

struct Same {
  template <class T>
  __device__ T operator()(T x) const {
    return x;
  }
};

/// Copies within one dtype: elements are treated as bytes.
template <class T>
void move(Stream stream, const Shape& shape, const Result& out, const Operand& a) {
  if (shape.numel() != 0 && !copy_turned<T>(stream, shape, out, a))
    map<T, T>("copy", stream, shape, out, Same(), a);
}

}  // namespace

void copy(Stream stream, DType to, DType from, const Shape& shape, const Result& out, const Operand& a) {
  visit_any(to, [&]<class To>(std::type_identity<To>) {
    if (to == from) return move<Stored<To>>(stream, shape, out, a);
    using Made = std::conditional_t<std::is_same_v<To, bool>, arith::Bool, To>;
    visit_any(from, [&]<class From>(std::type_identity<From>) {
      if constexpr (!std::is_same_v<To, From>)
        map<Made, Stored<From>>("copy", stream, shape, out, arith::Cast<Made>(), a);
    });
  });
}

}  // namespace tenon::kernels::cuda
