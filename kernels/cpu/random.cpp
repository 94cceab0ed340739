#include <tenon/kernels/random.h>

#include <algorithm>
#include <utility>

#include <tenon/core/parallel.h>
#include <tenon/kernels/cpu/dispatch.h>

namespace tenon::kernels::cpu {
namespace {

constexpr std::int64_t grain = 8192, group = 256;  // each range starts at a multiple of `group`

template <class Fill>
void fill_groups(std::int64_t n, const Fill& fill) {
  parallel_for((n + group - 1) / group, grain / group,
      [&](std::int64_t begin, std::int64_t end) { fill(begin * group, std::min(n, end * group)); });
}

}  // namespace

void random_uniform(Stream, DType dtype, std::int64_t n, void* out, RandomKey key, double low, double high) {
  visit_floating("random_uniform", dtype, [&]<class T>(std::type_identity<T>) {
    const RandomFill<T> f{
        key.seed, key.stream, static_cast<T>(low), static_cast<T>(high), static_cast<T>(high - low)};
    fill_groups(n, [&](std::int64_t begin, std::int64_t end) {
      cpu_table().of<T>().random.uniform(begin, end, static_cast<T*>(out), f);
    });
  });
}

void random_normal(
    Stream, DType dtype, std::int64_t n, void* out, RandomKey key, double mean, double deviation) {
  visit_floating("random_normal", dtype, [&]<class T>(std::type_identity<T>) {
    const RandomFill<T> f{key.seed, key.stream, static_cast<T>(mean), T(0), static_cast<T>(deviation)};
    fill_groups(n, [&](std::int64_t begin, std::int64_t end) {
      cpu_table().of<T>().random.normal(begin, end, static_cast<T*>(out), f);
    });
  });
}

void random_integers(
    Stream, DType dtype, std::int64_t n, void* out, RandomKey key, std::int64_t low, std::int64_t high) {
  const arith::IntegerDraw draw(low, high);
  visit_number("random_integers", dtype, [&]<class T>(std::type_identity<T>) {
    fill_groups(n, [&](std::int64_t begin, std::int64_t end) {
      cpu_table().fill<T>().integers(begin, end, static_cast<T*>(out), key.seed, key.stream, draw);
    });
  });
}

void random_permutation(Stream, std::int64_t n, std::int64_t* out, RandomKey key) {
  cpu_table().fill<std::int64_t>().arange(0, n, out, {0, 1});
  // The Fisher-Yates shuffle, from the end; step i draws from [0, i] with the bits of element i.
  constexpr std::int64_t batch = 512;
  std::uint64_t bits[batch];
  for (std::int64_t end = n, begin; end > 0; end = begin) {
    begin = (end - 1) / batch * batch;
    cpu_table().random_bits(begin, end, bits, key.seed, key.stream);
    for (std::int64_t i = end - 1; i >= std::max<std::int64_t>(begin, 1); --i)
      std::swap(out[i], out[arith::IntegerDraw(0, i + 1)(bits[i - begin])]);
  }
}

}  // namespace tenon::kernels::cpu
