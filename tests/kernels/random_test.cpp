// Random fills: Philox's known answers, the index map written out, and the shape of the distributions.
#include <tenon/kernels/fill.h>
#include <tenon/kernels/random.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include <tenon/kernels/arith/philox.h>

#include "support.h"

namespace {

using namespace tenon;
using namespace tenon::kernels;

const RandomKey key{0x123456789abcdef0, 0xfedcba9876543210};

num::Block block(std::uint64_t index) {
  return num::philox(
      {{static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), 0x76543210, 0xfedcba98}},
      num::PhiloxKey{0x9abcdef0, 0x12345678});
}
std::uint32_t word(std::int64_t i) { return block(static_cast<std::uint64_t>(i) / 4).word[i % 4]; }
std::uint64_t word_pair(std::int64_t i) {
  const num::Block b = block(static_cast<std::uint64_t>(i) / 2);
  return b.word[i % 2 * 2] | static_cast<std::uint64_t>(b.word[i % 2 * 2 + 1]) << 32;
}

/// What a fill writes into `n` elements.
template <class T, class Fill, class... Args>
test::Vector<T> filled(Fill fill, std::int64_t n, const Args&... args) {
  return test::written<T>(
      static_cast<std::size_t>(n), [&](T* out) { fill(test::stream(), dtype_of<T>, n, out, args...); });
}

const std::int64_t sizes[] = {0, 1, 3, 255, 256, 257, 1000, 30001};

}  // namespace

TEST_CASE("random: Philox has Random123's known answers", "[kernels][random]") {
  std::ifstream file(TENON_SOURCE_DIR "/tests/data/philox4x32_kat.txt");
  REQUIRE(file);
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    std::istringstream in(line);
    std::string name;
    int rounds = 0;
    std::uint32_t w[10];
    in >> name >> std::dec >> rounds >> std::hex;
    for (std::uint32_t& x : w) in >> x;
    REQUIRE(in);
    const num::Block got = num::philox({{w[0], w[1], w[2], w[3]}}, num::PhiloxKey{w[4], w[5]}, rounds);
    for (int i = 0; i < 4; ++i) CHECK(got.word[i] == w[6 + i]);
  }
  CHECK(lines == 6);
}

TEST_CASE("random: each element comes from its block", "[kernels][random]") {
  for (const std::int64_t n : sizes) {
    test::Vector<float> uniform, normal;
    test::Vector<double> uniform64, normal64;
    test::Vector<std::int64_t> whole;
    for (std::int64_t i = 0; i < n; ++i) {
      uniform.push_back(std::fma(3.0f, static_cast<float>(word(i) >> 8) * 0x1p-24f, -1.0f));
      uniform64.push_back(std::fma(3.0, static_cast<double>(word_pair(i) >> 11) * 0x1p-53, -1.0));
      whole.push_back(
          -5 + static_cast<std::int64_t>(static_cast<unsigned __int128>(word_pair(i)) * 12 >> 64));
      const num::Pair<float> z = num::box_muller(word(i / 2 * 2), word(i / 2 * 2 + 1));
      normal.push_back(std::fma(0.5f, i % 2 ? z.second : z.first, 2.0f));
      const num::Pair<double> z64 = num::box_muller(word_pair(i / 2 * 2), word_pair(i / 2 * 2 + 1));
      normal64.push_back(std::fma(0.5, i % 2 ? z64.second : z64.first, 2.0));
    }
    test::on_every_build([&] {
      test::require_same(uniform, filled<float>(random_uniform, n, key, -1, 2));
      test::require_same(normal, filled<float>(random_normal, n, key, 2, 0.5));
      test::require_same(uniform64, filled<double>(random_uniform, n, key, -1, 2));
      CHECK(filled<std::int64_t>(random_integers, n, key, -5, 7) == whole);
      const auto f = filled<float>(random_integers, n, key, -5, 7);
      CHECK(std::equal(f.begin(), f.end(), whole.begin()));
      test::require_same(normal64, filled<double>(random_normal, n, key, 2, 0.5));
    });
  }
}

TEST_CASE("random: float64 normals are Box and Muller's formula", "[kernels][random]") {
  constexpr std::int64_t n = 1000;
  const auto got = filled<double>(random_normal, n, key, 0, 1);
  for (std::int64_t i = 0; i < n; ++i) {
    const double u = static_cast<double>((word_pair(i / 2 * 2) >> 11) + 1) * 0x1p-53;
    const double v = static_cast<double>(word_pair(i / 2 * 2 + 1) >> 11) * 0x1p-53 * 6.283185307179586;
    const double z = std::sqrt(-2 * std::log(u)) * (i % 2 ? std::sin(v) : std::cos(v));
    CAPTURE(i);
    CHECK(std::abs(got[static_cast<std::size_t>(i)] - z) <= 1e-14);
  }
}

TEST_CASE("random: uniform stays below its upper bound", "[kernels][random]") {
  const auto f = filled<float>(random_uniform, 100000, key, 1, std::nextafter(1.0f, 2.0f));
  CHECK(*std::max_element(f.begin(), f.end()) == 1.0f);
  const auto k = filled<std::int64_t>(random_integers, 1000, key, INT64_MIN, INT64_MAX);
  CHECK(*std::min_element(k.begin(), k.end()) < INT64_MIN / 2);
  CHECK(*std::max_element(k.begin(), k.end()) > INT64_MAX / 2);
  CHECK_THROWS_WITH(filled<std::int64_t>(random_integers, 1, key, 3, 3),
      "random_integers: low must be below high; got 3 and 3");
  CHECK_THROWS_WITH(filled<std::int64_t>(random_normal, 1, key, 0, 1),
      "random_normal: needs floating-point numbers; the dtype is int64");
}

TEST_CASE("random: the moments of normals", "[kernels][random]") {
  const std::int64_t n = 1 << 20;
  const auto z = filled<float>(random_normal, n, RandomKey{1, 2}, 0, 1);
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
  for (const double x : z) m1 += x, m2 += x * x, m3 += x * x * x, m4 += x * x * x * x;
  // Five standard errors of a million draws.
  CHECK(std::abs(m1 / n) <= 0.005);
  CHECK(std::abs(m2 / n - 1) <= 0.007);
  CHECK(std::abs(m3 / n) <= 0.02);
  CHECK(std::abs(m4 / n - 3) <= 0.05);
}

TEST_CASE("random: a permutation is Fisher and Yates with the documented draws", "[kernels][random]") {
  for (const std::int64_t n : {0, 1, 2, 10, 1000}) {
    test::Vector<std::int64_t> expected(static_cast<std::size_t>(n));
    for (std::int64_t i = 0; i < n; ++i) expected[static_cast<std::size_t>(i)] = i;
    for (std::int64_t i = n - 1; i > 0; --i) {
      const auto j = static_cast<std::size_t>(
          static_cast<unsigned __int128>(word_pair(i)) * static_cast<std::uint64_t>(i + 1) >> 64);
      std::swap(expected[static_cast<std::size_t>(i)], expected[j]);
    }
    auto got = test::written<std::int64_t>(
        expected.size(), [&](std::int64_t* out) { random_permutation(test::stream(), n, out, key); });
    CHECK(got == expected);
    std::sort(got.begin(), got.end());
    for (std::int64_t i = 0; i < n; ++i) REQUIRE(got[static_cast<std::size_t>(i)] == i);
  }
}

TEST_CASE("random: arange and linspace round once", "[kernels][random]") {
  test::on_every_build([&] {
    const auto f = filled<float>(kernels::arange, 100001, 0.1, 0.1);
    for (std::size_t i = 0; i < f.size(); ++i)
      REQUIRE(f[i] == static_cast<float>(std::fma(0.1, static_cast<double>(i), 0.1)));
    CHECK(filled<std::int64_t>(kernels::arange, 4, 5, -3) == test::Vector<std::int64_t>{5, 2, -1, -4});
    const auto d = filled<double>(kernels::linspace, 5, -1, 0.3);
    CHECK(d[0] == -1);
    CHECK(d[4] == 0.3);
    CHECK(d[1] == std::fma((0.3 + 1) / 4, 1, -1));
    CHECK(d[3] == std::fma(-(0.3 + 1) / 4, 1, 0.3));
    CHECK(filled<double>(kernels::linspace, 1, 7, 9) == test::Vector<double>{7});
    CHECK(filled<double>(kernels::linspace, 2, 7, 9) == test::Vector<double>{7, 9});
  });
}
