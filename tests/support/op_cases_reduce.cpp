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
                        Tensor (*op)(const Tensor&, const Tensor&, Reduction, CallSite),
                        double (*f)(double, double)) {
    for (const Reduction kind : {Reduction::none, Reduction::mean, Reduction::sum})
      rows.push_back({name,
          kind == Reduction::none   ? "none"
          : kind == Reduction::mean ? "mean"
                                    : "sum",
          {{{5, 3}, domain}, {{5, 3}, domain}},
          [op, kind](const Tensors& in) { return op(in[0], in[1], kind, CallSite::current()); },
          [f, kind](const Arrays& in) {
            const Array each = map(in[0], in[1], f);
            if (kind == Reduction::none) return each;
            return map(
                sum(each, {}, false), [kind](double x) { return kind == Reduction::mean ? x / 15 : x; });
          },
          true});
  };
  loss("mse_loss", Domain::real, &mse_loss, [](double a, double b) { return (a - b) * (a - b); });
  loss("l1_loss", Domain::apart, &l1_loss, [](double a, double b) { return std::fabs(a - b); });
}

}  // namespace tenon::test
