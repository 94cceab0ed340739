// Attention, from the operations that it consists of. All weights are in memory at once, [..., L, S].
#include <cmath>
#include <limits>

#include <tenon/autograd/ops/common.h>

namespace tenon {

namespace {

constexpr const char* op = "scaled_dot_product_attention";
constexpr double inf = std::numeric_limits<double>::infinity();

/// [L, S]: true where key s comes after query l.
Tensor later_keys(const Tensor& scores) {
  const Tensor queries = autograd::positions_beside(scores, scores.size(-2)),
               keys = autograd::positions_beside(scores, scores.size(-1));
  return gt(keys, unsqueeze(queries, 1));
}

void check_mask(const Tensor& mask, const Tensor& scores) {
  check(
      mask.stream() == scores.stream() && (mask.dtype() == DType::boolean || mask.dtype() == scores.dtype()),
      "scaled_dot_product_attention: the mask must be boolean or {}, on {}; it is {} on {}", scores.dtype(),
      scores.device(), mask.dtype(), mask.device());
  const int skipped = scores.shape().rank() - mask.shape().rank();
  bool fits = skipped >= 0;
  for (int i = 0; fits && i < mask.shape().rank(); ++i)
    fits = mask.shape()[i] == 1 || mask.shape()[i] == scores.shape()[i + skipped];
  check(fits, "scaled_dot_product_attention: the mask {} does not broadcast to the scores {}", mask.shape(),
      scores.shape());
}

}  // namespace

Tensor autograd::attention_weights(const Tensor& query, const Tensor& key, const AttentionOptions& options) {
  autograd::check_floating(op, query);
  autograd::check_same_kind(op, query, key);
  check(query.dim() >= 2 && key.dim() >= 2 && query.size(-1) == key.size(-1),
      "scaled_dot_product_attention: the query must be [..., L, E] and the key [..., S, E]; they are {} and "
      "{}",
      query.shape(), key.shape());
  check(key.size(-2) > 0, "scaled_dot_product_attention: there are no keys; their shape is {}", key.shape());
  const Tensor& mask = options.attn_mask;
  const double scale = options.scale ? *options.scale : 1 / std::sqrt(static_cast<double>(query.size(-1)));
  Tensor scores = matmul(mul(query, scale), transpose(key, -2, -1));
  if (options.is_causal) scores = masked_fill(scores, later_keys(scores), -inf);
  if (mask.defined()) {
    check_mask(mask, scores);
    scores = mask.dtype() == DType::boolean ? where(mask, scores, -inf) : add(scores, mask);
  }
  return autograd::softmax_or_zeros(scores);
}

Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
    const AttentionOptions& options, CallSite site) {
  const Call call(op, site);
  check(!options.is_causal || !options.attn_mask.defined(),
      "scaled_dot_product_attention: pass attn_mask or is_causal, not both");
  check(options.dropout_p >= 0 && options.dropout_p <= 1,
      "scaled_dot_product_attention: dropout_p must be in [0, 1]; it is {}", options.dropout_p);
  check(key.dim() >= 2 && value.dim() >= 2 && value.size(-2) == key.size(-2),
      "scaled_dot_product_attention: the key must be [..., S, E] and the value [..., S, V]; they are {} and "
      "{}",
      key.shape(), value.shape());
  autograd::check_same_kind(op, query, value);
  return matmul(dropout(autograd::attention_weights(query, key, options), options.dropout_p), value);
}

}  // namespace tenon
