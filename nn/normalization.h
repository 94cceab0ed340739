// Normalising layers. Weights start at one and biases at zero.
#pragma once
#include <optional>

#include <tenon/nn/module.h>

namespace tenon::nn {

struct LayerNormOptions {
  double eps = 1e-5;
  bool elementwise_affine = true;  // whether it has a weight and a bias
  bool bias = true;
  Device device{};
  DType dtype = DType::float32;
};

/// layer_norm() over the last dimensions, whose sizes are `normalized_shape`.
class TENON_API LayerNorm : public Module {
 public:
  explicit LayerNorm(const Shape& normalized_shape, const LayerNormOptions& options = {},
      CallSite site = CallSite::current());
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  void visit(Visitor& visitor) override;
  std::string extra_repr() const override;

  Tensor weight, bias;  // [normalized_shape], or undefined
  Shape normalized_shape;
  double eps;
};

struct RMSNormOptions {
  std::optional<double> eps{};     // without a value, that of rms_norm()
  bool elementwise_affine = true;  // whether it has a weight
  Device device{};
  DType dtype = DType::float32;
};

/// rms_norm() over the last dimensions, whose sizes are `normalized_shape`.
class TENON_API RMSNorm : public Module {
 public:
  explicit RMSNorm(
      const Shape& normalized_shape, const RMSNormOptions& options = {}, CallSite site = CallSite::current());
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  void visit(Visitor& visitor) override;
  std::string extra_repr() const override;

  Tensor weight;  // [normalized_shape], or undefined
  Shape normalized_shape;
  std::optional<double> eps;
};

struct BatchNormOptions {
  double eps = 1e-5;
  /// Without a value, the running statistics are averages of all batches.
  std::optional<double> momentum = 0.1;
  bool affine = true;               // whether it has a weight and a bias
  bool track_running_stats = true;  // without them, evaluation uses the statistics of its input
  Device device{};
  DType dtype = DType::float32;
};

/// What BatchNorm1d and BatchNorm2d share. In training it normalises with the statistics of its input and
/// updates the running ones; in evaluation it normalises with these.
class TENON_API BatchNorm : public Module {
 public:
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  void visit(Visitor& visitor) override;
  std::string extra_repr() const override;

  Tensor weight, bias;               // [num_features], or undefined
  Tensor running_mean, running_var;  // [num_features], or undefined
  Tensor num_batches_tracked;        // int64, a number, or undefined
  std::int64_t num_features;
  double eps;
  std::optional<double> momentum;

 protected:
  /// Inputs have between `least` and `most` dimensions; `form` says so in errors.
  BatchNorm(std::int64_t num_features, const BatchNormOptions& options, int least, int most, const char* form,
      CallSite site);

 private:
  int least_, most_;
  const char* form_;
};

/// batch_norm() of [N, num_features] or [N, num_features, L].
struct BatchNorm1d : BatchNorm {
  explicit BatchNorm1d(
      std::int64_t features, const BatchNormOptions& options = {}, CallSite site = CallSite::current())
      : BatchNorm(features, options, 2, 3, "[N, C] or [N, C, L]", site) {}
};
/// batch_norm() of [N, num_features, H, W].
struct BatchNorm2d : BatchNorm {
  explicit BatchNorm2d(
      std::int64_t features, const BatchNormOptions& options = {}, CallSite site = CallSite::current())
      : BatchNorm(features, options, 4, 4, "[N, C, H, W]", site) {}
};

}  // namespace tenon::nn
