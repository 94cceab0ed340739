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

/// Any strides: one element per thread and step.
template <class F, class To, class... From>
__global__ void __launch_bounds__(block_threads) map_strided(unsigned n,
    const __grid_constant__ Offsets<1 + sizeof...(From)> offsets, F f, To* out, Source<From>... in) {
  const unsigned step = gridDim.x * blockDim.x;
  for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += step) {
    std::int64_t offset[1 + sizeof...(From)];
    offsets.at(i, offset);
    [&]<int... K>(std::integer_sequence<int, K...>) {
      out[offset[0]] = f((in.data ? in.data[offset[K + 1]] : in.value)...);
    }
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
  for_pieces(loop_dims(shape, operands), [&](const Dims<count>& dims, const std::int64_t(&start)[count]) {
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
              blocks_for(stream, items, block_threads), block_threads, static_cast<unsigned>(items),
              Offsets<count>(dims), f, to + start[0], source...);
        },
        sources);
  });
}

}  // namespace tenon::kernels::cuda
