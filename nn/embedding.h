// Vectors that stand for whole numbers, such as words.
#pragma once
#include <optional>

#include <tenon/nn/module.h>

namespace tenon::nn {

struct EmbeddingOptions {
  std::optional<std::int64_t> padding_idx{};  // this row starts at zero and is not trained
  Device device{};
  DType dtype = DType::float32;
};

/// The rows of `weight` at the indices x (int64, of any shape): [...] to [..., embedding_dim]. The weight is
/// initialised with normal numbers of deviation 1, as in PyTorch.
class TENON_API Embedding : public Module {
 public:
  Embedding(std::int64_t num_embeddings, std::int64_t embedding_dim, const EmbeddingOptions& options = {},
      CallSite site = CallSite::current());
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  void visit(Visitor& visitor) override;
  std::string extra_repr() const override;

  Tensor weight;  // [num_embeddings, embedding_dim]
  std::optional<std::int64_t> padding_idx;
};

}  // namespace tenon::nn
