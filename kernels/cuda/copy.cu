// Copies and conversions. A transposed copy goes through a tile in shared memory, so that both reads and
// writes are coalesced.
#include <tenon/kernels/cuda/elementwise.cuh>

namespace tenon::kernels::cuda {
namespace {

constexpr int tile = 32, tile_rows = 8;  // of threads

/// out[r, c] = a[r, c], where neighbours in c are adjacent in out and neighbours in r are adjacent in a, for
/// each outer position.
template <class T>
__global__ void __launch_bounds__(tile* tile_rows)
    copy_tiles(unsigned outer, std::int64_t rows, std::int64_t cols, std::int64_t out_row, std::int64_t a_col,
        const __grid_constant__ Offsets<2> offsets, T* out, const T* a) {
  SIMT_SHARED(square, T[tile][tile + 1]);  // the additional column avoids bank conflicts
  const int x = static_cast<int>(threadIdx.x) % tile, y = static_cast<int>(threadIdx.x) / tile;
  const std::int64_t across = (cols + tile - 1) / tile, down = (rows + tile - 1) / tile;
  for (std::int64_t t = blockIdx.x; t < outer * across * down; t += gridDim.x) {
    std::int64_t at[2];
    offsets.at(static_cast<unsigned>(t / (across * down)), at);
    const std::int64_t r0 = t / across % down * tile, c0 = t % across * tile;
    for (int i = y; i < tile; i += tile_rows)
      if (c0 + i < cols && r0 + x < rows) square[i][x] = a[at[1] + (c0 + i) * a_col + r0 + x];
    __syncthreads();
    for (int i = y; i < tile; i += tile_rows)
      if (r0 + i < rows && c0 + x < cols) out[at[0] + (r0 + i) * out_row + c0 + x] = square[x][i];
    __syncthreads();
  }
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
  const std::int64_t rows = dims.size[row], cols = dims.size[last], count = outer.count();
  if (count > most_items) return false;
  const std::int64_t tiles = count * ((rows + tile - 1) / tile) * ((cols + tile - 1) / tile);
  launch({stream, "copy_tiles", {count, rows, cols}}, copy_tiles<T>, blocks_for(stream, tiles, 1),
      tile * tile_rows, static_cast<unsigned>(count), rows, cols, dims.stride[0][row], dims.stride[1][last],
      Offsets<2>(outer), static_cast<T*>(out.data), static_cast<const T*>(a.data));
  return true;
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
