// Attention with several heads.
#pragma once
#include <tenon/nn/linear.h>

namespace tenon::nn {

/// The options of MultiheadAttention, with PyTorch's defaults.
struct MultiheadAttentionOptions {
  double dropout = 0;  // of the weights, in training
  bool bias = true;
  bool batch_first = false;  // inputs are [N, L, E], not [L, N, E]
  Device device{};
  DType dtype = DType::float32;
};

/// What a call of MultiheadAttention takes besides its inputs, with PyTorch's defaults. Booleans in masks are
/// true where a query may NOT see a key, unlike those of scaled_dot_product_attention(); floating-point
/// numbers are added to the scores.
struct MultiheadAttentionInputs {
  Tensor key_padding_mask{};         // [N, S], or [S] of inputs without a batch
  bool need_weights = true;          // otherwise the result has none
  Tensor attn_mask{};                // [L, S] or [N * num_heads, L, S]
  bool average_attn_weights = true;  // over the heads
  bool is_causal = false;            // query i sees keys 0 ... i, besides what the masks say
};

struct MultiheadAttentionResult {
  Tensor output;   // with the shape of the query
  Tensor weights;  // [N, L, S], or [N, num_heads, L, S] if not averaged; after dropout
};

/// Attention between L queries and S keys and values of E elements each, all [L, N, E], [N, L, E] with
/// batch_first, or [L, E] (Vaswani et al., arXiv:1706.03762). Each head attends with its own E / num_heads
/// elements of the three projections; a last one, out_proj, mixes the heads. The first weights are
/// initialised by xavier_uniform_(), the last as those of Linear, and biases with zeros, as in PyTorch. Not
/// there: kdim and vdim, add_bias_kv, add_zero_attn.
class TENON_API MultiheadAttention : public Module {
 public:
  MultiheadAttention(std::int64_t embed_dim, std::int64_t num_heads,
      const MultiheadAttentionOptions& options = {}, CallSite site = CallSite::current());
  MultiheadAttentionResult operator()(const Tensor& query, const Tensor& key, const Tensor& value,
      const MultiheadAttentionInputs& inputs = {}, CallSite site = CallSite::current()) const {
    return forward(query, key, value, inputs, site);
  }
  MultiheadAttentionResult forward(const Tensor& query, const Tensor& key, const Tensor& value,
      const MultiheadAttentionInputs& inputs = {}, CallSite site = CallSite::current()) const;
  void visit(Visitor& visitor) override;

  Tensor in_proj_weight;  // [3 E, E]: of queries, keys, values
  Tensor in_proj_bias;    // [3 E], undefined without one
  Linear out_proj;
  std::int64_t num_heads;
  double dropout;
  bool batch_first;
};

}  // namespace tenon::nn
