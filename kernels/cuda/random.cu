// Random fills: one thread per Philox block, which is four float32 or two float64 elements.
#include <vector>

#include <tenon/kernels/arith/fill.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/random.h>
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {
namespace {

/// Calls fill(first, values) for each of the thread's blocks, and stores the W values to elements first,
/// first + 1 ..., as far as they exist. With Vec `out` is aligned for whole packs, as new memory is.
template <bool Vec, int W, class T, class Fill>
__device__ inline void each_block(std::int64_t n, T* out, const Fill& fill) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t q = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; q * W < n; q += step) {
    Pack<T, W> pack;
    fill(static_cast<std::uint64_t>(q), pack.v);
    if (Vec && n - q * W >= W) {
      reinterpret_cast<Pack<T, W>*>(out)[q] = pack;
    } else {
#pragma unroll
      for (int c = 0; c < W; ++c)
        if (q * W + c < n) out[q * W + c] = pack.v[c];
    }
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

template <bool Vec, class T>
__global__ void __launch_bounds__(block_threads)
    fill_uniform(std::int64_t n, T* out, RandomKey key, T low, T high, T width) {
  each_block<Vec, per_block<T>>(n, out, [&](std::uint64_t q, T(&to)[per_block<T>]) {
    const Words<T> words{num::random_block(key.seed, key.stream, q)};
#pragma unroll
    for (int c = 0; c < per_block<T>; ++c) to[c] = num::between(low, high, width, num::uniform(words[c]));
  });
}

template <bool Vec, class T>
__global__ void __launch_bounds__(block_threads)
    fill_normal(std::int64_t n, T* out, RandomKey key, T mean, T deviation) {
  each_block<Vec, per_block<T>>(n, out, [&](std::uint64_t q, T(&to)[per_block<T>]) {
    const Words<T> words{num::random_block(key.seed, key.stream, q)};
#pragma unroll
    for (int c = 0; c < per_block<T>; c += 2) {
      const num::Pair<T> z = num::box_muller(words[c], words[c + 1]);
      to[c] = num::fma(deviation, z.first, mean);
      to[c + 1] = num::fma(deviation, z.second, mean);
    }
  });
}

template <class T>
__global__ void __launch_bounds__(block_threads)
    fill_integers(std::int64_t n, T* out, RandomKey key, arith::IntegerDraw draw) {
  each_block<false, 2>(n, out, [&](std::uint64_t q, T(&to)[2]) {
    const Words<double> words{num::random_block(key.seed, key.stream, q)};
    for (int c = 0; c < 2; ++c) to[c] = static_cast<T>(draw(words[c]));
  });
}

}  // namespace

void random_uniform(
    Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, double low, double high) {
  visit_floating("random_uniform", dtype, [&]<class T>(std::type_identity<T>) {
    T* const to = static_cast<T*>(out);
    with_bool(is_aligned(to), [&](auto vec) {
      launch({stream, "random_uniform", {n}}, fill_uniform<vec, T>,
          blocks_for(stream, n, std::int64_t{block_threads} * per_block<T>), block_threads, n, to, key,
          static_cast<T>(low), static_cast<T>(high), static_cast<T>(high - low));
    });
  });
}

void random_normal(
    Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, double mean, double deviation) {
  visit_floating("random_normal", dtype, [&]<class T>(std::type_identity<T>) {
    T* const to = static_cast<T*>(out);
    with_bool(is_aligned(to), [&](auto vec) {
      launch({stream, "random_normal", {n}}, fill_normal<vec, T>,
          blocks_for(stream, n, std::int64_t{block_threads} * per_block<T>), block_threads, n, to, key,
          static_cast<T>(mean), static_cast<T>(deviation));
    });
  });
}

void random_integers(Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, std::int64_t low,
    std::int64_t high) {
  visit_number("random_integers", dtype, [&]<class T>(std::type_identity<T>) {
    launch({stream, "random_integers", {n}}, fill_integers<T>, blocks_for(stream, n, 2 * block_threads),
        block_threads, n, static_cast<T*>(out), key, arith::IntegerDraw(low, high));
  });
}

void random_permutation(Stream stream, std::int64_t n, std::int64_t* out, RandomKey key) {
  // Each exchange depends on the previous one, so a single CPU thread is faster than a device.
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  cpu::random_permutation(Stream(), n, order.data(), key);
  tenon::cuda::upload(stream, out, order.data(), order.size() * sizeof(std::int64_t));
}

}  // namespace tenon::kernels::cuda
