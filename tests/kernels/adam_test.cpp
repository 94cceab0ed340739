// The Adam step against its formula, written out.
#include <tenon/kernels/update.h>

#include <deque>

#include "support.h"

namespace {

using namespace tenon;
using kernels::AdamItem;
using test::Kind;

template <class T>
void formula(const AdamItem& o, T& p, T g, T& m, T& v) {
  double first = 1, second = 1;  // beta^step, as docs/numerics.md computes it
  for (double beta1 = o.beta1, beta2 = o.beta2, t = static_cast<double>(o.step); t > 0;
       t = std::floor(t / 2)) {
    if (std::fmod(t, 2) == 1) first *= beta1, second *= beta2;
    beta1 *= beta1, beta2 *= beta2;
  }
  const T size = static_cast<T>(o.lr / (1 - first)), root = static_cast<T>(std::sqrt(1 - second));
  T d = o.maximize ? -g : g, kept = p;
  if (o.decoupled) kept = p * static_cast<T>(1 - o.lr * o.weight_decay);
  else if (o.weight_decay != 0) d = std::fma(static_cast<T>(o.weight_decay), p, d);
  m = std::fma(static_cast<T>(1 - o.beta1), d - m, m);
  v = std::fma(static_cast<T>(1 - o.beta2) * d, d, static_cast<T>(o.beta2) * v);
  p = std::fma(-size, m / (std::sqrt(v) / root + static_cast<T>(o.eps)), kept);
}

template <class T>
void against_formula() {
  AdamItem plain{};
  plain.step = 1, plain.lr = 1e-3, plain.beta1 = 0.9, plain.beta2 = 0.999, plain.eps = 1e-8;
  AdamItem decayed = plain, decoupled = plain, late = plain, maximized = plain;
  decayed.weight_decay = 0.3, decayed.step = 2;
  decoupled.weight_decay = 0.3, decoupled.decoupled = true, decoupled.step = 3;
  late.step = 1'000'003, late.beta1 = 0;
  maximized.maximize = true, maximized.eps = 0.1, maximized.step = 7;
  for (const Kind kind : test::kinds)
    test::on_every_build([&] {
      std::deque<test::Output<T>> p, m, v;
      test::Vector<test::Vector<T>> g, want_p, want_m, want_v;
      test::Vector<AdamItem> items;
      std::uint32_t seed = 0;
      for (const AdamItem& option : {plain, decayed, decoupled, late, maximized})
        for (const std::int64_t n : {0, 1, 5, 200, 1027, seed == 0 ? 70001 : 33}) {
          want_p.push_back(test::noise<T>(n, kind, ++seed));
          g.push_back(test::noise<T>(n, kind, ++seed));
          want_m.push_back(test::noise<T>(n, kind, ++seed));
          want_v.push_back(test::noise<T>(n, kind, ++seed));
          for (T& x : want_v.back()) x = std::abs(x);
          p.emplace_back(want_p.back());
          m.emplace_back(want_m.back());
          v.emplace_back(want_v.back());
          for (std::size_t i = 0; i < g.back().size(); ++i)
            formula(option, want_p.back()[i], g.back()[i], want_m.back()[i], want_v.back()[i]);
          items.push_back(option);
          items.back().n = n;
        }
      const auto gradients = g;
      for (std::size_t i = 0; i < items.size(); ++i) {
        items[i].param = p[i].data();
        items[i].grad = g[i].data();
        items[i].exp_avg = m[i].data();
        items[i].exp_avg_sq = v[i].data();
      }
      kernels::adam(test::stream(), dtype_of<T>, items);
      for (std::size_t i = 0; i < items.size(); ++i) {
        CAPTURE(i);
        test::require_same(want_p[i], p[i].values());
        test::require_same(want_m[i], m[i].values());
        test::require_same(want_v[i], v[i].values());
        test::require_same(gradients[i], g[i]);
      }
    });
}

}  // namespace

TEST_CASE("adam: float32 is its formula", "[kernels][adam]") { against_formula<float>(); }
TEST_CASE("adam: float64 is its formula", "[kernels][adam]") { against_formula<double>(); }
