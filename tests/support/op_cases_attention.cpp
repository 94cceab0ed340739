// Rows of the table of operations: attention.h.
#include <cmath>
#include <limits>

#include "support/op_case_rows.h"

namespace tenon::test {
namespace {

/// softmax(scale query key^T + mask) value
Array attention(const Arrays& in, double scale, const Array& mask) {
  std::vector<std::int64_t> shape = in[1].shape;
  std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
  const Array keys = build(shape, [&](Index i) {
    std::swap(i[i.size() - 1], i[i.size() - 2]);
    return element(in[1], i);
  });
  const Array scores =
      map(matmul(in[0], keys), mask, [=](double score, double added) { return score * scale + added; });
  const auto last = static_cast<std::int64_t>(scores.shape.size()) - 1;
  const Array powers = map(scores, [](double x) { return std::exp(x); });
  const Array weights =
      map(powers, sum(powers, {last}, true), [](double x, double total) { return x / total; });
  return matmul(weights, in[2]);
}

const double hidden = -std::numeric_limits<double>::infinity();

}  // namespace

void add_attention(std::vector<OpCase>& rows) {
  const std::vector<InputSpec> batch{{{2, 3, 4}}, {{2, 5, 4}}, {{2, 5, 3}}};
  rows.push_back({"scaled_dot_product_attention", "", batch,
      [](const Tensors& in) { return scaled_dot_product_attention(in[0], in[1], in[2]); },
      [](const Arrays& in) {
        return attention(in, 0.5, {{}, {0}});
      }});
  rows.push_back({"scaled_dot_product_attention", "causal", {{{4, 2}}, {{3, 2}}, {{3, 2}}},
      [](const Tensors& in) {
        return scaled_dot_product_attention(in[0], in[1], in[2], {.is_causal = true, .scale = 0.75});
      },
      [](const Arrays& in) {
        return attention(in, 0.75, {{4, 3}, {0, hidden, hidden, 0, 0, hidden, 0, 0, 0, 0, 0, 0}});
      }});
  rows.push_back({"scaled_dot_product_attention", "a boolean mask", batch,
      [](const Tensors& in) {
        const Tensor mask = tensor({1, 0, 1, 0, 0}, in[0].options()).to(DType::boolean);
        return scaled_dot_product_attention(in[0], in[1], in[2], {.attn_mask = mask});
      },
      [](const Arrays& in) {
        return attention(in, 0.5, {{5}, {0, hidden, 0, hidden, hidden}});
      }});
  rows.push_back(
      {"scaled_dot_product_attention", "a mask that is added", {{{3, 4}}, {{2, 4}}, {{2, 4}}, {{3, 2}}},
          [](const Tensors& in) {
            return scaled_dot_product_attention(in[0], in[1], in[2], {.attn_mask = in[3]});
          },
          [](const Arrays& in) { return attention(in, 0.5, in[3]); }});
}

}  // namespace tenon::test
