// Normalisation. Over the last dimensions it is one kernel and one node on the tape; over the batch it is a
// few passes over memory, and one node besides those of weight and bias.
#include <limits>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>
#include <tenon/autograd/ops/reduced_dims.h>
#include <tenon/kernels/normalization.h>

namespace tenon {

using autograd::Broadcast;
using autograd::check_same_kind;
using autograd::dense;
using autograd::Dims;
using autograd::Input;
using autograd::list_of;
using autograd::mean_of_products;
using autograd::new_tensor;
using autograd::record;
using autograd::repeats_elements;
using autograd::result;
using autograd::with;
using Kind = kernels::Normalization::Kind;

namespace {

Tensor reciprocal_deviation(const Tensor& variance, double eps) { return div(1, sqrt(add(variance, eps))); }

/// From operations that the tape records: y = (a - mean) * scale, scale = 1 / sqrt(variance + eps).
struct Normalized {
  Tensor y, mean, variance, scale;  // the last three with dimensions of size 1
};
Normalized normalized(Kind kind, const Tensor& a, Dims dims, double eps) {
  const Shape list = list_of(dims);
  Normalized made;
  if (kind == Kind::layer) made.mean = mean(a, list, true);
  Tensor apart = kind == Kind::layer ? sub(a, made.mean) : a;
  made.variance = mean_of_products(apart, apart, list);
  made.scale = reciprocal_deviation(made.variance, eps);
  made.y = kind == Kind::layer && !grad_enabled() ? apart.mul_(made.scale) : mul(apart, made.scale);
  return made;
}

/// The gradient of a, given that of y.
Tensor normalized_backward(Kind kind, Dims dims, const Tensor& g, const Tensor& y, const Tensor& scale) {
  const Shape list = list_of(dims);
  Tensor across = sub(g, mul(y, mean_of_products(g, y, list)));
  if (kind == Kind::layer) across.sub_(mean(g, list, true));
  return mul(across, scale);
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

/// Over the last dimensions, times the weight and plus the bias if there are such; recorded.
Tensor normalize_rows(const char* op, CallSite site, Kind kind, const Tensor& a, Dims dims, double eps,
    const Tensor& weight, const Tensor& bias) {
  const std::int64_t size = autograd::reduced_count(a, dims);
  check(size > 0, "mean: there are no elements to average; the shape is {}", a.shape());
  const kernels::Normalization what{kind, a.dtype(), a.numel() / size, size, eps};
  const bool weighted = weight.defined(), shifted = bias.defined(),
             is_long = size > kernels::longest_normalized_row(a.stream());  // too long for the kernels
  Tensor out, y, scale;
  if (is_long) {
    const NoGradGuard no_grad;
    const Normalized made = normalized(kind, a, dims, eps);
    scale = made.scale;
    out = scaled_and_shifted(made.y, weight, bias);
    y = made.y.detach();
  } else {
    out = new_tensor(a.shape(), a.dtype(), a.stream());
    scale = new_tensor(autograd::reduced_shape(a.shape(), dims, true), a.dtype(), a.stream());
    const bool needs_y =
                   autograd::mode().record && (a.requires_grad() || (weighted && weight.requires_grad())),
               is_out = !weighted && !shifted;
    if (needs_y) y = is_out ? out.detach() : new_tensor(a.shape(), a.dtype(), a.stream());
    const auto raw = [](const Tensor& tensor) { return tensor.defined() ? tensor.raw() : nullptr; };
    const auto given = [](const Tensor& tensor) { return tensor.defined() ? dense(tensor) : tensor; };
    const Tensor x = dense(a), w = given(weight), b = given(bias);
    if (a.numel() > 0)
      kernels::normalize(
          a.stream(), what, out.raw(), is_out ? nullptr : raw(y), scale.raw(), x.raw(), raw(w), raw(b));
  }
  // What is not there is replaced by a tensor that needs no gradient.
  const Tensor &w = weighted ? weight : scale, &b = shifted ? bias : scale;
  return record(op, site, out,
      Input(a, with(a, w, y, scale),
          [what, weighted, is_long, dims](const Tensor& g, const Tensor& x, const Tensor& factor,
              const Tensor& known_y, const Tensor& known_scale) {
            if (grad_enabled() || is_long) {
              const Normalized n = grad_enabled() ? normalized(what.kind, x, dims, what.eps)
                                                  : Normalized{known_y, {}, {}, known_scale};
              return normalized_backward(what.kind, dims, weighted ? mul(g, factor) : g, n.y, n.scale);
            }
            Tensor made = new_tensor(x.shape(), x.dtype(), x.stream());
            const Tensor slope = dense(g), row = dense(factor);
            kernels::normalize_backward(x.stream(), what, made.raw(), slope.raw(),
                weighted ? row.raw() : nullptr, known_y.raw(), known_scale.raw());
            return made;
          }),
      // If a needs no gradient, y is a constant.
      Broadcast(w, with(a.requires_grad() ? a : y, y),
          [kind, dims, eps](const Tensor& g, const Tensor& x, const Tensor& known) {
            return mul(g, grad_enabled() && x.requires_grad() ? normalized(kind, x, dims, eps).y : known);
          }),
      Broadcast(b, [](const Tensor& g) { return g; }));
}

}  // namespace

Tensor layer_norm(const Tensor& a, const Shape& normalized_shape, const Tensor& weight, const Tensor& bias,
    double eps, CallSite site) {
  const Call call("layer_norm", site);
  const Dims dims = last_dims("layer_norm", a, normalized_shape);
  check_beside("layer_norm", "the weight", a, weight, normalized_shape);
  check_beside("layer_norm", "the bias", a, bias, normalized_shape);
  return normalize_rows("layer_norm", site, Kind::layer, a, dims, eps, weight, bias);
}

Tensor rms_norm(const Tensor& a, const Shape& normalized_shape, const Tensor& weight,
    std::optional<double> eps, CallSite site) {
  const Call call("rms_norm", site);
  const Dims dims = last_dims("rms_norm", a, normalized_shape);
  check_beside("rms_norm", "the weight", a, weight, normalized_shape);
  const double added = eps ? *eps : visit_floating("rms_norm", a.dtype(), []<class T>(std::type_identity<T>) {
    return static_cast<double>(std::numeric_limits<T>::epsilon());
  });
  return normalize_rows("rms_norm", site, Kind::rms, a, dims, added, weight, {});
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
  Normalized made;
  {
    const NoGradGuard no_grad;
    made = normalized(Kind::layer, a, dims, eps);
  }
  const Tensor y = record("batch_norm", site, made.y,
      Input(a, with(a, result(made.y), made.scale),
          [dims, eps](const Tensor& g, const Tensor& x, const Tensor& of_x, const Tensor& known) {
            return normalized_backward(Kind::layer, dims, g, of_x,
                grad_enabled() ? normalized(Kind::layer, x, dims, eps).scale : known);
          }));
  Tensor out = scaled_and_shifted(y, beside(weight), beside(bias));

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
