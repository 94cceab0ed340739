// Inputs, bitwise comparison, and what the kernel tests run on: every instruction set of the CPU or, with
// TENON_TEST_DEVICE=cuda in the environment, a CUDA device, be it emulated.
#pragma once
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <tenon/core/parallel.h>
#include <tenon/core/stream.h>
#include <tenon/kernels/cpu/dispatch.h>

#include "noise.h"
#include "support/catch.h"
#include "support/device.h"

namespace tenon::test {

/// The device under test works on a test's own vectors.
template <class T>
struct Visible {
  using value_type = T;
  Visible() = default;
  template <class U>
  Visible(const Visible<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(allocate_visible(n * sizeof(T))); }
  void deallocate(T* p, std::size_t n) noexcept { release_visible(p, n * sizeof(T)); }
  friend bool operator==(const Visible&, const Visible&) { return true; }
};
template <class T>
using Vector = std::vector<T, Visible<T>>;

/// Each launch is over when it returns, so that a test reads its vectors right away.
inline const bool synchronous = on_cuda() && setenv("TENON_SYNC", "1", 1) == 0;

/// The stream that the kernels under test run on.
inline Stream stream() { return Stream::current(device()); }

template <class T>
Vector<T> noise(std::int64_t n, Kind kind, std::uint32_t seed) {
  Vector<T> values(static_cast<std::size_t>(n));
  fill_with_noise(values.data(), n, kind, seed);
  return values;
}

template <class T>
auto bits(T x) {
  if constexpr (std::is_same_v<T, float>)
    return std::bit_cast<std::uint32_t>(x != x ? std::numeric_limits<T>::quiet_NaN() : x);
  else if constexpr (std::is_same_v<T, double>)
    return std::bit_cast<std::uint64_t>(x != x ? std::numeric_limits<T>::quiet_NaN() : x);
  else return x;
}

/// The error of `got` in units of the last place of `want`. Infinity counts as the power of two that the
/// range ends before (2^128 or 2^1024).
template <class T>
double ulps(T got, long double want) {
  using Limits = std::numeric_limits<T>;
  const long double end = std::ldexp(1.0L, Limits::max_exponent);
  const auto number = [&](long double x) { return std::isinf(x) ? std::copysign(end, x) : x; };
  const long double exact = std::abs(want) > end ? std::copysign(end, want) : number(want);
  int exponent;
  std::frexp(std::clamp<long double>(std::abs(exact), Limits::min(), Limits::max()), &exponent);
  return static_cast<double>(std::abs(number(got) - exact) / std::ldexp(1.0L, exponent - Limits::digits));
}

/// Every element has the same bits, or is off by no more units of the last place than `ulps`; two NaNs are
/// the same.
template <class T>
void require_same(const Vector<T>& want, const Vector<T>& got, std::int64_t ulps = 0) {
  REQUIRE(want.size() == got.size());
  // The usual case, at once; memcmp() does not take the null pointers of empty vectors.
  if (want.empty() || std::memcmp(want.data(), got.data(), want.size() * sizeof(T)) == 0) return;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const auto x = bits(want[i]), y = bits(got[i]);
    // Of one sign, neighbouring numbers have neighbouring bits.
    if (x == y ||
        (ulps > 0 && static_cast<std::uint64_t>(x > y ? x - y : y - x) <= static_cast<std::uint64_t>(ulps)))
      continue;
    CAPTURE(i, want.size(), want[i], got[i], x, y);
    FAIL("different bits");
  }
}

/// Elements that a kernel writes. On a CUDA device they are not in pinned memory of the CPU but in the
/// device's own, where compute-sanitizer's initcheck reports reads of an element before it is written.
template <class T>
class Output {
 public:
  /// Undefined; on the emulator NaN, on the CPU 7.
  explicit Output(std::size_t n)
      : values_(n, T(7)), memory_(on_cuda() ? allocate_on_device(bytes()) : nullptr) {}
  /// For a kernel that updates them.
  explicit Output(const Vector<T>& values) : Output(values.size()) {
    values_ = values;
    if (on_cuda()) copy_to_device(memory_, values_.data(), bytes());
  }
  ~Output() {
    if (on_cuda()) release_on_device(memory_, bytes());
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  T* data() { return on_cuda() ? static_cast<T*>(memory_) : values_.data(); }
  const Vector<T>& values() {
    if (on_cuda()) copy_from_device(values_.data(), memory_, bytes());
    return values_;
  }

 private:
  std::size_t bytes() const { return values_.size() * sizeof(T); }

  Vector<T> values_;
  void* memory_;
};

/// The `n` elements that compute(out) writes.
template <class T, class Compute>
Vector<T> written(std::size_t n, const Compute& compute) {
  Output<T> out(n);
  compute(out.data());
  return out.values();
}

/// Calls body with every instruction set of this machine and one and three threads, then restores both; or,
/// for a CUDA device, once.
template <class Body>
void on_every_build(const Body& body) {
  if (on_cuda()) return on_every_schedule(body);
  struct Restore {
    const kernels::cpu::Table& table = kernels::cpu::cpu_table();
    int threads = num_threads();
    ~Restore() {
      kernels::cpu::exchange_table(table);
      set_num_threads(threads);
    }
  } const restore;
  for (const kernels::cpu::Table* table : kernels::cpu::available_tables())
    for (const int threads : {1, 3}) {
      kernels::cpu::exchange_table(*table);
      set_num_threads(threads);
      INFO(table->name << ", threads " << threads);
      body();
    }
}

/// Whether `rows` of together n elements are for the parts that the CPU works in: CUDA's kernels need fewer.
inline bool only_for_cpu(std::int64_t rows, std::int64_t n) {
  return n > 1 << 15 && rows > 40 && on_cuda() && !thorough;
}

/// FNV-1a of the canonical bits.
template <class T>
std::uint64_t hash(const Vector<T>& values) {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (const T x : values) {
    auto b = static_cast<std::uint64_t>(bits(x));
    for (std::size_t i = 0; i < sizeof(T); ++i, b >>= 8) h = (h ^ (b & 0xff)) * 0x100000001b3u;
  }
  return h;
}

}  // namespace tenon::test
