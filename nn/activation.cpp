#include <tenon/nn/activation.h>

#include <tenon/core/call.h>

namespace tenon::nn {

Tensor Flatten::forward(const Tensor& x, CallSite site) const { return flatten(x, start_dim, end_dim, site); }

std::string Flatten::extra_repr() const {
  return tenon::detail::format("start_dim={}, end_dim={}", {start_dim, end_dim});
}

Dropout::Dropout(double probability, CallSite site) : p(probability) {
  const Call call("dropout", site);
  check(p >= 0 && p <= 1, "dropout: the probability must be in [0, 1]; it is {}", p);
}

Tensor Dropout::forward(const Tensor& x, CallSite site) const { return dropout(x, p, is_training(), site); }

std::string Dropout::extra_repr() const { return tenon::detail::format("p={}", {p}); }

}  // namespace tenon::nn
