// Pooling layers.
#pragma once
#include <tenon/nn/module.h>

namespace tenon::nn {

/// max_pool2d(x, kernel_size, options)
class TENON_API MaxPool2d : public Stateless {
 public:
  explicit MaxPool2d(
      const Shape& kernel_size, const MaxPool2dOptions& options = {}, CallSite site = CallSite::current());
  /// MaxPool2d(3, 2): stride 2.
  template <SizeType Stride>
  MaxPool2d(const Shape& window, Stride stride, CallSite site = CallSite::current())
      : MaxPool2d(window, MaxPool2dOptions{.stride = stride}, site) {}
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  std::string extra_repr() const override;

  Shape kernel_size;
  MaxPool2dOptions options;
};

/// avg_pool2d(x, kernel_size, options)
class TENON_API AvgPool2d : public Stateless {
 public:
  explicit AvgPool2d(
      const Shape& kernel_size, const AvgPool2dOptions& options = {}, CallSite site = CallSite::current());
  /// AvgPool2d(3, 2): stride 2.
  template <SizeType Stride>
  AvgPool2d(const Shape& window, Stride stride, CallSite site = CallSite::current())
      : AvgPool2d(window, AvgPool2dOptions{.stride = stride}, site) {}
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  std::string extra_repr() const override;

  Shape kernel_size;
  AvgPool2dOptions options;
};

/// adaptive_avg_pool2d(x, output_size)
class TENON_API AdaptiveAvgPool2d : public Stateless {
 public:
  explicit AdaptiveAvgPool2d(const Shape& output_size, CallSite site = CallSite::current());
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  std::string extra_repr() const override;

  Shape output_size;
};

}  // namespace tenon::nn
