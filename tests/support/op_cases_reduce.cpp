// Rows of the table of operations: reduce.h, extremes.h, statistics.h, norm.h, scan.h, sorting.h and loss.h.
#include <algorithm>
#include <cmath>

#include "support/op_case_rows.h"

namespace tenon::test {
namespace {

double root(double x) { return std::sqrt(x); }

Array prod(const Array& a, std::vector<std::int64_t> dims, bool keepdim) {
  return reduce(a, std::move(dims), keepdim, 1, [](double x, double y) { return x * y; });
}

Array variance(const Array& a, const std::vector<std::int64_t>& dims, bool keepdim, double correction) {
  const double count = static_cast<double>(a.numel() / sum(a, dims, false).numel());
  const Array apart = map(a, sum(a, dims, true), [=](double x, double total) { return x - total / count; });
  return map(sum(map(apart, [](double d) { return d * d; }), dims, keepdim),
      [=](double total) { return total / (count - correction); });
}

Array average(const Array& a, const std::vector<std::int64_t>& dims, bool keepdim) {
  const Array totals = sum(a, dims, keepdim);
  const double count = static_cast<double>(a.numel() / totals.numel());
  return map(totals, [=](double total) { return total / count; });
}

Array norm(const Array& a, double p, const std::vector<std::int64_t>& dims, bool keepdim) {
  const Array sizes = map(a, [](double x) { return std::fabs(x); });
  if (std::isinf(p)) return p > 0 ? amax(sizes, dims, keepdim) : amin(sizes, dims, keepdim);
  return map(sum(map(sizes, [p](double x) { return std::pow(x, p); }), dims, keepdim),
      [p](double total) { return std::pow(total, 1 / p); });
}

using Numbers = std::vector<double>;
using Line = std::function<Numbers(const Numbers&)>;

Numbers ascending(Numbers x) {
  std::sort(x.begin(), x.end());
  return x;
}
Numbers descending(Numbers x) {
  std::sort(x.begin(), x.end(), std::greater<>());
  return x;
}
Numbers sums(const Numbers& x) {
  Numbers out;
  double total = 0;
  for (const double each : x) out.push_back(total += each);
  return out;
}

/// Each line along dimension d replaced by line(it).
Array by_line(const Array& a, std::int64_t d, const Line& line) {
  const auto dim = static_cast<std::size_t>(d);
  const auto replaced = [&](Index at) {
    Numbers x;
    for (at[dim] = 0; at[dim] < a.shape[dim]; ++at[dim]) x.push_back(element(a, at));
    return line(x);
  };
  std::vector<std::int64_t> shape = a.shape;
  shape[dim] = static_cast<std::int64_t>(replaced(Index(shape.size())).size());
  return build(shape, [&](const Index& i) { return replaced(i)[static_cast<std::size_t>(i[dim])]; });
}

}  // namespace

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
  const auto folded = [&](const char* name, const char* label, Shape shape, Domain domain,
                          std::function<Tensor(const Tensor&)> op,
                          std::function<Array(const Array&)> reference) {
    rows.push_back({name, label, {{shape, domain}}, [op](const Tensors& in) { return op(in[0]); },
        [reference](const Arrays& in) { return reference(in[0]); }, true});
  };
  const std::vector<std::int64_t> all, rows_of{0}, columns{1}, outer{0, 2};
  folded(
      "amax", "all", {3, 4}, Domain::apart, [](const Tensor& x) { return amax(x); },
      [=](const Array& x) { return amax(x, all, false); });
  folded(
      "amax", "rows", {3, 4}, Domain::apart, [](const Tensor& x) { return amax(x, {0}); },
      [=](const Array& x) { return amax(x, rows_of, false); });
  folded(
      "amax", "two dimensions", {2, 3, 4}, Domain::apart,
      [](const Tensor& x) {
        return amax(x, {0, -1}, true);
      },
      [=](const Array& x) { return amax(x, outer, true); });
  folded(
      "amin", "all", {3, 4}, Domain::apart, [](const Tensor& x) { return amin(x); },
      [=](const Array& x) { return amin(x, all, false); });
  folded(
      "amin", "two dimensions", {2, 3, 4}, Domain::apart,
      [](const Tensor& x) {
        return amin(x, {0, -1}, true);
      },
      [=](const Array& x) { return amin(x, outer, true); });
  folded(
      "max", "all", {3, 4}, Domain::apart, [](const Tensor& x) { return tenon::max(x); },
      [=](const Array& x) { return amax(x, all, false); });
  folded(
      "max", "columns", {3, 4}, Domain::apart, [](const Tensor& x) { return tenon::max(x, 1).values; },
      [=](const Array& x) { return amax(x, columns, false); });
  folded(
      "min", "all", {3, 4}, Domain::apart, [](const Tensor& x) { return tenon::min(x); },
      [=](const Array& x) { return amin(x, all, false); });
  folded(
      "min", "rows, kept", {3, 4}, Domain::apart,
      [](const Tensor& x) { return tenon::min(x, -2, true).values; },
      [=](const Array& x) { return amin(x, rows_of, true); });
  folded(
      "prod", "all", {7}, Domain::positive, [](const Tensor& x) { return prod(x); },
      [=](const Array& x) { return prod(x, all, false); });
  folded(
      "prod", "columns", {3, 4}, Domain::real, [](const Tensor& x) { return prod(x, {1}); },
      [=](const Array& x) { return prod(x, columns, false); });
  folded(
      "prod", "two dimensions", {2, 2, 3}, Domain::positive,
      [](const Tensor& x) {
        return prod(x, {0, -1}, true);
      },
      [=](const Array& x) { return prod(x, outer, true); });
  folded(
      "prod", "number", {}, Domain::real, [](const Tensor& x) { return prod(x); },
      [](const Array& x) { return x; });
  folded(
      "var", "all", {3, 4}, Domain::real, [](const Tensor& x) { return var(x); },
      [=](const Array& x) { return variance(x, all, false, 1); });
  folded(
      "var", "columns", {3, 4}, Domain::real, [](const Tensor& x) { return var(x, {1}); },
      [=](const Array& x) { return variance(x, columns, false, 1); });
  folded(
      "var", "two dimensions, of all elements", {2, 3, 4}, Domain::real,
      [](const Tensor& x) {
        return var(x, {0, -1}, {.correction = 0, .keepdim = true});
      },
      [=](const Array& x) { return variance(x, outer, true, 0); });
  folded(
      "std", "all", {3, 4}, Domain::real, [](const Tensor& x) { return tenon::std(x); },
      [=](const Array& x) { return map(variance(x, all, false, 1), root); });
  folded(
      "std", "rows, kept", {5, 3}, Domain::real,
      [](const Tensor& x) { return tenon::std(x, {0}, {.correction = 2, .keepdim = true}); },
      [=](const Array& x) { return map(variance(x, rows_of, true, 2), root); });
  folded(
      "var_mean", "the variance of columns", {3, 4}, Domain::real,
      [](const Tensor& x) { return var_mean(x, {1}).first; },
      [=](const Array& x) { return variance(x, columns, false, 1); });
  folded(
      "var_mean", "the mean of all", {3, 4}, Domain::real, [](const Tensor& x) { return var_mean(x).second; },
      [=](const Array& x) { return average(x, all, false); });
  folded(
      "std_mean", "the deviation of all", {3, 4}, Domain::real,
      [](const Tensor& x) { return std_mean(x).first; },
      [=](const Array& x) { return map(variance(x, all, false, 1), root); });
  folded(
      "std_mean", "the mean, kept", {2, 3, 4}, Domain::real,
      [](const Tensor& x) {
        return std_mean(x, {0, -1}, {.correction = 0, .keepdim = true}).second;
      },
      [=](const Array& x) { return average(x, outer, true); });
  for (const double p : {2.0, 1.0, 3.0, 1.5, 0.5, -2.0, double{INFINITY}, -double{INFINITY}}) {
    const auto of = [p](const Array& x, const std::vector<std::int64_t>& dims, bool keepdim) {
      return norm(x, p, dims, keepdim);
    };
    rows.push_back({"norm", "columns, p = " + std::to_string(p), {{{3, 4}, Domain::apart}},
        [p](const Tensors& in) { return norm(in[0], p, {1}); },
        [of](const Arrays& in) { return of(in[0], {1}, false); }, true});
    rows.push_back({"norm", "two dimensions, p = " + std::to_string(p), {{{2, 2, 3}, Domain::apart}},
        [p](const Tensors& in) {
          return norm(in[0], p, {0, -1}, true);
        },
        [of](const Arrays& in) {
          return of(in[0], {0, 2}, true);
        },
        true});
  }
  folded(
      "norm", "all", {3, 4}, Domain::real, [](const Tensor& x) { return norm(x); },
      [=](const Array& x) { return norm(x, 2, all, false); });
  const auto along = [&](const char* name, const char* label, Shape shape, Domain domain, std::int64_t d,
                         std::function<Tensor(const Tensor&)> op, Line line) {
    folded(name, label, std::move(shape), domain, std::move(op),
        [=](const Array& x) { return by_line(x, d, line); });
  };
  along(
      "cumsum", "rows", {3, 4}, Domain::real, 1, [](const Tensor& x) { return cumsum(x, -1); }, sums);
  along(
      "cumsum", "inner", {2, 5, 3}, Domain::real, 1, [](const Tensor& x) { return cumsum(x, 1); }, sums);
  along(
      "cumsum", "over a chunk", {2, 300}, Domain::real, 1, [](const Tensor& x) { return cumsum(x, 1); },
      sums);
  along(
      "sort", "rows", {3, 4}, Domain::apart, 1, [](const Tensor& x) { return tenon::sort(x).values; },
      [](Numbers x) { return ascending(x); });
  along(
      "sort", "inner, descending", {2, 5, 3}, Domain::apart, 1,
      [](const Tensor& x) { return tenon::sort(x, 1, true).values; }, descending);
  along(
      "topk", "rows", {3, 5}, Domain::apart, 1, [](const Tensor& x) { return topk(x, 2).values; },
      [](Numbers x) {
        x = descending(x);
        return Numbers(x.begin(), x.begin() + 2);
      });
  along(
      "topk", "columns, smallest", {5, 3}, Domain::apart, 0,
      [](const Tensor& x) { return topk(x, 3, 0, false).values; },
      [](Numbers x) {
        x = ascending(x);
        return Numbers(x.begin(), x.begin() + 3);
      });
  rows.back().elementwise = false;  // NaN is not among the smallest
  along(
      "median", "rows, kept", {3, 4}, Domain::apart, 1,
      [](const Tensor& x) { return median(x, 1, true).values; },
      [](const Numbers& x) { return Numbers{ascending(x)[(x.size() - 1) / 2]}; });
  folded(
      "median", "all", {3, 5}, Domain::apart, [](const Tensor& x) { return median(x); },
      [](const Array& x) {
        return Array{{}, {ascending(x.values)[7]}};
      });
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
