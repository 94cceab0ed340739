// Random zeros.
#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/random_key.h>

namespace tenon {

using autograd::Input;
using autograd::new_tensor;
using autograd::Operand;

namespace {

/// Draws a number for each element of this shape, which broadcasts to a's.
Tensor with_zeros(const char* op, CallSite site, const Tensor& a, double p, const Shape& drawn_shape) {
  const double scale = p < 1 ? 1 / (1 - p) : 0;
  // All memory before the random call: one that fails must not use random numbers.
  Tensor out = autograd::binary(arith::Mul(), a, scale);
  const Tensor drawn = new_tensor(drawn_shape, DType::float32, a.stream());
  const Tensor kept = new_tensor(drawn_shape, DType::boolean, a.stream());
  autograd::with_random_key(a.stream(), default_generator(), RandomDomain::user,
      [stream = a.stream(), n = drawn.numel(), to = drawn.raw()](
          kernels::RandomKey key) { kernels::random_uniform(stream, DType::float32, n, to, key, 0, 1); });
  kernels::compare(
      a.stream(), arith::Ge(), DType::float32, drawn_shape, kept.raw(), kernels::Operand(drawn.raw()), p);
  kernels::where(a.stream(), a.dtype(), a.shape(), out.raw(), Operand(op, kept, a.shape()),
      kernels::Operand(out.raw()), 0.0);
  return autograd::record(op, site, std::move(out),
      Input(a, autograd::with(kept),
          [scale](const Tensor& g, const Tensor& mask) { return where(mask, mul(g, scale), 0.0); }));
}

/// Whether any element may become 0, after checking what the functions take.
bool draws(const char* op, const Tensor& a, double p, bool training) {
  autograd::check_floating(op, a);
  check(p >= 0 && p <= 1, "{}: the probability must be in [0, 1]; it is {}", op, p);
  return training && p > 0 && a.numel() > 0;
}

}  // namespace

Tensor dropout(const Tensor& a, double p, bool training, CallSite site) {
  const Call call("dropout", site);
  return draws("dropout", a, p, training) ? with_zeros("dropout", site, a, p, a.shape()) : a;
}

Tensor dropout2d(const Tensor& a, double p, bool training, CallSite site) {
  const Call call("dropout2d", site);
  check(a.dim() >= 2, "dropout2d: needs channels, [N, C, ...]; the shape is {}", a.shape());
  Shape channels = a.shape();
  for (int i = 2; i < channels.rank(); ++i) channels[i] = 1;
  return draws("dropout2d", a, p, training) ? with_zeros("dropout2d", site, a, p, channels) : a;
}

}  // namespace tenon
