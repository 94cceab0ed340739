// Rows of the table of operations: reduce.h and loss.h.
#include "support/op_case_rows.h"

namespace tenon::test {

void add_reductions(std::vector<OpCase>& rows) {
  const auto reduction = [&](const char* name, const char* label, Shape shape,
                             std::function<Tensor(const Tensor&)> op, std::vector<std::int64_t> dims,
                             bool keepdim, double divisor) {
    rows.push_back({name, label, {{shape}}, [op](const Tensors& in) { return op(in[0]); },
        [=](const Arrays& in) {
          return map(sum(in[0], dims, keepdim), [divisor](double x) { return x / divisor; });
        },
        true});
  };
  reduction(
      "sum", "all", {3, 4}, [](const Tensor& x) { return sum(x); }, {}, false, 1);
  reduction(
      "sum", "number", {}, [](const Tensor& x) { return sum(x); }, {}, false, 1);
  reduction(
      "sum", "rows", {3, 4}, [](const Tensor& x) { return sum(x, {0}); }, {0}, false, 1);
  reduction(
      "sum", "two dimensions", {2, 3, 4},
      [](const Tensor& x) {
        return sum(x, {0, -1}, true);
      },
      {0, 2}, true, 1);
  reduction(
      "sum", "over a chunk", {3, 1100}, [](const Tensor& x) { return sum(x, {1}); }, {1}, false, 1);
  const auto largest = [&](const char* label, Shape shape, std::function<Tensor(const Tensor&)> op,
                           std::vector<std::int64_t> dims, bool keepdim) {
    rows.push_back({"amax", label, {{shape, Domain::apart}}, [op](const Tensors& in) { return op(in[0]); },
        [=](const Arrays& in) { return amax(in[0], dims, keepdim); }, true});
  };
  largest(
      "all", {3, 4}, [](const Tensor& x) { return amax(x); }, {}, false);
  largest(
      "rows", {3, 4}, [](const Tensor& x) { return amax(x, {0}); }, {0}, false);
  largest(
      "two dimensions", {2, 3, 4},
      [](const Tensor& x) {
        return amax(x, {0, -1}, true);
      },
      {0, 2}, true);
  reduction(
      "mean", "all", {3, 4}, [](const Tensor& x) { return mean(x); }, {}, false, 12);
  reduction(
      "mean", "columns", {3, 4}, [](const Tensor& x) { return mean(x, {1}); }, {1}, false, 4);
  reduction(
      "mean", "two dimensions", {2, 3, 4},
      [](const Tensor& x) {
        return mean(x, {1, 2}, true);
      },
      {1, 2}, true, 12);

  const auto loss = [&](const char* name, Domain domain,
                        std::function<Tensor(const Tensor&, const Tensor&, Reduction)> op,
                        double (*f)(double, double)) {
    for (const Reduction kind : {Reduction::none, Reduction::mean, Reduction::sum})
      rows.push_back({name,
          kind == Reduction::none   ? "none"
          : kind == Reduction::mean ? "mean"
                                    : "sum",
          {{{5, 3}, domain}, {{5, 3}, domain}},
          [op, kind](const Tensors& in) { return op(in[0], in[1], kind); },
          [f, kind](const Arrays& in) {
            const Array each = map(in[0], in[1], f);
            if (kind == Reduction::none) return each;
            return map(
                sum(each, {}, false), [kind](double x) { return kind == Reduction::mean ? x / 15 : x; });
          },
          true});
  };
  const auto of = [](auto op, auto... options) {
    return [=](const Tensor& x, const Tensor& y, Reduction kind) {
      return op(x, y, kind, options..., CallSite::current());
    };
  };
  loss("mse_loss", Domain::real, of(&mse_loss), [](double a, double b) { return (a - b) * (a - b); });
  loss("l1_loss", Domain::apart, of(&l1_loss), [](double a, double b) { return std::fabs(a - b); });
  // Both sides of the kink occur.
  loss("huber_loss", Domain::real, of(&huber_loss, 0.7), [](double a, double b) {
    const double d = std::fabs(a - b);
    return d <= 0.7 ? d * d / 2 : 0.7 * (d - 0.35);
  });
  loss("smooth_l1_loss", Domain::real, of(&smooth_l1_loss, 0.7), [](double a, double b) {
    const double d = std::fabs(a - b);
    return d <= 0.7 ? d * d / 1.4 : d - 0.35;
  });
  loss("kl_div", Domain::positive, of(&kl_div, false),
      [](double a, double b) { return b * (std::log(b) - a); });
  loss("kl_div", Domain::real, of(&kl_div, true), [](double a, double b) { return std::exp(b) * (b - a); });
  // Inputs in (0, 1): halves of positive ones. Targets may be any number here.
  loss(
      "binary_cross_entropy", Domain::positive,
      [](const Tensor& x, const Tensor& y, Reduction kind) {
        return binary_cross_entropy(x * 0.5, y, {.reduction = kind});
      },
      [](double a, double b) { return -b * std::log(a / 2) - (1 - b) * std::log(1 - a / 2); });
  loss(
      "binary_cross_entropy_with_logits", Domain::real,
      [](const Tensor& x, const Tensor& y, Reduction kind) {
        return binary_cross_entropy_with_logits(x, y, {.reduction = kind});
      },
      [](double a, double b) { return (1 - b) * a + std::log1p(std::exp(-a)); });
  rows.push_back({"binary_cross_entropy", "weight", {{{4, 3}, Domain::positive}, {{4, 3}}, {{3}}},
      [](const Tensors& in) {
        return binary_cross_entropy(in[0] * 0.5, in[1], {.reduction = Reduction::none, .weight = in[2]});
      },
      [](const Arrays& in) {
        const Array each = map(in[0], in[1],
            [](double a, double b) { return -b * std::log(a / 2) - (1 - b) * std::log(1 - a / 2); });
        return map(each, in[2], [](double a, double w) { return a * w; });
      }});
  rows.push_back({"binary_cross_entropy_with_logits", "both weights", {{{4, 3}}, {{4, 3}}, {{4, 1}}, {{3}}},
      [](const Tensors& in) {
        return binary_cross_entropy_with_logits(in[0], in[1], {.weight = in[2], .pos_weight = in[3]});
      },
      [](const Arrays& in) {
        const Array positive = map(map(in[1], in[3], [](double t, double w) { return t * w; }), in[0],
            [](double t, double x) { return t * std::log1p(std::exp(-x)); });
        const Array negative =
            map(in[0], in[1], [](double x, double t) { return (1 - t) * std::log1p(std::exp(x)); });
        const Array each = map(map(positive, negative, [](double a, double b) { return a + b; }), in[2],
            [](double a, double w) { return a * w; });
        return map(sum(each, {}, false), [](double x) { return x / 12; });
      }});
  rows.push_back({"kl_div", "batchmean", {{{5, 3}, Domain::positive}, {{5, 3}, Domain::positive}},
      [](const Tensors& in) { return kl_div(in[0], in[1], Reduction::batchmean); },
      [](const Arrays& in) {
        const Array each = map(in[0], in[1], [](double a, double b) { return b * (std::log(b) - a); });
        return map(sum(each, {}, false), [](double x) { return x / 5; });
      }});
}

}  // namespace tenon::test
