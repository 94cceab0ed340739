// Random zeros.
#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/random_key.h>

namespace tenon {

using autograd::Input;
using autograd::new_tensor;
using autograd::Operand;

Tensor dropout(const Tensor& a, double p, bool training, CallSite site) {
  const Call call("dropout", site);
  autograd::check_floating("dropout", a);
  check(p >= 0 && p <= 1, "dropout: the probability must be in [0, 1]; it is {}", p);
  if (!training || p == 0 || a.numel() == 0) return a;
  const double scale = p < 1 ? 1 / (1 - p) : 0;
  // All memory before the random call: one that fails must not use random numbers.
  Tensor out = autograd::binary(arith::Mul(), a, scale);
  const Tensor drawn = new_tensor(a.shape(), DType::float32, a.stream());
  const Tensor kept = new_tensor(a.shape(), DType::boolean, a.stream());
  autograd::with_random_key(a.stream(), default_generator(), RandomDomain::user,
      [stream = a.stream(), n = a.numel(), to = drawn.raw()](
          kernels::RandomKey key) { kernels::random_uniform(stream, DType::float32, n, to, key, 0, 1); });
  kernels::compare(
      a.stream(), arith::Ge(), DType::float32, a.shape(), kept.raw(), kernels::Operand(drawn.raw()), p);
  kernels::where(a.stream(), a.dtype(), a.shape(), out.raw(), kernels::Operand(kept.raw()),
      kernels::Operand(out.raw()), 0.0);
  return autograd::record("dropout", site, std::move(out),
      Input(a, autograd::with(kept),
          [scale](const Tensor& g, const Tensor& mask) { return where(mask, mul(g, scale), 0.0); }));
}

}  // namespace tenon
