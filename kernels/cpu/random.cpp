#include <tenon/kernels/random.h>

#include <utility>

#include <tenon/core/cuda/backend.h>
#include <tenon/core/parallel.h>
#include <tenon/kernels/arith/philox.h>
#include <tenon/kernels/cpu/dispatch.h>

namespace tenon::kernels {
namespace {

using tenon::cuda::built_with_cuda;

constexpr std::int64_t grain = 8192, group = 256;  // a fill starts at a multiple of `group`

template <class Fill>
void fill_groups(std::int64_t n, const Fill& fill) {
  parallel_for((n + group - 1) / group, grain / group,
      [&](std::int64_t begin, std::int64_t end) { fill(begin * group, std::min(n, end * group)); });
}

/// 64 random bits for element i: words 0 and 1, or 2 and 3, of block i / 2.
std::uint64_t word_pair(RandomKey key, std::uint64_t i) {
  const num::Block block = num::random_block(key.seed, key.stream, i / 2);
  return i % 2 == 0 ? num::pair(block.word[0], block.word[1]) : num::pair(block.word[2], block.word[3]);
}

template <class T, class Value>
void fill_with(std::int64_t n, void* out, const Value& value) {
  T* const to = static_cast<T*>(out);
  parallel_for(n, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) to[i] = static_cast<T>(value(i));
  });
}

template <class Value>
void fill_floating(DType dtype, std::int64_t n, void* out, const Value& value) {
  if (dtype == DType::float32) fill_with<float>(n, out, value);
  else fill_with<double>(n, out, value);
}

}  // namespace

void random_uniform(
    Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, double low, double high) {
  check(is_floating_point(dtype), "random_uniform: not defined for {}", dtype);
  if constexpr (built_with_cuda)
    if (stream.device().is_cuda()) return cuda::random_uniform(stream, dtype, n, out, key, low, high);
  const auto fill = [&]<class T>(T* to) {
    const cpu::RandomFill<T> f{
        key.seed, key.stream, static_cast<T>(low), static_cast<T>(high), static_cast<T>(high - low)};
    fill_groups(n,
        [&](std::int64_t begin, std::int64_t end) { cpu::cpu_table().of(T{}).uniform(begin, end, to, f); });
  };
  if (dtype == DType::float32) fill(static_cast<float*>(out));
  else fill(static_cast<double*>(out));
}

void random_normal(
    Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, double mean, double deviation) {
  check(is_floating_point(dtype), "random_normal: not defined for {}", dtype);
  if constexpr (built_with_cuda)
    if (stream.device().is_cuda()) return cuda::random_normal(stream, dtype, n, out, key, mean, deviation);
  const auto fill = [&]<class T>(T* to) {
    const cpu::RandomFill<T> f{key.seed, key.stream, static_cast<T>(mean), T(0), static_cast<T>(deviation)};
    fill_groups(
        n, [&](std::int64_t begin, std::int64_t end) { cpu::cpu_table().of(T{}).normal(begin, end, to, f); });
  };
  if (dtype == DType::float32) fill(static_cast<float*>(out));
  else fill(static_cast<double*>(out));
}

void random_integers(Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, std::int64_t low,
    std::int64_t high) {
  check(low < high, "random_integers: low must be below high; got {} and {}", low, high);
  check(dtype != DType::boolean, "random_integers: not defined for {}", dtype);
  if constexpr (built_with_cuda)
    if (stream.device().is_cuda()) return cuda::random_integers(stream, dtype, n, out, key, low, high);
  const std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  const auto value = [&](std::int64_t i) {
    const std::uint64_t offset = num::below(range, word_pair(key, static_cast<std::uint64_t>(i)));
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + offset);
  };
  if (dtype == DType::int64) fill_with<std::int64_t>(n, out, value);
  else fill_floating(dtype, n, out, value);
}

void random_permutation(Stream stream, std::int64_t n, std::int64_t* out, RandomKey key) {
  if constexpr (built_with_cuda)
    if (stream.device().is_cuda()) return cuda::random_permutation(stream, n, out, key);
  for (std::int64_t i = 0; i < n; ++i) out[i] = i;
  // Fisher and Yates, from the back; step i draws from [0, i] with the bits of element i.
  for (std::int64_t i = n - 1; i > 0; --i) {
    const std::uint64_t j =
        num::below(static_cast<std::uint64_t>(i) + 1, word_pair(key, static_cast<std::uint64_t>(i)));
    std::swap(out[i], out[j]);
  }
}

void arange(Stream stream, DType dtype, std::int64_t n, void* out, double start, double step) {
  check(dtype != DType::boolean, "arange: not defined for {}", dtype);
  if constexpr (built_with_cuda)
    if (stream.device().is_cuda()) return cuda::arange(stream, dtype, n, out, start, step);
  if (dtype == DType::int64) {
    const auto first = static_cast<std::uint64_t>(num::to_int64(start)),
               by = static_cast<std::uint64_t>(num::to_int64(step));
    fill_with<std::int64_t>(
        n, out, [&](std::int64_t i) { return first + by * static_cast<std::uint64_t>(i); });
  } else {
    fill_floating(
        dtype, n, out, [&](std::int64_t i) { return num::fma(step, static_cast<double>(i), start); });
  }
}

void linspace(Stream stream, DType dtype, std::int64_t n, void* out, double start, double end) {
  check(is_floating_point(dtype), "linspace: not defined for {}", dtype);
  const double step = n > 1 ? (end - start) / static_cast<double>(n - 1) : 0.0;
  if constexpr (built_with_cuda)
    if (stream.device().is_cuda()) return cuda::linspace(stream, dtype, n, out, start, end, step);
  fill_floating(dtype, n, out, [&](std::int64_t i) {
    return i < (n + 1) / 2 ? num::fma(step, static_cast<double>(i), start)
                           : num::fma(-step, static_cast<double>(n - 1 - i), end);
  });
}

}  // namespace tenon::kernels
