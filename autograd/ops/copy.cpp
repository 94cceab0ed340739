// Copies and conversions.
#include <tenon/autograd/ops/common.h>

namespace tenon {

using autograd::Input;
using autograd::record;

Tensor clone(const Tensor& a, Where where) {
  return record("clone", where, autograd::copy(a, a.dtype()),
      Input(a, [] { return [](const Tensor& g) { return g; }; }));
}

Tensor contiguous(const Tensor& a, Where where) { return a.is_contiguous() ? a : clone(a, where); }

Tensor to(const Tensor& a, DType dtype, Where where) {
  if (a.dtype() == dtype) return a;
  Tensor out = autograd::copy(a, dtype);
  if (!is_floating_point(dtype)) return out;
  return record("to", where, std::move(out),
      Input(a, [&] { return [from = a.dtype()](const Tensor& g) { return to(g, from); }; }));
}

Tensor to(const Tensor& a, Device device, Where) {
  check_available("to", device);
  return a;
}

}  // namespace tenon
