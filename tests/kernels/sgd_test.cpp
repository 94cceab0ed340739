// The SGD step against its formula, written out.
#include <tenon/kernels/update.h>

#include <cmath>
#include <deque>

#include "support.h"

namespace {

using namespace tenon;
using kernels::SgdItem;
using test::Kind;

template <class T>
void formula(const SgdItem& o, T& p, T g, T& m) {
  const T lr = static_cast<T>(o.lr), momentum = static_cast<T>(o.momentum),
          decay = static_cast<T>(o.weight_decay);
  T d = o.maximize ? -g : g;
  if (decay != 0) d = std::fma(decay, p, d);
  if (momentum != 0) {
    m = o.first_step ? d : std::fma(momentum, m, static_cast<T>(1 - o.dampening) * d);
    d = o.nesterov ? std::fma(momentum, m, d) : m;
  }
  p = std::fma(-lr, d, p);
}

template <class T>
void against_formula() {
  const SgdItem options[] = {
      {nullptr, nullptr, nullptr, 0, 0.1, 0, 0, 0, false, false, false},
      {nullptr, nullptr, nullptr, 0, 0.1, 0, 0, 0.3, false, true, false},
      {nullptr, nullptr, nullptr, 0, 0.01, 0.9, 0, 1e-4, false, false, true},
      {nullptr, nullptr, nullptr, 0, 0.01, 0.9, 0.1, 1e-4, false, false, false},
      {nullptr, nullptr, nullptr, 0, 0.3, 0.9, 0, 0.5, true, false, false},
      {nullptr, nullptr, nullptr, 0, 0.3, 0.9, 0, 0, true, true, true},
  };
  for (const Kind kind : test::kinds)
    test::on_every_build([&] {
      std::deque<test::Output<T>> p, m;
      test::Vector<test::Vector<T>> g, want_p, want_m;
      test::Vector<SgdItem> items;
      std::uint32_t seed = 0;
      for (const SgdItem& option : options)
        for (const std::int64_t n : {0, 1, 5, 200, 1027, seed == 0 ? 70001 : 33}) {
          want_p.push_back(test::noise<T>(n, kind, ++seed));
          g.push_back(test::noise<T>(n, kind, ++seed));
          want_m.push_back(test::noise<T>(n, kind, ++seed));
          p.emplace_back(want_p.back());
          m.emplace_back(want_m.back());
          for (std::size_t i = 0; i < g.back().size(); ++i)
            formula(option, want_p.back()[i], g.back()[i], want_m.back()[i]);
          items.push_back(option);
          items.back().n = n;
        }
      const auto gradients = g;
      for (std::size_t i = 0; i < items.size(); ++i) {
        items[i].param = p[i].data();
        items[i].grad = g[i].data();
        items[i].momentum_buffer = items[i].momentum != 0 ? m[i].data() : nullptr;
      }
      kernels::sgd(test::stream(), dtype_of<T>, items);
      for (std::size_t i = 0; i < items.size(); ++i) {
        test::require_same(want_p[i], p[i].values());
        test::require_same(want_m[i], m[i].values());
        test::require_same(gradients[i], g[i]);
      }
    });
}

}  // namespace

TEST_CASE("sgd: float32 is its formula", "[kernels][sgd]") { against_formula<float>(); }
TEST_CASE("sgd: float64 is its formula", "[kernels][sgd]") { against_formula<double>(); }
