// Random fills. A block of Philox makes four float32 or two float64 elements.
#include <vector>

#include <tenon/kernels/arith/fill.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/random.h>
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {
namespace {

/// Calls fill(q, values) for W values from element q * W on, and stores them, as far as they exist. With Vec
/// `out` is aligned for whole packs, as new memory is. A thread has two packs at a time.
template <bool Vec, int W, class T, class Fill>
__device__ inline void each_pack(std::int64_t n, T* out, const Fill& fill) {
  const std::int64_t packs = n / W, step = std::int64_t{gridDim.x} * blockDim.x;
  const std::int64_t first = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const auto make = [&](std::int64_t q) {
    Pack<T, W> pack;
    fill(static_cast<std::uint64_t>(q), pack.v);
    return pack;
  };
  const auto store = [&](std::int64_t q, const Pack<T, W>& pack) {
    if constexpr (Vec) {
      reinterpret_cast<Pack<T, W>*>(out)[q] = pack;
    } else {
#pragma unroll
      for (int c = 0; c < W; ++c) out[q * W + c] = pack.v[c];
    }
  };
  std::int64_t q = first;
  for (; q + step < packs; q += 2 * step) {
    const Pack<T, W> one = make(q), other = make(q + step);
    store(q, one);
    store(q + step, other);
  }
  if (q < packs) store(q, make(q));
  if (first == 0 && packs * W < n) {
    const Pack<T, W> last = make(packs);
#pragma unroll
    for (int c = 0; c < W; ++c)
      if (packs * W + c < n) out[packs * W + c] = last.v[c];
  }
}

/// The words of a block as random bits: four of 32 bits for float32, two of 64 bits for float64.
template <class T>
struct Words {
  num::Block block;
  __device__ auto operator[](int c) const {
    if constexpr (sizeof(T) == 4) return block.word[c];
    else return num::pair(block.word[2 * c], block.word[2 * c + 1]);
  }
};
template <class T>
inline constexpr int per_block = 16 / static_cast<int>(sizeof(T));

/// The key of a call, prepared for kernels.
struct Key {
  num::PhiloxKeys rounds;
  std::uint64_t stream;
  explicit Key(RandomKey key) : rounds(key.seed), stream(key.stream) {}
};

template <bool Vec, class T>
__global__ void __launch_bounds__(block_threads)
    fill_uniform(std::int64_t n, T* out, const __grid_constant__ Key key, T low, T high, T width) {
  each_pack<Vec, per_block<T>>(n, out, [&](std::uint64_t q, T(&to)[per_block<T>]) {
    const Words<T> words{num::random_block(key.rounds, key.stream, q)};
#pragma unroll
    for (int c = 0; c < per_block<T>; ++c) to[c] = num::between(low, high, width, num::uniform(words[c]));
  });
}

template <bool Vec, class T>
__global__ void __launch_bounds__(block_threads)
    fill_normal(std::int64_t n, T* out, const __grid_constant__ Key key, T mean, T deviation) {
  each_pack<Vec, per_block<T>>(n, out, [&](std::uint64_t q, T(&to)[per_block<T>]) {
    const Words<T> words{num::random_block(key.rounds, key.stream, q)};
#pragma unroll
    for (int c = 0; c < per_block<T>; c += 2) {
      const num::Pair<T> z = num::box_muller(words[c], words[c + 1]);
      to[c] = num::fma(deviation, z.first, mean);
      to[c + 1] = num::fma(deviation, z.second, mean);
    }
  });
}

template <bool Vec, class T>
__global__ void __launch_bounds__(block_threads)
    fill_integers(std::int64_t n, T* out, const __grid_constant__ Key key, arith::IntegerDraw draw) {
  constexpr int w = pack_width<T>;
  each_pack<Vec, w>(n, out, [&](std::uint64_t q, T(&to)[w]) {
#pragma unroll
    for (int c = 0; c < w; c += 2) {
      const Words<double> words{num::random_block(key.rounds, key.stream, q * (w / 2) + c / 2)};
      to[c] = static_cast<T>(draw(words[0]));
      to[c + 1] = static_cast<T>(draw(words[1]));
    }
  });
}

}  // namespace

void random_uniform(
    Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, double low, double high) {
  visit_floating("random_uniform", dtype, [&]<class T>(std::type_identity<T>) {
    T* const to = static_cast<T*>(out);
    with_bool(is_aligned(to), [&](auto vec) {
      launch({stream, "random_uniform", {n}}, fill_uniform<vec, T>,
          blocks_for(stream, n, std::int64_t{2 * block_threads} * per_block<T>), block_threads, n, to,
          Key(key), static_cast<T>(low), static_cast<T>(high), static_cast<T>(high - low));
    });
  });
}

void random_normal(
    Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, double mean, double deviation) {
  visit_floating("random_normal", dtype, [&]<class T>(std::type_identity<T>) {
    T* const to = static_cast<T*>(out);
    with_bool(is_aligned(to), [&](auto vec) {
      launch({stream, "random_normal", {n}}, fill_normal<vec, T>,
          blocks_for(stream, n, std::int64_t{2 * block_threads} * per_block<T>), block_threads, n, to,
          Key(key), static_cast<T>(mean), static_cast<T>(deviation));
    });
  });
}

void random_integers(Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, std::int64_t low,
    std::int64_t high) {
  visit_number("random_integers", dtype, [&]<class T>(std::type_identity<T>) {
    T* const to = static_cast<T*>(out);
    with_bool(is_aligned(to), [&](auto vec) {
      launch({stream, "random_integers", {n}}, fill_integers<vec, T>,
          blocks_for(stream, n, 2 * block_threads * pack_width<T>), block_threads, n, to, Key(key),
          arith::IntegerDraw(low, high));
    });
  });
}

void random_permutation(Stream stream, std::int64_t n, std::int64_t* out, RandomKey key) {
  // Each exchange depends on the previous one, so a single CPU thread is faster than a device.
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  cpu::random_permutation(Stream(), n, order.data(), key);
  tenon::cuda::upload(stream, out, order.data(), order.size() * sizeof(std::int64_t));
}

}  // namespace tenon::kernels::cuda
