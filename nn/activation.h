// Functions as modules without anything to train, for nn::Sequential.
#pragma once
#include <tenon/nn/module.h>

namespace tenon::nn {

/// A function of ops.h with one operand.
template <Tensor (*function)(const Tensor& x, CallSite site)>
struct Activation : Stateless {
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return function(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const { return function(x, site); }
};

struct ReLU : Activation<relu> {};
struct Tanh : Activation<tanh> {};
struct Sigmoid : Activation<sigmoid> {};
struct SiLU : Activation<silu> {};
struct SELU : Activation<selu> {};

/// A function of ops.h with one operand, along a dimension.
template <Tensor (*function)(const Tensor& x, std::int64_t dim, CallSite site)>
struct ActivationAlong : Stateless {
  explicit ActivationAlong(std::int64_t along) : dim(along) {}
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const {
    return function(x, dim, site);
  }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const {
    return function(x, dim, site);
  }
  std::string extra_repr() const override { return "dim=" + std::to_string(dim); }

  std::int64_t dim;
};

struct Softmax : ActivationAlong<softmax> {
  using ActivationAlong::ActivationAlong;
};
struct LogSoftmax : ActivationAlong<log_softmax> {
  using ActivationAlong::ActivationAlong;
};

/// gelu(x, approximate)
class TENON_API GELU : public Stateless {
 public:
  explicit GELU(GeluApproximate form = GeluApproximate::none) : approximate(form) {}
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  std::string extra_repr() const override;

  GeluApproximate approximate;
};

/// leaky_relu(x, negative_slope)
class TENON_API LeakyReLU : public Stateless {
 public:
  explicit LeakyReLU(double slope = 0.01) : negative_slope(slope) {}
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  std::string extra_repr() const override;

  double negative_slope;
};

/// elu(x, alpha)
class TENON_API ELU : public Stateless {
 public:
  explicit ELU(double scale = 1) : alpha(scale) {}
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  std::string extra_repr() const override;

  double alpha;
};

/// softplus(x, beta, threshold)
class TENON_API Softplus : public Stateless {
 public:
  explicit Softplus(double steepness = 1, double linear_from = 20)
      : beta(steepness), threshold(linear_from) {}
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  std::string extra_repr() const override;

  double beta, threshold;
};

/// hardtanh(x, min_val, max_val)
class TENON_API Hardtanh : public Stateless {
 public:
  explicit Hardtanh(double low = -1, double high = 1) : min_val(low), max_val(high) {}
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  std::string extra_repr() const override;

  double min_val, max_val;
};

/// The tensor itself.
struct Identity : Stateless {
  Tensor operator()(const Tensor& x) const { return x; }
  Tensor forward(const Tensor& x) const { return x; }
};

/// flatten(x, start_dim, end_dim): by default all but the first dimension, which counts samples.
class TENON_API Flatten : public Stateless {
 public:
  explicit Flatten(std::int64_t start = 1, std::int64_t end = -1) : start_dim(start), end_dim(end) {}
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  std::string extra_repr() const override;

  std::int64_t start_dim, end_dim;
};

/// dropout(x, p) in training, and the tensor itself in evaluation.
class TENON_API Dropout : public Stateless {
 public:
  explicit Dropout(double p = 0.5, CallSite site = CallSite::current());
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  std::string extra_repr() const override;

  double p;  // the probability of a zero
};

/// dropout2d(x, p) in training, and the tensor itself in evaluation.
class TENON_API Dropout2d : public Stateless {
 public:
  explicit Dropout2d(double p = 0.5, CallSite site = CallSite::current());
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  std::string extra_repr() const override;

  double p;  // the probability of a channel of zeros
};

}  // namespace tenon::nn
