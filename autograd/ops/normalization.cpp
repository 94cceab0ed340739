// Normalisation: a few passes over memory, and one node on the tape besides those of weight and bias.
#include <limits>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>
#include <tenon/autograd/ops/reduced_dims.h>

namespace tenon {

using autograd::check_same_kind;
using autograd::Dims;
using autograd::Input;
using autograd::list_of;
using autograd::mean_of_products;
using autograd::record;
using autograd::repeats_elements;
using autograd::result;
using autograd::with;

namespace {

Tensor reciprocal_deviation(const Tensor& variance, double eps) { return div(1, sqrt(add(variance, eps))); }

struct Normalized {
  Tensor out, mean, variance;  // the last two with dimensions of size 1, and not recorded
};

/// (a - mean) / sqrt(variance + eps).
Normalized normalized(const char* op, CallSite site, const Tensor& a, Dims dims, double eps) {
  Normalized made;
  Tensor scale;
  {
    const NoGradGuard no_grad;
    const Shape list = list_of(dims);
    made.mean = mean(a, list, true);
    made.out = sub(a, made.mean);
    made.variance = mean_of_products(made.out, made.out, list);
    scale = reciprocal_deviation(made.variance, eps);
    made.out.mul_(scale);
  }
  made.out = record(op, site, made.out,
      Input(a, with(a, result(made.out), scale),
          [dims, eps](const Tensor& g, const Tensor& x, const Tensor& y, const Tensor& known) {
            const Shape list = list_of(dims);
            Tensor s = known;
            if (grad_enabled()) {  // as a function of x
              const Tensor apart = sub(x, mean(x, list, true));
              s = reciprocal_deviation(mean_of_products(apart, apart, list), eps);
            }
            Tensor across = sub(g, mul(y, mean_of_products(g, y, list)));
            across.sub_(mean(g, list, true));
            return mul(across, s);
          }));
  return made;
}

/// The last dimensions, after checking that they are `normalized_shape`.
Dims last_dims(const char* op, const Tensor& a, const Shape& normalized_shape) {
  autograd::check_floating(op, a);
  const int count = normalized_shape.rank(), first = a.shape().rank() - count;
  check(count > 0, "{}: normalized_shape names no dimension", op);
  check(first >= 0 && Shape(a.shape().begin() + first, a.shape().end()) == normalized_shape,
      "{}: normalized_shape is {}; the last sizes of the input {} must equal it", op, normalized_shape,
      a.shape());
  return ((Dims{1} << count) - 1) << first;
}

void check_beside(
    const char* op, const char* name, const Tensor& a, const Tensor& vector, const Shape& expected) {
  if (!vector.defined()) return;
  check_same_kind(op, a, vector);
  check(vector.shape() == expected, "{}: {} must have the shape {}; it is {}", op, name, expected,
      vector.shape());
}

Tensor scaled_and_shifted(Tensor a, const Tensor& weight, const Tensor& bias) {
  if (weight.defined()) a = mul(a, weight);
  if (bias.defined()) a = add(a, bias);
  return a;
}

}  // namespace

Tensor layer_norm(const Tensor& a, const Shape& normalized_shape, const Tensor& weight, const Tensor& bias,
    double eps, CallSite site) {
  const Call call("layer_norm", site);
  const Dims dims = last_dims("layer_norm", a, normalized_shape);
  check_beside("layer_norm", "the weight", a, weight, normalized_shape);
  check_beside("layer_norm", "the bias", a, bias, normalized_shape);
  return scaled_and_shifted(normalized("layer_norm", site, a, dims, eps).out, weight, bias);
}

Tensor rms_norm(const Tensor& a, const Shape& normalized_shape, const Tensor& weight,
    std::optional<double> eps, CallSite site) {
  const Call call("rms_norm", site);
  const Dims dims = last_dims("rms_norm", a, normalized_shape);
  check_beside("rms_norm", "the weight", a, weight, normalized_shape);
  const double added = eps ? *eps : visit_floating("rms_norm", a.dtype(), []<class T>(std::type_identity<T>) {
    return static_cast<double>(std::numeric_limits<T>::epsilon());
  });
  Tensor out, scale;
  {
    const NoGradGuard no_grad;
    scale = reciprocal_deviation(mean_of_products(a, a, list_of(dims)), added);
    out = mul(a, scale);
  }
  out = record("rms_norm", site, out,
      Input(a, with(a, result(out), scale),
          [dims, added](const Tensor& g, const Tensor& x, const Tensor& y, const Tensor& known) {
            const Shape list = list_of(dims);
            const Tensor s =
                grad_enabled() ? reciprocal_deviation(mean_of_products(x, x, list), added) : known;
            return mul(s, sub(g, mul(y, mean_of_products(g, y, list))));
          }));
  return scaled_and_shifted(std::move(out), weight, {});
}

Tensor batch_norm(const Tensor& a, const Tensor& running_mean, const Tensor& running_var,
    const Tensor& weight, const Tensor& bias, bool training, double momentum, double eps, CallSite site) {
  constexpr const char* op = "batch_norm";
  const Call call(op, site);
  autograd::check_floating(op, a);
  check(a.dim() >= 2, "batch_norm: the input must be [N, C] or [N, C, ...]; it is {}", a.shape());
  check(momentum >= 0 && momentum <= 1, "batch_norm: the momentum must be in [0, 1]; it is {}", momentum);
  const std::int64_t channels = a.shape()[1];
  check_beside(op, "running_mean", a, running_mean, channels);
  check_beside(op, "running_var", a, running_var, channels);
  check_beside(op, "the weight", a, weight, channels);
  check_beside(op, "the bias", a, bias, channels);

  Shape along;  // broadcasts along the channels
  for (int i = 1; i < a.shape().rank(); ++i) along.push_back(i == 1 ? channels : 1);
  const auto beside = [&](const Tensor& vector) {
    return vector.defined() ? reshape(vector, along) : vector;
  };
  if (!training) {
    check(running_mean.defined() && running_var.defined(),
        "batch_norm: without training it needs running_mean and running_var");
    const Tensor scale = reciprocal_deviation(running_var.detach(), eps);
    const Tensor apart = sub(a, beside(running_mean.detach()));
    return scaled_and_shifted(mul(apart, beside(scale)), beside(weight), beside(bias));
  }
  const std::int64_t count = channels > 0 ? a.numel() / channels : 0;
  check(
      count > 1, "batch_norm: training needs more than one element per channel; the input is {}", a.shape());
  for (const Tensor& running : {running_mean, running_var})
    check(!running.defined() || !repeats_elements(running),
        "batch_norm: elements of running_mean or running_var share memory; clone() it first");
  const Dims dims = ((Dims{1} << a.dim()) - 1) & ~Dims{2};
  const Normalized made = normalized(op, site, a, dims, eps);
  Tensor out = scaled_and_shifted(made.out, beside(weight), beside(bias));

  // Last, when nothing can fail any more.
  const NoGradGuard no_grad;
  const auto mixed = [&](const Tensor& running, const Tensor& of_a) {
    return running.defined() ? add(mul(running, 1 - momentum), mul(reshape(of_a, channels), momentum))
                             : Tensor();
  };
  const double correction = static_cast<double>(count) / static_cast<double>(count - 1);
  const Tensor new_mean = mixed(running_mean, made.mean);
  const Tensor new_var = mixed(running_var, mul(made.variance, correction));
  const autograd::ModeGuard quiet({.record = false, .anomaly = false});  // add() has checked for NaN
  if (new_mean.defined()) running_mean.copy_(new_mean);
  if (new_var.defined()) running_var.copy_(new_var);
  return out;
}

}  // namespace tenon
