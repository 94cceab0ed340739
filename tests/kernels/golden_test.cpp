// Hashes of results: a fault of the whole process (another rounding mode, flushed denormals) hits both sides
// of a comparison and is invisible to it, not to a hash. They change only together with docs/numerics.md; to
// write them anew, run
//     test_kernels "[.write-golden]"
// which replaces tests/kernels/golden_hashes.txt, and read the difference.
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include <tenon/kernels/elementwise.h>
#include <tenon/kernels/fill.h>
#include <tenon/kernels/index.h>
#include <tenon/kernels/matmul.h>
#include <tenon/kernels/normalization.h>
#include <tenon/kernels/random.h>
#include <tenon/kernels/reduce.h>
#include <tenon/kernels/softmax.h>
#include <tenon/kernels/update.h>

#include "support.h"

namespace {

using namespace tenon;
using namespace tenon::kernels;
using test::Kind;

using Hashes = std::map<std::string, std::uint64_t>;
const char* const path = TENON_SOURCE_DIR "/tests/kernels/golden_hashes.txt";

template <class T>
constexpr const char* name_of = std::is_same_v<T, float> ? "float32" : "float64";

template <class T>
std::string key(const std::string& op, Kind kind) {
  return op + " " + name_of<T> + " " + std::to_string(static_cast<int>(kind));
}

template <class T>
void arithmetic(Hashes& hashes, Kind kind) {
  constexpr DType dtype = dtype_of<T>;
  const auto a = test::noise<T>(300000, kind, 11), b = test::noise<T>(300000, kind, 12);
  const auto record = [&](const std::string& op, std::int64_t n, const auto& compute) {
    hashes[key<T>(op, kind)] = test::hash(test::written<T>(static_cast<std::size_t>(n), compute));
  };
  for (const auto& [m, k, n] : {std::tuple{5, 200, 1}, {33, 17, 1}, {1, 3000, 1}, {20, 600, 30}, {1, 200, 5},
           {100, 70, 90}, {37, 16, 1}, {3, 1500, 40}})
    record("matmul " + std::to_string(m) + "x" + std::to_string(k) + "x" + std::to_string(n), m * n,
        [&, m = m, k = k, n = n](T* out) {
          matmul(test::stream(), dtype, out, {a.data(), m, k, k, 1}, {b.data(), k, n, 1, k}, a.data() + 7);
        });
  for (const auto& [m, k, n] : {std::tuple{9, 40, 1}, {20, 600, 30}, {1, 200, 5}})
    record("matmul 2x3x" + std::to_string(m) + "x" + std::to_string(k) + "x" + std::to_string(n), 6 * m * n,
        [&, m = m, k = k, n = n](T* out) {
          Batch batch;  // A is interleaved, and B is shared in the first dimension
          batch.push(2, {3 * m * k, 0});
          batch.push(3, {k, n * k});
          matmul(test::stream(), dtype, out, {a.data(), m, k, 3 * k, 1}, {b.data(), k, n, 1, k}, a.data() + 7,
              batch);
        });
  for (int op = 0; op < arith::ReduceOps::size; ++op) {
    for (const std::int64_t n : {1, 7, 100, 1024, 5000, 300000})
      record("reduce " + std::to_string(op) + " of " + std::to_string(n), 1, [&, n = n](T* out) {
        reduce(test::stream(), arith::ReduceOp(op), dtype, {n}, 1, out, a.data(), b.data(), 3);
      });
    record("reduce " + std::to_string(op) + " of dimension 0", 75, [&](T* out) {
      reduce(test::stream(), arith::ReduceOp(op), dtype, {4000, 75}, 1, out, a.data(), b.data(), 1);
    });
    record("reduce " + std::to_string(op) + " of dimensions 0 and 2", 40, [&](T* out) {
      reduce(test::stream(), arith::ReduceOp(op), dtype, {50, 40, 150}, 0b101, out, a.data(), b.data(), 1);
    });
  }
  const Shape line = {10007};
  arith::UnaryOps::for_each([&]<class Op>() {
    if (Op::parameters == 0)
      record("unary " + std::to_string(arith::UnaryOps::index_of<Op>()), 10007,
          [&](T* out) { unary(test::stream(), Op(), dtype, line, out, a.data()); });
  });
  arith::BinaryOps::for_each([&]<class Op>() {
    if (Op::parameters == 0)
      record("binary " + std::to_string(arith::BinaryOps::index_of<Op>()), 10007,
          [&](T* out) { binary(test::stream(), Op(), dtype, line, out, a.data(), b.data()); });
  });
  record("clamp", 10007, [&](T* out) {
    unary(test::stream(), arith::Clamp(), dtype, line, out, a.data(), {-0.3, 0.2});
  });
  record("scaled_difference", 10007, [&](T* out) {
    ternary(test::stream(), arith::ScaledDifference(), dtype, line, out, 0.7, a.data(), b.data(), {2, 10007});
  });
  record("scaled_sign", 10007, [&](T* out) {
    ternary(test::stream(), arith::ScaledSign(), dtype, line, out, 0.7, a.data(), b.data(), {-1, 10007});
  });
  record("lerp", 10007, [&](T* out) {
    ternary(test::stream(), arith::Lerp(), dtype, line, out, a.data(), b.data(), a.data() + 20000);
  });
  record("addcmul", 10007, [&](T* out) {
    ternary(test::stream(), arith::Addcmul(), dtype, line, out, 0.7, a.data(), b.data(), {-1.5});
  });
  record("huber", 10007, [&](T* out) {
    binary(test::stream(), arith::Huber(), dtype, line, out, a.data(), b.data(), {0.7, 1});
  });
  record("huber_backward", 10007, [&](T* out) {
    ternary(test::stream(), arith::HuberBackward(), dtype, line, out, 0.7, a.data(), b.data(), {1, 0.7});
  });
  record("binary_cross_entropy_backward", 10007, [&](T* out) {
    ternary(test::stream(), arith::BinaryCrossEntropyBackward(), dtype, line, out, 0.7, a.data(), b.data());
  });
  record("logits_cross_entropy_backward", 10007, [&](T* out) {
    ternary(test::stream(), arith::LogitsCrossEntropyBackward(), dtype, line, out, 0.7, a.data(), b.data());
  });
  record("index_add", 700, [&](T* out) {
    const test::Vector<std::int64_t> index = {3, 1, 3, 3, 6, 1, 0};
    index_add(test::stream(), dtype, {1, 7, 100}, out, a.data(), index.data(), 7);
  });
  for (const Softmax what : {Softmax::plain, Softmax::log})
    for (const Indexed layout : {Indexed{100, 300, 1}, {3, 5000, 1}, {20, 30, 50}}) {
      const std::string of = std::to_string(static_cast<int>(what)) + " along " + std::to_string(layout.size);
      const std::int64_t n = layout.outer * layout.size * layout.inner;
      record(
          "softmax " + of, n, [&](T* out) { softmax(test::stream(), what, dtype, layout, out, a.data()); });
      record("softmax_backward " + of, n,
          [&](T* out) { softmax_backward(test::stream(), what, dtype, layout, out, a.data(), b.data()); });
    }
  using Norm = Normalization::Kind;
  for (const Norm what : {Norm::layer, Norm::rms})
    for (const std::int64_t size : {300, 5000}) {
      const Normalization rows{what, dtype, 3, size, 1e-5};
      const std::string of = std::to_string(static_cast<int>(what)) + " along " + std::to_string(size);
      test::Output<T> scale(3), y(static_cast<std::size_t>(3 * size));
      record("normalize " + of, 3 * size, [&](T* out) {
        normalize(test::stream(), rows, out, y.data(), scale.data(), a.data(), b.data(), b.data() + 5000);
      });
      record("normalize_backward " + of, 3 * size, [&](T* out) {
        normalize_backward(test::stream(), rows, out, a.data(), b.data(), y.data(), scale.data());
      });
    }
  test::Output<T> updated(test::Vector<T>(a.begin(), a.begin() + 20014));
  T* const param = updated.data();
  const SgdItem item{param, b.data(), param + 10007, 10007, 0.01, 0.9, 0.1, 1e-3, true, false, false};
  sgd(test::stream(), dtype, {&item, 1});
  hashes[key<T>("sgd", kind)] = test::hash(updated.values());
  test::Vector<T> start(a.begin(), a.begin() + 10007);
  start.insert(start.end(), b.begin(), b.begin() + 10007);
  for (std::int64_t i = 0; i < 10007; ++i) start.push_back(std::abs(a[static_cast<std::size_t>(i)]));
  test::Output<T> moments(start);
  T* const w = moments.data();
  const AdamItem adam_item{
      w, b.data(), w + 10007, w + 20014, nullptr, 10007, 3, 0.01, 0.9, 0.999, 1e-8, 1e-3, false, false};
  adam(test::stream(), dtype, {&adam_item, 1});
  hashes[key<T>("adam", kind)] = test::hash(moments.values());
  start.insert(start.end(), start.begin() + 20014, start.end());
  test::Output<T> with_largest(start);
  T* const x = with_largest.data();
  const AdamItem amsgrad_item{
      x, b.data(), x + 10007, x + 20014, x + 30021, 10007, 3, 0.01, 0.9, 0.999, 1e-8, 1e-3, true, true};
  adam(test::stream(), dtype, {&amsgrad_item, 1});
  hashes[key<T>("adam amsgrad", kind)] = test::hash(with_largest.values());
  test::Output<T> averages(start);
  T* const y = averages.data();
  const RmsPropItem rmsprop_item{
      y, b.data(), y + 20014, y + 10007, y + 30021, 10007, 0.01, 0.99, 1e-8, 1e-3, 0.9, false};
  rmsprop(test::stream(), dtype, {&rmsprop_item, 1});
  hashes[key<T>("rmsprop", kind)] = test::hash(averages.values());
  test::Output<T> sums(start);
  T* const z = sums.data();
  const AdagradItem adagrad_item{z, b.data(), z + 20014, 10007, 3, 0.01, 0.1, 1e-10, 1e-3, false};
  adagrad(test::stream(), dtype, {&adagrad_item, 1});
  hashes[key<T>("adagrad", kind)] = test::hash(sums.values());
}

template <class T>
void random_numbers(Hashes& hashes) {
  const RandomKey seed{42, 7};
  const auto record = [&](const std::string& op, const auto& compute) {
    hashes[op + name_of<T>] = test::hash(test::written<T>(10007, compute));
  };
  record("uniform ", [&](T* out) { random_uniform(test::stream(), dtype_of<T>, 10007, out, seed, -1, 3); });
  record("normal ", [&](T* out) { random_normal(test::stream(), dtype_of<T>, 10007, out, seed, 0.5, 2); });
  record("linspace ", [&](T* out) { linspace(test::stream(), dtype_of<T>, 10007, out, -1, 3.7); });
  record("arange ", [&](T* out) { arange(test::stream(), dtype_of<T>, 10007, out, -1, 0.37); });
  hashes["integers"] = test::hash(test::written<std::int64_t>(10007, [&](std::int64_t* out) {
    random_integers(test::stream(), DType::int64, 10007, out, seed, -100, 1000003);
  }));
  hashes["permutation"] = test::hash(test::written<std::int64_t>(
      10007, [&](std::int64_t* out) { random_permutation(test::stream(), 10007, out, seed); }));
}

Hashes compute() {
  Hashes hashes;
  for (const Kind kind : test::kinds) {
    arithmetic<float>(hashes, kind);
    arithmetic<double>(hashes, kind);
  }
  random_numbers<float>(hashes);
  random_numbers<double>(hashes);
  return hashes;
}

}  // namespace

TEST_CASE("golden: results have the hashes of the repository", "[kernels][golden][values]") {
  std::ifstream file(path);
  REQUIRE(file);
  Hashes expected;
  for (std::string line; std::getline(file, line);)
    expected[line.substr(17)] = std::stoull(line.substr(0, 16), nullptr, 16);
  test::on_every_build([&] {
    const Hashes got = compute();
    REQUIRE(got.size() == expected.size());
    for (const auto& [name, hash] : got) {
      CAPTURE(name);
      REQUIRE(expected.count(name) == 1);
      CHECK(hash == expected[name]);
    }
  });
}

TEST_CASE("golden: write the hashes of this build", "[.write-golden]") {
  std::ofstream file(path);
  for (const auto& [name, hash] : compute()) {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
    file << digits << ' ' << name << '\n';
  }
  CHECK(file.flush());
}
