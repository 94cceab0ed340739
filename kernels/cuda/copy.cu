// Copies and conversions. A transposed copy goes through a tile in shared memory, so that both reads and
// writes are coalesced. Memory limits all of them.
#include <tenon/kernels/cuda/elementwise.cuh>

namespace tenon::kernels::cuda {
namespace {

/// out[r, c] = a[r, c], where neighbours in c are adjacent in out and neighbours in r are adjacent in a, for
/// each outer position.
struct Turned {
  std::int64_t rows, cols, out_row, a_col;
  Divider across, down;  // the numbers of tiles
  unsigned tiles;        // of all outer positions; 0 if they are too many for a Divider
  Offsets<2> outer;

  Turned(const Dims<2>& kept, const std::int64_t (&sizes)[2], const std::int64_t (&steps)[2], int side)
      : rows(sizes[0]), cols(sizes[1]), out_row(steps[0]), a_col(steps[1]), outer(kept) {
    const std::int64_t x = (cols + side - 1) / side, y = (rows + side - 1) / side;
    across = Divider(x), down = Divider(y);
    const std::int64_t n = kept.count() * x * y;
    tiles = n > most_items ? 0 : static_cast<unsigned>(n);
  }
};

/// Calls use(r, c, to, from) for each of the block's tiles: its first row and column, and the data of its
/// outer position.
template <int Side, class T, class Use>
__device__ inline void each_tile(const Turned& job, T* out, const T* a, const Use& use) {
  for (unsigned t = blockIdx.x; t < job.tiles; t += gridDim.x) {
    unsigned position = t;
    const std::int64_t c = job.across.split(position) * Side, r = job.down.split(position) * Side;
    std::int64_t at[2];
    job.outer.at(position, at);
    use(r, c, out + at[0], a + at[1]);
  }
}

constexpr int tile = 32, tile_rows = block_threads / tile;

template <class T>
__global__ void __launch_bounds__(block_threads)
    copy_tiles(const __grid_constant__ Turned job, T* out, const T* a) {
  SIMT_SHARED(square, T[tile][tile + 1]);  // the additional column avoids bank conflicts
  const int x = static_cast<int>(threadIdx.x) % tile, y = static_cast<int>(threadIdx.x) / tile;
  each_tile<tile>(job, out, a, [&](std::int64_t r, std::int64_t c, T* to, const T* from) {
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

constexpr int pack = 4, packs_side = 64;  // elements of four bytes

/// The same in packs of 16 bytes, which shared memory has as they are in `a`. A column's packs are permuted,
/// so that eight threads that read a row from eight packs of columns find it in different banks.
template <class T>
__global__ void __launch_bounds__(block_threads)
    copy_packs(const __grid_constant__ Turned job, T* out, const T* a) {
  constexpr int packs = packs_side / pack, passes = packs_side * packs / block_threads;
  using P = Pack<T, pack>;
  SIMT_SHARED(square, P[packs_side][packs]);
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int p = static_cast<int>(threadIdx.x) % packs, column = static_cast<int>(threadIdx.x) / packs;
  const auto place = [](int col, int of_rows) { return of_rows ^ (col / pack % 8); };
  each_tile<packs_side>(job, out, a, [&](std::int64_t r, std::int64_t c, T* to, const T* from) {
    P in[passes];
#pragma unroll
    for (int k = 0; k < passes; ++k) {
      const int col = column + k * (block_threads / packs);
      if (c + col < job.cols && r + p * pack < job.rows)
        in[k] = *reinterpret_cast<const P*>(from + (c + col) * job.a_col + r + p * pack);
    }
    __syncthreads();  // the last tile has been read
#pragma unroll
    for (int k = 0; k < passes; ++k) {
      const int col = column + k * (block_threads / packs);
      square[col][place(col, p)] = in[k];
    }
    __syncthreads();
#pragma unroll
    for (int k = 0; k < passes; ++k) {  // a warp has four rows of eight packs
      const int row = (warp / 2 + k * 4) * 4 + lane / 8, col = (warp % 2 * 8 + lane % 8) * pack;
      P line;
#pragma unroll
      for (int i = 0; i < pack; ++i) line.v[i] = square[col + i][place(col, row / pack)].v[row % pack];
      if (r + row < job.rows && c + col < job.cols)
        *reinterpret_cast<P*>(to + (r + row) * job.out_row + c + col) = line;
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
  const auto run = [&](const char* name, auto kernel, int side) {
    const Turned job(outer, {rows, cols}, {dims.stride[0][row], dims.stride[1][last]}, side);
    if (job.tiles == 0) return false;
    launch({stream, name, {outer.count(), rows, cols}}, kernel, blocks_for(stream, job.tiles, 1),
        block_threads, job, to, from);
    return true;
  };
  if constexpr (sizeof(T) == 4) {
    bool whole = rows % pack == 0 && cols % pack == 0 && is_aligned(to) && is_aligned(from);
    for (int k = 0; k < 2; ++k)
      for (int d = 0; d < dims.rank; ++d)
        whole = whole && (dims.stride[k][d] == 1 || dims.stride[k][d] % pack == 0);
    if (whole) return run("copy_packs", copy_packs<T>, packs_side);
  }
  return run("copy_tiles", copy_tiles<T>, tile);
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
