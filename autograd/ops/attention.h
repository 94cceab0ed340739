// Attention: each query takes a weighted mean of values. Shapes: L queries and S keys of E elements, and S
// values of V elements; the batch dimensions before them broadcast. Floating point only.
#pragma once
#include <optional>

#include <tenon/core/tensor.h>

namespace tenon {

/// The options of scaled_dot_product_attention(), with PyTorch's defaults.
struct AttentionOptions {
  /// What each query may see; broadcast to [..., L, S]. Booleans: true where it may. Floating point: numbers
  /// that are added to the scores.
  Tensor attn_mask{};
  double dropout_p = 0;           // of the weights; pass 0 outside of training
  bool is_causal = false;         // query i sees keys 0 ... i
  std::optional<double> scale{};  // of the scores; without a value 1 / sqrt(E)
};

/// softmax(scale * query key^T + mask) value (Vaswani et al., arXiv:1706.03762): [..., L, E], [..., S, E] and
/// [..., S, V] to [..., L, V]. There must be a key. A query that a boolean mask keeps from all keys gets
/// zeros, as in PyTorch.
TENON_API Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
    const AttentionOptions& options = {}, CallSite site = CallSite::current());

}  // namespace tenon
