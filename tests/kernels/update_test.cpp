// The steps of Adam, RMSprop and Adagrad against their formulas, written out. sgd_test.cpp has SGD's.
#include <tenon/kernels/update.h>

#include <cmath>
#include <deque>

#include "support.h"

namespace {

using namespace tenon;
using kernels::AdagradItem;
using kernels::AdamItem;
using kernels::RmsPropItem;
using test::Kind;

/// Marks an array of the state in an item of options: the item has one. Nothing reads it.
std::byte mark;
void* const present = &mark;

template <class T>
T direction(const auto& o, T p, T g, double decay) {
  const T d = o.maximize ? -g : g;
  return decay != 0 ? std::fma(static_cast<T>(decay), p, d) : d;
}

/// s has the numbers of the state in the order of the members of the item.
template <class T>
void formula(const AdamItem& o, T& p, T g, T (&s)[3]) {
  auto& [m, v, largest] = s;
  double first = 1, second = 1;  // beta^step, as docs/numerics.md computes it
  for (double beta1 = o.beta1, beta2 = o.beta2, t = static_cast<double>(o.step); t > 0;
       t = std::floor(t / 2)) {
    if (std::fmod(t, 2) == 1) first *= beta1, second *= beta2;
    beta1 *= beta1, beta2 *= beta2;
  }
  const T size = static_cast<T>(o.lr / (1 - first)), root = static_cast<T>(std::sqrt(1 - second));
  const T d = direction(o, p, g, o.decoupled ? 0 : o.weight_decay);
  const T kept = o.decoupled ? p * static_cast<T>(1 - o.lr * o.weight_decay) : p;
  m = std::fma(static_cast<T>(1 - o.beta1), d - m, m);
  v = std::fma(static_cast<T>(1 - o.beta2) * d, d, static_cast<T>(o.beta2) * v);
  T divisor = v;
  if (o.max_exp_avg_sq) divisor = largest = largest > v || largest != largest ? largest : v;
  p = std::fma(-size, m / (std::sqrt(divisor) / root + static_cast<T>(o.eps)), kept);
}

template <class T>
void formula(const RmsPropItem& o, T& p, T g, T (&s)[3]) {
  auto& [v, a, m] = s;
  const T d = direction(o, p, g, o.weight_decay), fresh = static_cast<T>(1 - o.alpha);
  v = std::fma(fresh * d, d, static_cast<T>(o.alpha) * v);
  T variance = v;
  if (o.grad_avg) {
    a = std::fma(fresh, d - a, a);
    variance = std::fma(-a, a, v);
    if (variance <= 0) variance = 0;
  }
  T q = d / (std::sqrt(variance) + static_cast<T>(o.eps));
  if (o.momentum_buffer) q = m = std::fma(static_cast<T>(o.momentum), m, q);
  p = std::fma(-static_cast<T>(o.lr), q, p);
}

template <class T>
void formula(const AdagradItem& o, T& p, T g, T (&s)[1]) {
  const T d = direction(o, p, g, o.weight_decay);
  const double size = o.lr / (1 + static_cast<double>(o.step - 1) * o.lr_decay);
  s[0] = std::fma(d, d, s[0]);
  p = std::fma(-static_cast<T>(size), d / (std::sqrt(s[0]) + static_cast<T>(o.eps)), p);
}

/// `members` are the arrays of the state; those of `options` that are null stay so.
template <class T, class Item, std::size_t count>
void against_formula(void (&kernel)(Stream, DType, std::span<const Item>),
    std::initializer_list<Item> options, void* Item::*const (&members)[count]) {
  struct Parameter {
    Parameter(const test::Vector<T>& start, const test::Vector<T>& g)
        : p(start), grad(g), same_grad(g), want_p(start) {}
    test::Output<T> p;
    test::Vector<T> grad, same_grad, want_p, want[count];
    std::deque<test::Output<T>> states{};
  };
  for (const Kind kind : test::kinds)
    test::on_every_build([&] {
      std::deque<Parameter> all;
      test::Vector<Item> items;
      std::uint32_t seed = 0;
      for (const Item& option : options)
        for (const std::int64_t n : {0, 1, 5, 200, 1027, seed == 0 ? 70001 : 33}) {
          const auto start = test::noise<T>(n, kind, ++seed), grad = test::noise<T>(n, kind, ++seed);
          Parameter& at = all.emplace_back(start, grad);
          Item& item = items.emplace_back(option);
          item.param = at.p.data();
          item.grad = at.grad.data();
          item.n = n;
          for (std::size_t k = 0; k < count; ++k) {
            at.want[k] = test::noise<T>(n, kind, ++seed);
            for (T& x : at.want[k]) x = std::abs(x);
            at.states.emplace_back(at.want[k]);
            if (option.*members[k]) item.*members[k] = at.states[k].data();
          }
          for (std::size_t i = 0; i < grad.size(); ++i) {
            T state[count];
            for (std::size_t k = 0; k < count; ++k) state[k] = at.want[k][i];
            formula(option, at.want_p[i], grad[i], state);
            for (std::size_t k = 0; k < count; ++k) at.want[k][i] = state[k];
          }
        }
      kernel(test::stream(), dtype_of<T>, items);
      for (std::size_t i = 0; i < items.size(); ++i) {
        CAPTURE(i);
        test::require_same(all[i].want_p, all[i].p.values());
        for (std::size_t k = 0; k < count; ++k) test::require_same(all[i].want[k], all[i].states[k].values());
        test::require_same(all[i].same_grad, all[i].grad);
      }
    });
}

template <class T>
void adam() {
  AdamItem plain{};
  plain.exp_avg = plain.exp_avg_sq = present;
  plain.step = 1, plain.lr = 1e-3, plain.beta1 = 0.9, plain.beta2 = 0.999, plain.eps = 1e-8;
  AdamItem decayed = plain, decoupled = plain, late = plain, maximized = plain;
  decayed.weight_decay = 0.3, decayed.step = 2;
  decoupled.weight_decay = 0.3, decoupled.decoupled = true, decoupled.step = 3;
  late.step = 1'000'003, late.beta1 = 0;
  maximized.maximize = true, maximized.eps = 0.1, maximized.step = 7;
  AdamItem amsgrad = plain, decoupled_amsgrad = decoupled;
  amsgrad.max_exp_avg_sq = decoupled_amsgrad.max_exp_avg_sq = present;
  against_formula<T>(kernels::adam, {plain, decayed, amsgrad, decoupled, late, decoupled_amsgrad, maximized},
      {&AdamItem::exp_avg, &AdamItem::exp_avg_sq, &AdamItem::max_exp_avg_sq});
}

template <class T>
void rmsprop() {
  RmsPropItem plain{};
  plain.square_avg = present;
  plain.lr = 1e-2, plain.alpha = 0.99, plain.eps = 1e-8;
  RmsPropItem momentum = plain;
  momentum.momentum = 0.9, momentum.momentum_buffer = present, momentum.weight_decay = 0.3;
  RmsPropItem centered = plain, both = momentum;
  centered.grad_avg = both.grad_avg = present;
  centered.maximize = true, centered.alpha = 0, centered.eps = 0.1;
  both.alpha = 0.5;
  against_formula<T>(kernels::rmsprop, {plain, both, momentum, centered},
      {&RmsPropItem::square_avg, &RmsPropItem::grad_avg, &RmsPropItem::momentum_buffer});
}

template <class T>
void adagrad() {
  AdagradItem plain{};
  plain.sum = present;
  plain.step = 1, plain.lr = 1e-2, plain.eps = 1e-10;
  AdagradItem decayed = plain;
  decayed.step = 5, decayed.lr_decay = 0.1, decayed.weight_decay = 0.3, decayed.maximize = true;
  against_formula<T>(kernels::adagrad, {plain, decayed}, {&AdagradItem::sum});
}

}  // namespace

TEST_CASE("adam: float32 is its formula", "[kernels][adam]") { adam<float>(); }
TEST_CASE("adam: float64 is its formula", "[kernels][adam]") { adam<double>(); }
TEST_CASE("rmsprop: float32 is its formula", "[kernels][rmsprop]") { rmsprop<float>(); }
TEST_CASE("rmsprop: float64 is its formula", "[kernels][rmsprop]") { rmsprop<double>(); }
TEST_CASE("adagrad: float32 is its formula", "[kernels][adagrad]") { adagrad<float>(); }
TEST_CASE("adagrad: float64 is its formula", "[kernels][adagrad]") { adagrad<double>(); }
