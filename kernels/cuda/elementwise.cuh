// Elementwise operations on CUDA: two kernels that apply an operation of kernels/arith, and the choice
// between them.
#pragma once
#include <tuple>
#include <type_traits>
#include <utility>

#include <tenon/kernels/arith/elementwise.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/cuda/offsets.h>
#include <tenon/kernels/elementwise.h>
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {

constexpr int strided_items = 4;  // per thread

/// An input of a kernel: elements, one element for all (`repeats`), or a number (no data).
template <class T>
struct Source {
  const T* data;
  T value;
  bool repeats;

  __device__ T at(std::int64_t i) const { return data ? data[repeats ? 0 : i] : value; }
  template <int W>
  __device__ Pack<T, W> pack(std::int64_t p) const {
    if (!repeats) return reinterpret_cast<const Pack<T, W>*>(data)[p];
    const T x = at(0);
    Pack<T, W> all;
#pragma unroll
    for (int i = 0; i < W; ++i) all.v[i] = x;
    return all;
  }
};

/// Everything dense and aligned: 16 bytes of the widest operand per thread and step. The remainder is done
/// with one thread per element.
template <int W, class F, class To, class... From>
__global__ void __launch_bounds__(block_threads, 1)
    map_dense(std::int64_t n, F f, To* out, Source<From>... in) {
  const std::int64_t packs = n / W, step = std::int64_t{gridDim.x} * blockDim.x;
  const std::int64_t first = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  for (std::int64_t p = first; p < packs; p += step) {
    const auto apply = [&](const Pack<From, W>&... x) {
      Pack<To, W> result;
#pragma unroll
      for (int i = 0; i < W; ++i) result.v[i] = f(x.v[i]...);
      return result;
    };
    reinterpret_cast<Pack<To, W>*>(out)[p] = apply(in.template pack<W>(p)...);
  }
  for (std::int64_t i = packs * W + first; i < n; i += step) out[i] = f(in.at(i)...);
}

/// Any strides: a few elements per thread and step, all of whose loads are in flight before the first store.
template <class F, class To, class... From>
__global__ void __launch_bounds__(block_threads)
    map_strided(unsigned n, const __grid_constant__ Offsets<1 + sizeof...(From), std::int32_t> offsets, F f,
        To* out, Source<From>... in) {
  constexpr int count = 1 + sizeof...(From);
  const unsigned step = gridDim.x * blockDim.x;
  for (unsigned first = blockIdx.x * blockDim.x + threadIdx.x; first < n; first += strided_items * step) {
    unsigned item[strided_items];
    std::int32_t offset[strided_items][count];
#pragma unroll
    for (unsigned i = 0; i < strided_items; ++i) item[i] = first + i * step < n ? first + i * step : first;
    offsets.at(item, offset);
    const auto load = [&]<class T>(const Source<T>& source, int operand) {
      Pack<T, strided_items> x;
#pragma unroll
      for (int i = 0; i < strided_items; ++i)
        x.v[i] = source.data ? source.data[offset[i][operand]] : source.value;
      return x;
    };
    const auto apply = [&](const Pack<From, strided_items>&... x) {
#pragma unroll
      for (unsigned i = 0; i < strided_items; ++i)
        if (first + i * step < n) out[offset[i][0]] = f(x.v[i]...);
    };
    [&]<int... K>(std::integer_sequence<int, K...>) { apply(load(in, K + 1)...); }
    (std::make_integer_sequence<int, sizeof...(From)>());
  }
}

/// Rounds a number to an element, as defined in docs/numerics.md section 1.
template <class T>
T element(double number) {
  if constexpr (std::is_same_v<T, std::uint8_t>) return number != 0;
  else return arith::Cast<T>()(number);
}

inline LoopOperand loop_operand(const Operand& operand, const Shape& shape) {
  return {const_cast<char*>(static_cast<const char*>(operand.data)), operand.strides, 0,
      operand.is_one_value(shape)};
}

/// If an input is dense along another dimension than the result, visits squares of 8 x 8 elements, so that
/// the sectors of both are used at once.
template <int N>
Dims<N> in_squares(const Dims<N>& dims) {
  constexpr int side = 8;
  const int last = dims.rank - 1;
  if (dims.rank < 2 || dims.rank + 2 > max_rank || dims.stride[0][last] != 1 || dims.size[last] % side != 0)
    return dims;
  for (int other = 0; other < last; ++other)
    for (int k = 1; k < N; ++k) {
      if (dims.stride[k][other] != 1 || dims.size[other] % side != 0) continue;
      Dims<N> squares;
      const auto add = [&](int d, std::int64_t size, std::int64_t each) {
        squares.size[squares.rank] = size;
        for (int i = 0; i < N; ++i) squares.stride[i][squares.rank] = dims.stride[i][d] * each;
        ++squares.rank;
      };
      for (int d = 0; d < last; ++d)
        if (d != other) add(d, dims.size[d], 1);
      for (const int d : {other, last}) add(d, dims.size[d] / side, side);
      for (const int d : {other, last}) add(d, side, 1);
      return squares;
    }
  return dims;
}

/// out = f(in...), elementwise over `shape`; the operands have element types To and From.
template <class To, class... From, class F, class... Operands>
void map(const char* name, Stream stream, const Shape& shape, const Result& out, F f, const Operands&... in) {
  constexpr int count = 1 + sizeof...(From);
  static_assert(sizeof...(From) == sizeof...(Operands));
  const std::int64_t n = shape.numel();
  if (n == 0) return;
  To* const to = static_cast<To*>(out.data);
  const LoopOperand operands[] = {
      {static_cast<char*>(out.data), out.strides, 0, false}, loop_operand(in, shape)...};
  bool dense = true;
  for (const LoopOperand& operand : operands)
    dense = dense && (operand.repeats || (!operand.strides && is_aligned(operand.data)));
  if (dense) {
    constexpr int w = pack_width<To, From...>;
    launch({stream, name, {n}}, map_dense<w, F, To, From...>,
        blocks_for(stream, n, std::int64_t{block_threads} * w), block_threads, n, f, to,
        Source<From>{static_cast<const From*>(in.data), element<From>(in.value), in.is_one_value(shape)}...);
    return;
  }
  const Dims<count> all = in_squares(loop_dims(shape, operands));
  for_pieces(all, [&](const Dims<count>& dims, const std::int64_t(&start)[count]) {
    const std::int64_t items = dims.count();
    int k = 0;
    const auto from = [&]<class T>(std::type_identity<T>, const Operand& operand) {
      const std::int64_t offset = start[++k];
      return Source<T>{operand.data ? static_cast<const T*>(operand.data) + offset : nullptr,
          element<T>(operand.value), false};
    };
    std::tuple<Source<From>...> sources{from(std::type_identity<From>(), in)...};  // braces fix the order
    std::apply(
        [&](const Source<From>&... source) {
          launch({stream, name, {items}}, map_strided<F, To, From...>,
              blocks_for(stream, items, block_threads * strided_items), block_threads,
              static_cast<unsigned>(items), Offsets<count, std::int32_t>(dims), f, to + start[0], source...);
        },
        sources);
  });
}

}  // namespace tenon::kernels::cuda
