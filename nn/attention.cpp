#include <tenon/nn/attention.h>

#include <limits>

#include <tenon/autograd/ops/common.h>
#include <tenon/core/call.h>
#include <tenon/nn/init.h>

namespace tenon::nn {

namespace {

constexpr const char* op = "multihead_attention";

Options made(const MultiheadAttentionOptions& options) {
  return {.dtype = options.dtype, .device = options.device, .requires_grad = true};
}

/// [3 embed_dim, embed_dim], after all checks.
Tensor made_weight(
    std::int64_t embed_dim, std::int64_t num_heads, const MultiheadAttentionOptions& options, CallSite site) {
  const Call call(op, site);
  check(embed_dim > 0 && num_heads > 0 && embed_dim % num_heads == 0,
      "multihead_attention: embed_dim must be a multiple of num_heads; they are {} and {}", embed_dim,
      num_heads);
  check(options.dropout >= 0 && options.dropout <= 1,
      "multihead_attention: dropout must be in [0, 1]; it is {}", options.dropout);
  check(is_floating_point(options.dtype),
      "multihead_attention: weights are floating-point numbers; the dtype is {}", options.dtype);
  return empty({3 * embed_dim, embed_dim}, made(options));
}

/// What a mask adds to the scores.
Tensor added(const Tensor& mask, DType dtype) {
  if (mask.dtype() != DType::boolean) return mask;
  const Tensor none = zeros(mask.shape(), {.dtype = dtype, .device = mask.device()});
  return masked_fill(none, mask, -std::numeric_limits<double>::infinity());
}

/// The sum of masks, of which either may be undefined.
Tensor sum_of(const Tensor& a, const Tensor& b) { return !a.defined() ? b : !b.defined() ? a : add(a, b); }

}  // namespace

MultiheadAttention::MultiheadAttention(
    std::int64_t embed_dim, std::int64_t heads, const MultiheadAttentionOptions& options, CallSite site)
    : in_proj_weight(made_weight(embed_dim, heads, options, site)),
      in_proj_bias(options.bias ? zeros({3 * embed_dim}, made(options), site) : Tensor()),
      out_proj(embed_dim, embed_dim, {.bias = options.bias, .device = options.device, .dtype = options.dtype},
          site),
      num_heads(heads),
      dropout(options.dropout),
      batch_first(options.batch_first) {
  // After all allocations: constructing a layer that fails must not consume random numbers.
  init::xavier_uniform_(in_proj_weight);
  if (options.bias) init::zeros_(out_proj.bias);
}

MultiheadAttentionResult MultiheadAttention::forward(const Tensor& query, const Tensor& key,
    const Tensor& value, const MultiheadAttentionInputs& inputs, CallSite site) const {
  const Call call(op, site);
  const std::int64_t embed_dim = out_proj.weight.size(0);
  const bool batched = query.dim() == 3;
  for (const Tensor* const input : {&query, &key, &value})
    check((input->dim() == 2 || input->dim() == 3) && input->dim() == query.dim() &&
              input->size(-1) == embed_dim,
        "multihead_attention: query, key and value must be matrices or batches of matrices with {} columns; "
        "one is {}",
        embed_dim, input->shape());

  // The projection of an input, [N, L, E], by its third of the weights: [N, num_heads, L, E / num_heads].
  const auto heads_of = [&](const Tensor& input, std::int64_t third) {
    const auto part = [&](const Tensor& all) { return narrow(all, 0, third * embed_dim, embed_dim); };
    const Tensor bias = in_proj_bias.defined() ? part(in_proj_bias) : Tensor();
    Tensor projected = linear(input, part(in_proj_weight), bias);
    if (!batched) projected = unsqueeze(projected, 0);
    else if (!batch_first) projected = transpose(projected, 0, 1);
    const std::int64_t batch = projected.size(0), length = projected.size(1);
    return transpose(reshape(projected, {batch, length, num_heads, embed_dim / num_heads}), 1, 2);
  };
  const Tensor q = heads_of(query, 0), k = heads_of(key, 1), v = heads_of(value, 2);
  const std::int64_t batch = q.size(0), length = q.size(2), keys = k.size(2);
  check(k.size(0) == batch && v.size(0) == batch && v.size(2) == keys,
      "multihead_attention: batches or lengths differ; query, key and value are {}, {} and {}", query.shape(),
      key.shape(), value.shape());

  Tensor mask, padding = inputs.key_padding_mask;
  if (inputs.attn_mask.defined()) {
    mask = added(inputs.attn_mask, query.dtype());
    if (mask.dim() == 3) mask = reshape(mask, {batch, num_heads, length, keys});
  }
  if (padding.defined()) {
    check(padding.shape() == (batched ? Shape{batch, keys} : Shape{keys}),
        "multihead_attention: key_padding_mask must be {}; it is {}",
        batched ? Shape{batch, keys} : Shape{keys}, padding.shape());
    mask = sum_of(mask, reshape(added(padding, query.dtype()), {batch, 1, 1, keys}));
  }
  Tensor weights = autograd::attention_weights(q, k, {.attn_mask = mask, .is_causal = inputs.is_causal});
  weights = tenon::dropout(weights, dropout, is_training());
  const Tensor mixed = transpose(matmul(weights, v), 1, 2);  // [N, L, num_heads, E / num_heads]

  MultiheadAttentionResult result;
  Tensor joined = reshape(mixed, {batch, length, embed_dim});
  if (!batched) joined = squeeze(joined, 0);
  else if (!batch_first) joined = transpose(joined, 0, 1);
  result.output = out_proj(joined);
  if (inputs.need_weights) {
    result.weights = inputs.average_attn_weights ? mean(weights, {1}) : weights;
    if (!batched) result.weights = squeeze(result.weights, 0);
  }
  return result;
}

void MultiheadAttention::visit(Visitor& visitor) {
  visitor("in_proj_weight", in_proj_weight), visitor("in_proj_bias", in_proj_bias);
  visitor("out_proj", out_proj);
}

}  // namespace tenon::nn
