#include <tenon/nn/embedding.h>

#include <tenon/core/call.h>
#include <tenon/nn/init.h>

namespace tenon::nn {

Embedding::Embedding(
    std::int64_t num_embeddings, std::int64_t embedding_dim, const EmbeddingOptions& options, CallSite site) {
  const Call call("embedding", site);
  check(num_embeddings >= 0 && embedding_dim >= 0,
      "embedding: sizes must not be negative; they are {} and {}", num_embeddings, embedding_dim);
  check(is_floating_point(options.dtype), "embedding: weights are floating-point numbers; the dtype is {}",
      options.dtype);
  padding_idx = options.padding_idx;
  if (padding_idx) {
    if (*padding_idx < 0) *padding_idx += num_embeddings;
    check(*padding_idx >= 0 && *padding_idx < num_embeddings,
        "embedding: padding_idx {} is out of range; there are {} rows", *options.padding_idx, num_embeddings);
  }
  weight = empty({num_embeddings, embedding_dim},
      {.dtype = options.dtype, .device = options.device, .requires_grad = true});
  const Tensor padding = padding_idx ? weight.detach()[*padding_idx] : Tensor();
  // After all allocations: constructing a layer that fails must not consume random numbers.
  init::normal_(weight);
  if (padding_idx) init::zeros_(padding);
}

Tensor Embedding::forward(const Tensor& x, CallSite site) const {
  return embedding(x, weight, padding_idx, site);
}

void Embedding::visit(Visitor& visitor) { visitor("weight", weight); }

std::string Embedding::extra_repr() const {
  std::string text = tenon::detail::format("{}, {}", {weight.size(0), weight.size(1)});
  if (padding_idx) text += tenon::detail::format(", padding_idx={}", {*padding_idx});
  return text;
}

}  // namespace tenon::nn
