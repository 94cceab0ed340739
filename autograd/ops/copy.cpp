// Copies and conversions.
#include <tenon/autograd/ops/common.h>

namespace tenon {

using autograd::Input;
using autograd::record;

Tensor clone(const Tensor& a, Where where) {
  const Call call("clone", where);
  return record("clone", where, autograd::copy(a, a.dtype()), Input(a, [](const Tensor& g) { return g; }));
}

Tensor contiguous(const Tensor& a, Where where) {
  const Call call("contiguous", where);
  return a.is_contiguous() ? a : clone(a);
}

Tensor to(const Tensor& a, DType dtype, Where where) {
  const Call call("to", where);
  if (a.dtype() == dtype) return a;
  Tensor out = autograd::copy(a, dtype);
  if (!is_floating_point(dtype)) return out;
  return record(
      "to", where, std::move(out), Input(a, [from = a.dtype()](const Tensor& g) { return to(g, from); }));
}

namespace {

Tensor to_stream(const Tensor& a, Stream stream, Where where) {
  if (a.stream() == stream) return a;
  const Tensor dense = a.is_contiguous() ? a : autograd::copy(a, a.dtype());
  return record("to", where, detail::copy_to(dense, stream),
      Input(a, [from = a.stream()](const Tensor& g) { return to_stream(g, from, Where::current()); }));
}

}  // namespace

Tensor to(const Tensor& a, Device device, Where where) {
  const Call call("to", where);
  check_available("to", device);
  return to_stream(a, Stream::current(device), where);
}

}  // namespace tenon
