// Copies and conversions.
#include <tenon/autograd/ops/common.h>

namespace tenon {

using autograd::Input;
using autograd::record;

Tensor clone(const Tensor& a, CallSite site) {
  const Call call("clone", site);
  return record("clone", site, autograd::copy(a, a.dtype()), Input(a, [](const Tensor& g) { return g; }));
}

Tensor contiguous(const Tensor& a, CallSite site) {
  const Call call("contiguous", site);
  return a.is_contiguous() ? a : clone(a);
}

Tensor to(const Tensor& a, DType dtype, CallSite site) {
  const Call call("to", site);
  if (a.dtype() == dtype) return a;
  Tensor out = autograd::copy(a, dtype);
  if (!is_floating_point(dtype)) return out;
  return record(
      "to", site, std::move(out), Input(a, [from = a.dtype()](const Tensor& g) { return to(g, from); }));
}

namespace {

Tensor to_stream(const Tensor& a, Stream stream, CallSite site) {
  if (a.stream() == stream) return a;
  const Tensor dense = a.is_contiguous() ? a : autograd::copy(a, a.dtype());
  return record("to", site, detail::copy_to(dense, stream),
      Input(a, [from = a.stream()](const Tensor& g) { return to_stream(g, from, CallSite::current()); }));
}

}  // namespace

Tensor to(const Tensor& a, Device device, CallSite site) {
  const Call call("to", site);
  check_available("to", device);
  return to_stream(a, Stream::current(device), site);
}

}  // namespace tenon
