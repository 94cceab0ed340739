#include <cmath>

#include "bits_rows.h"

#include <tenon/kernels/arith/philox.h>
#include <tenon/kernels/elementwise.h>
#include <tenon/kernels/fill.h>
#include <tenon/kernels/index.h>
#include <tenon/kernels/matmul.h>
#include <tenon/kernels/mse.h>
#include <tenon/kernels/normalization.h>
#include <tenon/kernels/random.h>
#include <tenon/kernels/reduce.h>
#include <tenon/kernels/softmax.h>
#include <tenon/kernels/update.h>

#include "oracle.h"

namespace tenon::test {
namespace {

using namespace tenon;
using namespace tenon::kernels;
using test::Vector;

/// Ordinary numbers, wide exponents with denormal results, and special values, interleaved.
template <class T>
Vector<T> inputs(std::uint32_t seed) {
  Vector<T> all;
  for (const test::Kind kind : test::all_kinds) {
    const auto part = test::noise<T>(1001, kind, seed);
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

template <class T, class Compute, class Definition>
void each(Tally& tally, const std::string& op, std::size_t n, const Compute& compute,
    const Definition& definition) {
  Vector<T> want(n);
  for (std::size_t i = 0; i < n; ++i) want[i] = definition(i);
  tally.compare(op, want, test::written<T>(n, compute));
}

// For the operations with two parameters.
constexpr Parameters bounds = {-0.3, 0.2};

template <class T>
void unary_rows(Tally& tally) {
  const auto a = inputs<T>(1);
  const Shape line = {static_cast<std::int64_t>(a.size())};
  arith::UnaryOps::for_each([&]<class Op>() {
    each<T>(
        tally, Op::name, a.size(),
        [&](T* out) { unary(test::stream(), Op(), dtype_of<T>, line, out, a.data(), bounds); },
        [&](std::size_t i) { return arith::bind<Op, T>(bounds)(a[i]); });
  });
}

template <class T>
void binary_rows(Tally& tally) {
  const auto a = inputs<T>(1), b = inputs<T>(2);
  // b is read backwards, as a strided operand.
  const Shape line = {static_cast<std::int64_t>(a.size())};
  const Strides back = {-1};
  arith::BinaryOps::for_each([&]<class Op>() {
    each<T>(
        tally, Op::name, a.size(),
        [&](T* out) {
          binary(test::stream(), Op(), dtype_of<T>, line, out, a.data(), {&b.back(), back}, bounds);
        },
        [&](std::size_t i) { return arith::bind<Op, T>(bounds)(a[i], b[b.size() - 1 - i]); });
  });
}

template <class T>
void compare_rows(Tally& tally) {
  const auto a = inputs<T>(1), b = inputs<T>(2);
  const Shape line = {static_cast<std::int64_t>(a.size())};
  arith::CompareOps::for_each([&]<class Op>() {
    each<std::uint8_t>(
        tally, Op::name, a.size(),
        [&](std::uint8_t* out) { compare(test::stream(), Op(), dtype_of<T>, line, out, a.data(), b.data()); },
        [&](std::size_t i) { return Op()(a[i], b[i]); });
  });
}

template <class T>
void other_elementwise_rows(Tally& tally) {
  const auto a = inputs<T>(1), b = inputs<T>(2), g = inputs<T>(3);
  const Shape line = {static_cast<std::int64_t>(a.size())};
  const Stream stream = test::stream();
  constexpr DType dtype = dtype_of<T>;
  Vector<std::uint8_t> choice(a.size());
  for (std::size_t i = 0; i < choice.size(); ++i) choice[i] = i % 3 == 0;
  const T n = static_cast<T>(1001);
  each<T>(
      tally, "where", a.size(),
      [&](T* out) { where(stream, dtype, line, out, choice.data(), a.data(), b.data()); },
      [&](std::size_t i) { return choice[i] ? a[i] : b[i]; });
  each<T>(
      tally, "scaled_difference", a.size(),
      [&](T* out) {
        ternary(stream, arith::ScaledDifference(), dtype, line, out, g.data(), a.data(), b.data(), {2, 1001});
      },
      [&](std::size_t i) { return ((T(2) * g[i]) / n) * (a[i] - b[i]); });
  each<T>(
      tally, "scaled_sign", a.size(),
      [&](T* out) {
        ternary(stream, arith::ScaledSign(), dtype, line, out, g.data(), a.data(), b.data(), {-1, 1001});
      },
      [&](std::size_t i) { return ((g[i] * T(-1)) / n) * num::sign(a[i] - b[i]); });
  each<T>(
      tally, "lerp", a.size(),
      [&](T* out) { ternary(stream, arith::Lerp(), dtype, line, out, a.data(), b.data(), g.data()); },
      [&](std::size_t i) {
        return std::abs(g[i]) < T(0.5) ? std::fma(g[i], b[i] - a[i], a[i])
                                       : std::fma(g[i] - T(1), b[i] - a[i], b[i]);
      });
  each<T>(
      tally, "addcmul", a.size(),
      [&](T* out) {
        ternary(stream, arith::Addcmul(), dtype, line, out, a.data(), b.data(), g.data(), {-1.5});
      },
      [&](std::size_t i) { return std::fma(T(-1.5) * b[i], g[i], a[i]); });
  const auto loss = [&]<class Op>(Op op, Parameters parameters) {
    each<T>(
        tally, Op::name, a.size(),
        [&](T* out) { ternary(stream, op, dtype, line, out, g.data(), a.data(), b.data(), parameters); },
        [&](std::size_t i) { return arith::bind<Op, T>(parameters)(g[i], a[i], b[i]); });
  };
  loss(arith::HuberBackward(), {0.7, 1});
  loss(arith::BinaryCrossEntropyBackward(), {});
  loss(arith::LogitsCrossEntropyBackward(), {});
  const Shape square = {41, 73};
  const Strides turned = {1, 41};
  each<T>(
      tally, "copy", 41 * 73,
      [&](T* out) {
        copy(stream, dtype, dtype, square, out, {a.data(), turned});
      },
      [&](std::size_t i) { return a[i / 73 + i % 73 * 41]; });
  each<double>(
      tally, "convert", a.size(),
      [&](double* out) { copy(stream, DType::float64, dtype, line, out, a.data()); },
      [&](std::size_t i) { return static_cast<double>(a[i]); });
  each<float>(
      tally, "convert", a.size(),
      [&](float* out) { copy(stream, DType::float32, dtype, line, out, a.data()); },
      [&](std::size_t i) { return static_cast<float>(a[i]); });
  each<std::int64_t>(
      tally, "convert", a.size(),
      [&](std::int64_t* out) { copy(stream, DType::int64, dtype, line, out, a.data()); },
      [&](std::size_t i) { return num::to_int64(a[i]); });
}

template <class T>
void reduce_rows(Tally& tally) {
  static const char* const names[] = {"sum", "dot", "sum of squares", "sum of magnitudes", "amax"};
  const auto a = test::noise<T>(3 * 5003, test::Kind::wide, 1),
             b = test::noise<T>(3 * 5003, test::Kind::ordinary, 2);
  static_assert(std::size(names) == arith::ReduceOps::size);
  for (int op = 0; op < arith::ReduceOps::size; ++op) {
    const auto what = arith::ReduceOp(op);
    const auto along = [&](std::int64_t start, std::int64_t step, std::int64_t n) {
      return test::reduced(what, {n}, a.data() + start, {step}, b.data() + start, {step});
    };
    each<T>(
        tally, names[op], 3,
        [&](T* out) {
          reduce(test::stream(), what, dtype_of<T>, {3, 5003}, 0b10, out, a.data(), b.data(), 7);
        },
        [&](std::size_t i) { return along(static_cast<std::int64_t>(i) * 5003, 1, 5003) / T(7); });
    each<T>(
        tally, names[op], 100,
        [&](T* out) {
          reduce(test::stream(), what, dtype_of<T>, {150, 100}, 0b01, out, a.data(), b.data(), 1);
        },
        [&](std::size_t i) { return along(static_cast<std::int64_t>(i), 100, 150); });
    const Strides apart = {45, 3};
    each<T>(
        tally, names[op], 300,
        [&](T* out) {
          reduce(test::stream(), what, dtype_of<T>, {300, 15}, 0b10, out, {a.data(), apart},
              {b.data(), apart}, 1);
        },
        [&](std::size_t i) { return along(static_cast<std::int64_t>(i) * 45, 3, 15); });
  }
}

/// Rows of one chunk of a reduction, and of more.
template <class T>
void softmax_rows(Tally& tally) {
  for (const Indexed layout : {Indexed{50, 60, 1}, {2, 1500, 1}}) {
    constexpr std::size_t n = 3000;
    const auto made = [&](const auto& element) {
      Vector<T> all(n);
      for (std::size_t i = 0; i < n; ++i) all[i] = element(i);
      return all;
    };
    const auto of_row = [&](arith::ReduceOp op, const Vector<T>& x) {
      return made([&](std::size_t i) {
        const T* const row = x.data() + static_cast<std::int64_t>(i) / layout.size * layout.size;
        return test::reduced(op, layout.size, row, row);
      });
    };
    const auto a = test::noise<T>(n, test::Kind::ordinary, 1), g = test::noise<T>(n, test::Kind::wide, 2),
               most = of_row(arith::Amax(), a),
               powers = made([&](std::size_t i) { return num::exp(a[i] - most[i]); }),
               sums = of_row(arith::Sum(), powers),
               y = made([&](std::size_t i) { return powers[i] / sums[i]; }),
               log_y = made([&](std::size_t i) { return (a[i] - most[i]) - num::log(sums[i]); }),
               parts = made([&](std::size_t i) { return g[i] * y[i]; }),
               sums_of_parts = of_row(arith::Sum(), parts), sums_of_g = of_row(arith::Sum(), g);
    const auto row = [&](const std::string& name, Softmax kind, const Vector<T>& result, const auto& slope) {
      each<T>(
          tally, name, n, [&](T* out) { softmax(test::stream(), kind, dtype_of<T>, layout, out, a.data()); },
          [&](std::size_t i) { return result[i]; });
      each<T>(
          tally, name + "_backward", n,
          [&](T* out) {
            softmax_backward(test::stream(), kind, dtype_of<T>, layout, out, g.data(), result.data());
          },
          slope);
    };
    row("softmax", Softmax::plain, y, [&](std::size_t i) { return parts[i] - y[i] * sums_of_parts[i]; });
    row("log_softmax", Softmax::log, log_y,
        [&](std::size_t i) { return g[i] - num::exp(log_y[i]) * sums_of_g[i]; });
  }
}

template <class T>
void normalization_rows(Tally& tally) {
  using Kind = Normalization::Kind;
  for (const Normalization layer :
      {Normalization{Kind::layer, dtype_of<T>, 50, 60, 1e-5}, {Kind::layer, dtype_of<T>, 2, 1500, 1e-5}})
    for (const Kind kind : {Kind::layer, Kind::rms}) {
      Normalization what = layer;
      what.kind = kind;
      const std::string name = kind == Kind::layer ? "layer_norm" : "rms_norm";
      constexpr std::size_t n = 3000;
      const auto a = test::noise<T>(n, test::Kind::ordinary, 1), g = test::noise<T>(n, test::Kind::wide, 2),
                 weight = test::noise<T>(what.size, test::Kind::ordinary, 3),
                 bias = test::noise<T>(what.size, test::Kind::wide, 4);
      Vector<T> want(n), y(n), scale(static_cast<std::size_t>(what.rows)), slope(n);
      test::normalize(what, want.data(), y.data(), scale.data(), a.data(), weight.data(), bias.data());
      test::normalize_backward(what, slope.data(), g.data(), weight.data(), y.data(), scale.data());
      tally.compare(name, want, test::written<T>(n, [&](T* out) {
        test::Output<T> each(scale.size());
        normalize(test::stream(), what, out, nullptr, each.data(), a.data(), weight.data(), bias.data());
      }));
      tally.compare(name + "_backward", slope, test::written<T>(n, [&](T* out) {
        normalize_backward(test::stream(), what, out, g.data(), weight.data(), y.data(), scale.data());
      }));
    }
}

template <class T>
void matmul_rows(Tally& tally) {
  const auto a = test::noise<T>(60000, test::Kind::wide, 1),
             b = test::noise<T>(60000, test::Kind::ordinary, 2),
             bias = test::noise<T>(200, test::Kind::ordinary, 3);
  for (const auto& [m, k, n] :
      {std::tuple{70, 130, 90}, {33, 1100, 40}, {5, 200, 1}, {1, 200, 5}, {131, 36, 150}})
    for (int turned = 0; turned < 4; ++turned) {
      const bool ta = turned & 1, tb = turned & 2;
      const kernels::Matrix left{a.data(), m, k, ta ? 1 : k, ta ? m : 1},
          right{b.data(), k, n, tb ? 1 : n, tb ? k : 1};
      each<T>(
          tally, "matmul", static_cast<std::size_t>(m * n),
          [&](T* out) { matmul(test::stream(), dtype_of<T>, out, left, right, bias.data()); },
          [&, n = n, k = k](std::size_t at) {
            const auto i = static_cast<std::int64_t>(at) / n, j = static_cast<std::int64_t>(at) % n;
            return test::matmul(n, k, a.data() + i * left.row_stride, left.col_stride,
                       b.data() + j * right.col_stride, right.row_stride) +
                   bias[static_cast<std::size_t>(j)];
          });
    }
}

template <class T>
void training_rows(Tally& tally) {
  const std::int64_t n = 5003;
  const auto a = test::noise<T>(n, test::Kind::ordinary, 1), b = test::noise<T>(n, test::Kind::wide, 2);
  Vector<T> loss(1), slope(n), want_slope(n);
  mse(test::stream(), dtype_of<T>, n, loss.data(), slope.data(), a.data(), b.data(), static_cast<double>(n));
  const T sum = test::reduced(arith::SumOfSquaredDifferences(), n, a.data(), b.data());
  for (std::size_t i = 0; i < want_slope.size(); ++i)
    want_slope[i] = T(2) / static_cast<T>(n) * (a[i] - b[i]);
  tally.compare("mse", {sum / static_cast<T>(n)}, loss);
  tally.compare("mse gradient", want_slope, slope);

  for (const bool momentum : {false, true})
    for (const bool nesterov : {false, true}) {
      if (nesterov && !momentum) continue;
      Vector<T> p = a, m = inputs<T>(5);
      m.resize(static_cast<std::size_t>(n), T(1));
      Vector<T> want_p = p, want_m = m;
      const SgdItem item{p.data(), b.data(), momentum ? m.data() : nullptr, n, 0.01, momentum ? 0.9 : 0,
          momentum && !nesterov ? 0.1 : 0, 1e-3, nesterov, false, false};
      const arith::Sgd<T> step = step_of<T>(item);
      for (std::size_t i = 0; i < want_p.size(); ++i)
        if (momentum) step(want_p[i], b[i], want_m[i]);
        else step(want_p[i], b[i]);
      sgd(test::stream(), dtype_of<T>, {&item, 1});
      tally.compare("sgd", want_p, p);
      if (momentum) tally.compare("sgd momentum", want_m, m);
    }
}

/// The step of `make_item(param, states)`, an item of n elements with gradient `grad`, whose `count` states
/// begin as `start`.
template <class T, std::size_t count, class Item>
void step_rows(Tally& tally, const std::string& name, void (&kernel)(Stream, DType, std::span<const Item>),
    const Vector<T>& param, const Vector<T>& start, const Vector<T>& grad,
    Item (*make_item)(T* param, const Vector<T>& grad, std::array<T*, count> states)) {
  Vector<T> p = param, want_p = param;
  std::array<Vector<T>, count> states;
  std::array<T*, count> at;
  for (std::size_t k = 0; k < count; ++k) at[k] = (states[k] = start).data();
  auto want = states;
  const Item item = make_item(p.data(), grad, at);
  const auto step = step_of<T>(item);
  for (std::size_t i = 0; i < want_p.size(); ++i) [&]<std::size_t... k>(std::index_sequence<k...>) {
      step(want_p[i], grad[i], want[k][i]...);
    }
  (std::make_index_sequence<count>());
  kernel(test::stream(), dtype_of<T>, {&item, 1});
  tally.compare(name, want_p, p);
  for (std::size_t k = 0; k < count; ++k) tally.compare(name + " state", want[k], states[k]);
}

template <class T>
void adaptive_rows(Tally& tally) {
  const std::int64_t n = 5003;
  const auto a = test::noise<T>(n, test::Kind::ordinary, 1), b = test::noise<T>(n, test::Kind::wide, 2);
  Vector<T> start = inputs<T>(5);
  start.resize(static_cast<std::size_t>(n), T(1));
  for (T& x : start) x = std::abs(x);
  const auto row = [&]<std::size_t count, class Item>(const char* name,
                       void (&kernel)(Stream, DType, std::span<const Item>),
                       Item (*make_item)(T*, const Vector<T>&, std::array<T*, count>)) {
    step_rows<T, count, Item>(tally, name, kernel, a, start, b, make_item);
  };
  using Grad = const Vector<T>&;
  constexpr std::int64_t size = 5003;
  row(
      "adam", adam, +[](T* p, Grad g, std::array<T*, 2> s) {
        return AdamItem{
            p, g.data(), s[0], s[1], nullptr, size, 3, 0.01, 0.9, 0.999, 1e-8, 1e-3, false, false};
      });
  row(
      "adam amsgrad", adam, +[](T* p, Grad g, std::array<T*, 3> s) {
        return AdamItem{p, g.data(), s[0], s[1], s[2], size, 3, 0.01, 0.9, 0.999, 1e-8, 1e-3, true, true};
      });
  row(
      "rmsprop", rmsprop, +[](T* p, Grad g, std::array<T*, 1> s) {
        return RmsPropItem{p, g.data(), s[0], nullptr, nullptr, size, 0.01, 0.99, 1e-8, 1e-3, 0, false};
      });
  row(
      "rmsprop momentum", rmsprop, +[](T* p, Grad g, std::array<T*, 2> s) {
        return RmsPropItem{p, g.data(), s[0], nullptr, s[1], size, 0.01, 0.99, 1e-8, 0, 0.9, true};
      });
  row(
      "rmsprop centered", rmsprop, +[](T* p, Grad g, std::array<T*, 3> s) {
        return RmsPropItem{p, g.data(), s[0], s[1], s[2], size, 0.01, 0.99, 1e-8, 1e-3, 0.9, false};
      });
  row(
      "adagrad", adagrad, +[](T* p, Grad g, std::array<T*, 1> s) {
        return AdagradItem{p, g.data(), s[0], size, 3, 0.01, 0.1, 1e-10, 1e-3, false};
      });
}

template <class T>
void index_rows(Tally& tally) {
  const Indexed layout{3, 17, 30};
  const auto a = test::noise<T>(3 * 17 * 30, test::Kind::special, 1),
             g = test::noise<T>(3 * 40 * 30, test::Kind::wide, 2);
  Vector<std::int64_t> one, all;
  for (std::int64_t i = 0; i < 3 * 40 * 30; ++i) all.push_back(i * i % 17);
  one.assign(all.begin(), all.begin() + 40);
  const auto place = [&](std::size_t at, bool own) {  // in a, for element `at` of the result
    const std::size_t o = at / 1200, i = at / 30 % 40, j = at % 30;
    return (o * 17 + static_cast<std::size_t>(own ? all[at] : one[i])) * 30 + j;
  };
  each<T>(
      tally, "index_select", 3600,
      [&](T* out) { index_select(test::stream(), dtype_of<T>, layout, out, a.data(), one.data(), 40, 1); },
      [&](std::size_t at) { return a[place(at, false)]; });
  each<T>(
      tally, "gather", 3600,
      [&](T* out) { gather(test::stream(), dtype_of<T>, layout, out, a.data(), all.data(), 40, 1); },
      [&](std::size_t at) { return a[place(at, true)]; });
  for (const bool own : {false, true}) {
    Vector<T> want(a.size(), T(0)), got(a.size(), T(7));
    for (std::size_t at = 0; at < 3600; ++at) want[place(at, own)] = want[place(at, own)] + g[at];
    if (own) gather_add(test::stream(), dtype_of<T>, layout, got.data(), g.data(), all.data(), 40);
    else index_add(test::stream(), dtype_of<T>, layout, got.data(), g.data(), one.data(), 40);
    tally.compare(own ? "gather_add" : "index_add", want, got);
  }
}

template <class T>
void random_rows(Tally& tally) {
  const RandomKey key{42, 7};
  const auto words = [&](std::size_t i) { return num::random_block(key.seed, key.stream, i); };
  const auto pair = [&](std::size_t i) {
    const num::Block block = words(i / 2);
    return num::pair(block.word[i % 2 * 2], block.word[i % 2 * 2 + 1]);
  };
  const T width = static_cast<T>(4);
  each<T>(
      tally, "uniform", 5003,
      [&](T* out) { random_uniform(test::stream(), dtype_of<T>, 5003, out, key, -1, 3); },
      [&](std::size_t i) {
        T u;
        if constexpr (sizeof(T) == 4) u = num::uniform(words(i / 4).word[i % 4]);
        else u = num::uniform(pair(i));
        return num::between(T(-1), T(3), width, u);
      });
  each<T>(
      tally, "normal", 5003,
      [&](T* out) { random_normal(test::stream(), dtype_of<T>, 5003, out, key, 0.5, 2); },
      [&](std::size_t i) {
        num::Pair<T> z;
        if constexpr (sizeof(T) == 4) {
          const num::Block block = words(i / 4);
          z = num::box_muller(block.word[i / 2 % 2 * 2], block.word[i / 2 % 2 * 2 + 1]);
        } else {
          z = num::box_muller(pair(i / 2 * 2), pair(i / 2 * 2 + 1));
        }
        return num::fma(T(2), i % 2 ? z.second : z.first, T(0.5));
      });
  each<std::int64_t>(
      tally, "integers", 5003,
      [&](std::int64_t* out) {
        random_integers(test::stream(), DType::int64, 5003, out, key, -100, 1000003);
      },
      [&](std::size_t i) { return -100 + static_cast<std::int64_t>(num::below(1000103, pair(i))); });
  each<T>(
      tally, "arange", 5003, [&](T* out) { arange(test::stream(), dtype_of<T>, 5003, out, -1, 0.37); },
      [&](std::size_t i) { return static_cast<T>(std::fma(0.37, static_cast<double>(i), -1)); });
  const double step = (3.7 + 1) / 5002;
  each<T>(
      tally, "linspace", 5003, [&](T* out) { linspace(test::stream(), dtype_of<T>, 5003, out, -1, 3.7); },
      [&](std::size_t i) {
        return static_cast<T>(i < 2502 ? std::fma(step, static_cast<double>(i), -1)
                                       : std::fma(-step, static_cast<double>(5002 - i), 3.7));
      });
}

}  // namespace

Tally compare_all() {
  Tally tally;
  const auto both = [&](auto rows) {
    rows(float{});
    rows(double{});
  };
  both([&]<class T>(T) { unary_rows<T>(tally); });
  both([&]<class T>(T) { binary_rows<T>(tally); });
  both([&]<class T>(T) { compare_rows<T>(tally); });
  both([&]<class T>(T) { other_elementwise_rows<T>(tally); });
  both([&]<class T>(T) { reduce_rows<T>(tally); });
  both([&]<class T>(T) { softmax_rows<T>(tally); });
  both([&]<class T>(T) { normalization_rows<T>(tally); });
  both([&]<class T>(T) { matmul_rows<T>(tally); });
  both([&]<class T>(T) { training_rows<T>(tally); });
  both([&]<class T>(T) { adaptive_rows<T>(tally); });
  both([&]<class T>(T) { index_rows<T>(tally); });
  both([&]<class T>(T) { random_rows<T>(tally); });
  return tally;
}

}  // namespace tenon::test
