// Rows of the table of operations: softmax.h, and the losses of classification.
#include <cmath>

#include "support/op_case_rows.h"

namespace tenon::test {
namespace {

/// log(sum(exp(a))) along dimension d, with the dimension kept.
Array log_of_sum(const Array& a, std::int64_t d) {
  const Array total = sum(map(a, [](double x) { return std::exp(x); }), {d}, true);
  return map(total, [](double x) { return std::log(x); });
}
Array log_probabilities(const Array& a, std::int64_t d) {
  return map(a, log_of_sum(a, d), [](double x, double total) { return x - total; });
}

Tensor classes(const Tensor& like, std::initializer_list<std::int64_t> values, const Shape& shape) {
  return tensor(std::vector<std::int64_t>(values), shape, {.dtype = DType::int64, .device = like.device()});
}

/// The loss of each sample for inputs of shape [N, C], and its weight.
struct Samples {
  std::vector<std::int64_t> target;  // -1 is ignored
  std::vector<double> weight;        // per class
  double smoothing = 0;
};
Array loss(const Array& logp, const Samples& samples, Reduction reduction) {
  const std::int64_t n = logp.shape[0], c = logp.shape[1];
  Array each{{n}, {}};
  double total = 0, weights = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t at = samples.target[static_cast<std::size_t>(i)];
    double value = 0;
    if (at >= 0) {
      const auto weighted = [&](std::int64_t j) {
        return -samples.weight[static_cast<std::size_t>(j)] * element(logp, {i, j});
      };
      value = (1 - samples.smoothing) * weighted(at);
      for (std::int64_t j = 0; j < c; ++j) value += samples.smoothing / static_cast<double>(c) * weighted(j);
      weights += samples.weight[static_cast<std::size_t>(at)];
    }
    total += value;
    each.values.push_back(value);
  }
  if (reduction == Reduction::none) return each;
  return {{}, {reduction == Reduction::sum ? total : total / weights}};
}

}  // namespace

void add_classification(std::vector<OpCase>& rows) {
  const auto normalised = [&](const char* name, const char* label, Shape shape, std::int64_t dim,
                              Tensor (*op)(const Tensor&, std::int64_t, CallSite)) {
    const bool logarithm = std::string(name) == "log_softmax";
    rows.push_back(
        {name, label, {{shape}}, [=](const Tensors& in) { return op(in[0], dim, CallSite::current()); },
            [=](const Arrays& in) {
              const auto rank = static_cast<std::int64_t>(in[0].shape.size());
              if (rank == 0) return map(in[0], [=](double x) { return x - x + (logarithm ? 0 : 1); });
              const Array out = log_probabilities(in[0], dim < 0 ? dim + rank : dim);
              return logarithm ? out : map(out, [](double x) { return std::exp(x); });
            },
            true});
  };
  for (const auto& [name, op] :
      {std::pair{"softmax", &tenon::softmax}, {"log_softmax", &tenon::log_softmax}}) {
    normalised(name, "rows", {3, 4}, 1, op);
    normalised(name, "columns", {4, 3}, 0, op);
    normalised(name, "inner", {2, 5, 3}, -2, op);
    normalised(name, "number", {}, 0, op);
  }
  for (const bool keepdim : {false, true})
    rows.push_back({"logsumexp", keepdim ? "kept" : "rows", {{{2, 4, 3}}},
        [=](const Tensors& in) { return logsumexp(in[0], 1, keepdim); },
        [=](const Arrays& in) {
          Array out = log_of_sum(in[0], 1);
          if (!keepdim) out.shape.erase(out.shape.begin() + 1);
          return out;
        },
        true});

  for (const Reduction kind : {Reduction::none, Reduction::mean, Reduction::sum}) {
    const char* const label = kind == Reduction::none ? "none" : kind == Reduction::mean ? "mean" : "sum";
    rows.push_back({"cross_entropy", label, {{{4, 3}}},
        [=](const Tensors& in) {
          return cross_entropy(in[0], classes(in[0], {2, 0, 1, 2}, {4}), {.reduction = kind});
        },
        [=](const Arrays& in) {
          return loss(log_probabilities(in[0], 1), {{2, 0, 1, 2}, {1, 1, 1}}, kind);
        },
        true});
    rows.push_back({"nll_loss", label, {{{4, 3}}},
        [=](const Tensors& in) {
          return nll_loss(in[0], classes(in[0], {2, 0, 1, 2}, {4}), {.reduction = kind});
        },
        [=](const Arrays& in) {
          return loss(in[0], {{2, 0, 1, 2}, {1, 1, 1}}, kind);
        }});
  }
  // Weights, an ignored sample, smoothing.
  rows.push_back({"cross_entropy", "every option", {{{4, 3}}, {{3}, Domain::positive}},
      [](const Tensors& in) {
        return cross_entropy(in[0], classes(in[0], {2, -1, 1, 2}, {4}),
            {.weight = in[1], .ignore_index = -1, .label_smoothing = 0.25});
      },
      [](const Arrays& in) {
        return loss(log_probabilities(in[0], 1), {{2, -1, 1, 2}, in[1].values, 0.25}, Reduction::mean);
      }});
  rows.push_back({"cross_entropy", "probabilities", {{{4, 3}}, {{4, 3}, Domain::positive}},
      [](const Tensors& in) { return cross_entropy(in[0], in[1], {.label_smoothing = 0.25}); },
      [](const Arrays& in) {
        const Array each = map(log_probabilities(in[0], 1), in[1],
            [](double logp, double p) { return -logp * (0.75 * p + 0.25 / 3); });
        return map(sum(each, {}, false), [](double x) { return x / 4; });
      }});
  rows.push_back({"cross_entropy", "of an image", {{{2, 3, 2, 2}}},
      [](const Tensors& in) {
        return cross_entropy(in[0], classes(in[0], {0, 1, 2, 0, 2, 2, 1, 0}, {2, 2, 2}));
      },
      [](const Arrays& in) {
        const Array logp = log_probabilities(in[0], 1);
        const std::int64_t of[] = {0, 1, 2, 0, 2, 2, 1, 0};
        double total = 0;
        for (std::int64_t i = 0; i < 8; ++i) total -= element(logp, {i / 4, of[i], i / 2 % 2, i % 2});
        return Array{{}, {total / 8}};
      }});
}

}  // namespace tenon::test
