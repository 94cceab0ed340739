// The affine layer.
#pragma once
#include <tenon/nn/module.h>

namespace tenon::nn {

struct LinearOptions {
  bool bias = true;
  Device device{};
  DType dtype = DType::float32;
};

/// y = x weight^T + bias for x [..., in_features]. Both parameters are initialised uniformly in [-1, 1] /
/// sqrt(in_features), PyTorch's default (kaiming_uniform_ with a = sqrt(5)).
class TENON_API Linear : public Module {
 public:
  Linear(std::int64_t in_features, std::int64_t out_features, const LinearOptions& options = {},
      CallSite site = CallSite::current());
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const {
    return linear(x, weight, bias, site);
  }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const {
    return linear(x, weight, bias, site);
  }
  void visit(Visitor& visitor) override;
  std::string extra_repr() const override;

  Tensor weight;  // [out_features, in_features]
  Tensor bias;    // [out_features], undefined without one
};

}  // namespace tenon::nn
