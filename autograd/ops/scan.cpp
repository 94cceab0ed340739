// Running sums.
#include <tenon/kernels/scan.h>

#include <tenon/autograd/ops/common.h>

namespace tenon {

Tensor cumsum(const Tensor& a, std::int64_t dim, CallSite site) {
  const Call call("cumsum", site);
  const int d = wrap_dim("cumsum", dim, a.shape().rank(), Rank0::as_vector);
  const DType dtype = a.dtype() == DType::boolean ? DType::int64 : a.dtype();
  const Tensor from = a.is_contiguous() && a.dtype() == dtype ? a : autograd::copy(a, dtype);
  Tensor out = autograd::new_tensor(a.shape(), dtype, a.stream());
  kernels::cumsum(a.stream(), dtype, kernels::indexed(a.shape(), d), out.raw(), from.raw());
  return autograd::record("cumsum", site, std::move(out), autograd::Input(a, [d](const Tensor& g) {
    // An element is in all sums from its own on.
    if (g.dim() == 0) return g;
    return flip(cumsum(flip(g, {d}), d), {d});
  }));
}

}  // namespace tenon
