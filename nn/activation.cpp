#include <tenon/nn/activation.h>

#include <tenon/core/call.h>

namespace tenon::nn {

Tensor GELU::forward(const Tensor& x, CallSite site) const { return gelu(x, approximate, site); }

std::string GELU::extra_repr() const {
  return approximate == GeluApproximate::none ? "approximate=none" : "approximate=tanh";
}

Tensor LeakyReLU::forward(const Tensor& x, CallSite site) const {
  return leaky_relu(x, negative_slope, site);
}

std::string LeakyReLU::extra_repr() const {
  return tenon::detail::format("negative_slope={}", {negative_slope});
}

Tensor ELU::forward(const Tensor& x, CallSite site) const { return elu(x, alpha, site); }

std::string ELU::extra_repr() const { return tenon::detail::format("alpha={}", {alpha}); }

Tensor Softplus::forward(const Tensor& x, CallSite site) const { return softplus(x, beta, threshold, site); }

std::string Softplus::extra_repr() const {
  return tenon::detail::format("beta={}, threshold={}", {beta, threshold});
}

Tensor Hardtanh::forward(const Tensor& x, CallSite site) const { return hardtanh(x, min_val, max_val, site); }

std::string Hardtanh::extra_repr() const {
  return tenon::detail::format("min_val={}, max_val={}", {min_val, max_val});
}

Tensor Flatten::forward(const Tensor& x, CallSite site) const { return flatten(x, start_dim, end_dim, site); }

std::string Flatten::extra_repr() const {
  return tenon::detail::format("start_dim={}, end_dim={}", {start_dim, end_dim});
}

namespace {

double checked_probability(const char* op, double p, CallSite site) {
  const Call call(op, site);
  check(p >= 0 && p <= 1, "{}: the probability must be in [0, 1]; it is {}", op, p);
  return p;
}

}  // namespace

Dropout::Dropout(double probability, CallSite site) : p(checked_probability("dropout", probability, site)) {}

Tensor Dropout::forward(const Tensor& x, CallSite site) const { return dropout(x, p, is_training(), site); }

std::string Dropout::extra_repr() const { return tenon::detail::format("p={}", {p}); }

Dropout2d::Dropout2d(double probability, CallSite site)
    : p(checked_probability("dropout2d", probability, site)) {}

Tensor Dropout2d::forward(const Tensor& x, CallSite site) const {
  return dropout2d(x, p, is_training(), site);
}

std::string Dropout2d::extra_repr() const { return tenon::detail::format("p={}", {p}); }

}  // namespace tenon::nn
