// Random fills: a thread a Philox block, which is four float32 or two float64 elements.
#include <vector>

#include <tenon/kernels/arith/philox.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/random.h>
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {
namespace {

/// Calls fill(first, values) for each thread's blocks, and stores the W values for elements first, first + 1
/// ... that exist. `out` is aligned for the whole pack, as new memory is; Vec says so.
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

/// The words of a block as float32 takes them, one an element, or as float64 does, two.
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
    fill_integers(std::int64_t n, T* out, RandomKey key, std::int64_t low, std::uint64_t range) {
  each_block<false, 2>(n, out, [&](std::uint64_t q, T(&to)[2]) {
    const Words<double> words{num::random_block(key.seed, key.stream, q)};
    for (int c = 0; c < 2; ++c)
      to[c] = static_cast<T>(
          static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + num::below(range, words[c])));
  });
}

/// out[i] = value(i)
template <class T, class Value>
__global__ void __launch_bounds__(block_threads) fill_by_index(std::int64_t n, T* out, Value value) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < n; i += step)
    out[i] = static_cast<T>(value(i));
}

template <class T, class Value>
void by_index(const char* name, Stream stream, std::int64_t n, void* out, Value value) {
  launch({stream, name, {n}}, fill_by_index<T, Value>, blocks_for(stream, n, block_threads), block_threads, n,
      static_cast<T*>(out), value);
}

struct Arange {
  double start, step;
  __device__ double operator()(std::int64_t i) const { return num::fma(step, static_cast<double>(i), start); }
};
struct WholeArange {
  std::uint64_t start, step;
  __device__ std::int64_t operator()(std::int64_t i) const {
    return static_cast<std::int64_t>(start + step * static_cast<std::uint64_t>(i));
  }
};
struct Linspace {
  double start, end, step;
  std::int64_t n;
  __device__ double operator()(std::int64_t i) const {
    return i < (n + 1) / 2 ? num::fma(step, static_cast<double>(i), start)
                           : num::fma(-step, static_cast<double>(n - 1 - i), end);
  }
};

}  // namespace

void random_uniform(
    Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, double low, double high) {
  floating(dtype, [&]<class T>(std::type_identity<T>) {
    T* const to = static_cast<T*>(out);
    choose(is_aligned(to), [&](auto vec) {
      launch({stream, "random_uniform", {n}}, fill_uniform<vec, T>,
          blocks_for(stream, n, std::int64_t{block_threads} * per_block<T>), block_threads, n, to, key,
          static_cast<T>(low), static_cast<T>(high), static_cast<T>(high - low));
    });
  });
}

void random_normal(
    Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, double mean, double deviation) {
  floating(dtype, [&]<class T>(std::type_identity<T>) {
    T* const to = static_cast<T*>(out);
    choose(is_aligned(to), [&](auto vec) {
      launch({stream, "random_normal", {n}}, fill_normal<vec, T>,
          blocks_for(stream, n, std::int64_t{block_threads} * per_block<T>), block_threads, n, to, key,
          static_cast<T>(mean), static_cast<T>(deviation));
    });
  });
}

void random_integers(Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, std::int64_t low,
    std::int64_t high) {
  const std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  const auto fill = [&]<class T>(std::type_identity<T>) {
    launch({stream, "random_integers", {n}}, fill_integers<T>, blocks_for(stream, n, 2 * block_threads),
        block_threads, n, static_cast<T*>(out), key, low, range);
  };
  if (dtype == DType::int64) fill(std::type_identity<std::int64_t>());
  else floating(dtype, fill);
}

void random_permutation(Stream stream, std::int64_t n, std::int64_t* out, RandomKey key) {
  // Each exchange needs the one before: a single CPU thread is faster at it than a device.
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  kernels::random_permutation(Stream(), n, order.data(), key);
  tenon::cuda::upload(stream, out, order.data(), order.size() * sizeof(std::int64_t));
}

void arange(Stream stream, DType dtype, std::int64_t n, void* out, double start, double step) {
  if (dtype == DType::int64)
    return by_index<std::int64_t>("arange", stream, n, out,
        WholeArange{static_cast<std::uint64_t>(num::to_int64(start)),
            static_cast<std::uint64_t>(num::to_int64(step))});
  floating(dtype, [&]<class T>(std::type_identity<T>) {
    by_index<T>("arange", stream, n, out, Arange{start, step});
  });
}

void linspace(Stream stream, DType dtype, std::int64_t n, void* out, double start, double end, double step) {
  floating(dtype, [&]<class T>(std::type_identity<T>) {
    by_index<T>("linspace", stream, n, out, Linspace{start, end, step, n});
  });
}

}  // namespace tenon::kernels::cuda
