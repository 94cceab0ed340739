// Rows of the table of operations: normalization.h and dropout.h.
#include <cmath>

#include "support/op_case_rows.h"

namespace tenon::test {
namespace {

/// (a - mean) / sqrt(variance + eps) over `dims`, without the mean if it is not `centred`.
Array normalized(const Array& a, const std::vector<std::int64_t>& dims, double eps, bool centred = true) {
  const Array total = sum(a, dims, true);
  const auto count = static_cast<double>(a.numel() / total.numel());
  const Array middle = map(total, [=](double x) { return centred ? x / count : 0; });
  const Array apart = map(a, middle, [](double x, double m) { return x - m; });
  const Array squares = sum(map(apart, [](double x) { return x * x; }), dims, true);
  return map(apart, squares, [=](double x, double s) { return x / std::sqrt(s / count + eps); });
}

Array scaled(const Array& a, const Array& weight) {
  return map(a, weight, [](double x, double w) { return x * w; });
}
Array shifted(const Array& a, const Array& bias) {
  return map(a, bias, [](double x, double b) { return x + b; });
}

}  // namespace

void add_normalization(std::vector<OpCase>& rows) {
  rows.push_back({"layer_norm", "rows", {{{3, 4}}, {{4}}, {{4}}},
      [](const Tensors& in) { return layer_norm(in[0], 4, in[1], in[2]); },
      [](const Arrays& in) { return shifted(scaled(normalized(in[0], {1}, 1e-5), in[1]), in[2]); }, true});
  rows.push_back({"layer_norm", "two dimensions", {{{2, 3, 2}}},
      [](const Tensors& in) {
        return layer_norm(in[0], {3, 2}, {}, {}, 0.25);
      },
      [](const Arrays& in) {
        return normalized(in[0], {1, 2}, 0.25);
      },
      true});
  rows.push_back({"rms_norm", "rows", {{{3, 4}}, {{4}}},
      [](const Tensors& in) { return rms_norm(in[0], 4, in[1], 0.25); },
      [](const Arrays& in) { return scaled(normalized(in[0], {1}, 0.25, false), in[1]); }, true});
  rows.push_back({"rms_norm", "two dimensions", {{{2, 3, 2}}},
      [](const Tensors& in) {
        return rms_norm(in[0], {3, 2});
      },
      [](const Arrays& in) {
        return normalized(in[0], {1, 2}, 0, false);
      },
      true});
  rows.push_back({"batch_norm", "training", {{{5, 3}}, {{3}}, {{3}}},
      [](const Tensors& in) { return batch_norm(in[0], {}, {}, in[1], in[2], true); },
      [](const Arrays& in) { return shifted(scaled(normalized(in[0], {0}, 1e-5), in[1]), in[2]); }, true});
  rows.push_back({"batch_norm", "of an image", {{{2, 3, 2, 2}}},
      [](const Tensors& in) { return batch_norm(in[0], {}, {}, {}, {}, true, 0.1, 0.25); },
      [](const Arrays& in) {
        return normalized(in[0], {0, 2, 3}, 0.25);
      },
      true});
  rows.push_back({"batch_norm", "evaluation", {{{2, 3, 2}}, {{3}}, {{3}}},
      [](const Tensors& in) {
        const Tensor mean = tensor({1, 2, 3}, in[0].options()), variance = tensor({4, 1, 9}, in[0].options());
        return batch_norm(in[0], mean, variance, in[1], in[2]);
      },
      [](const Arrays& in) {
        return build(in[0].shape, [&](const Index& i) {
          const double mean[] = {1, 2, 3}, variance[] = {4, 1, 9};
          const auto channel = static_cast<std::size_t>(i[1]);
          return (element(in[0], i) - mean[channel]) / std::sqrt(variance[channel] + 1e-5) *
                     in[1].values[channel] +
                 in[2].values[channel];
        });
      },
      true});

  // The reference draws the same numbers: in float32 for every dtype.
  rows.push_back({"dropout", "a quarter", {{{4, 5}}},
      [](const Tensors& in) {
        manual_seed(11);
        return dropout(in[0], 0.25);
      },
      [](const Arrays& in) {
        manual_seed(11);
        return map(in[0], from_tensor(rand({4, 5})),
            [](double x, double drawn) { return drawn < 0.25 ? 0 : x / 0.75; });
      }});
  rows.push_back({"dropout2d", "half of the channels", {{{2, 3, 2, 2}}},
      [](const Tensors& in) {
        manual_seed(5);
        return dropout2d(in[0]);
      },
      [](const Arrays& in) {
        manual_seed(5);
        return map(in[0], from_tensor(rand({2, 3, 1, 1})),
            [](double x, double drawn) { return drawn < 0.5 ? 0 : x / 0.5; });
      }});
}

}  // namespace tenon::test
