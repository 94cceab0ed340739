// Common operations as methods of Tensor.
#include <tenon/autograd/ops.h>
#include <tenon/core/call.h>

namespace tenon {

Tensor Tensor::sum(CallSite site) const { return tenon::sum(*this, site); }
Tensor Tensor::sum(std::initializer_list<std::int64_t> dims, bool keepdim, CallSite site) const {
  return tenon::sum(*this, dims, keepdim, site);
}
Tensor Tensor::mean(CallSite site) const { return tenon::mean(*this, site); }
Tensor Tensor::mean(std::initializer_list<std::int64_t> dims, bool keepdim, CallSite site) const {
  return tenon::mean(*this, dims, keepdim, site);
}
Tensor Tensor::amax(CallSite site) const { return tenon::amax(*this, site); }
Tensor Tensor::amax(std::initializer_list<std::int64_t> dims, bool keepdim, CallSite site) const {
  return tenon::amax(*this, dims, keepdim, site);
}
Tensor Tensor::argmax(CallSite site) const { return tenon::argmax(*this, site); }
Tensor Tensor::argmax(std::int64_t dim, bool keepdim, CallSite site) const {
  return tenon::argmax(*this, dim, keepdim, site);
}
Tensor Tensor::softmax(std::int64_t dim, CallSite site) const { return tenon::softmax(*this, dim, site); }
Tensor Tensor::log_softmax(std::int64_t dim, CallSite site) const {
  return tenon::log_softmax(*this, dim, site);
}
Tensor Tensor::logsumexp(std::int64_t dim, bool keepdim, CallSite site) const {
  return tenon::logsumexp(*this, dim, keepdim, site);
}
Tensor Tensor::reshape(const Shape& shape, CallSite site) const { return tenon::reshape(*this, shape, site); }
Tensor Tensor::t(CallSite site) const { return tenon::t(*this, site); }
Tensor Tensor::transpose(std::int64_t dim0, std::int64_t dim1, CallSite site) const {
  return tenon::transpose(*this, dim0, dim1, site);
}
Tensor Tensor::narrow(std::int64_t dim, std::int64_t start, std::int64_t length, CallSite site) const {
  return tenon::narrow(*this, dim, start, length, site);
}
Tensor Tensor::select(std::int64_t dim, std::int64_t index, CallSite site) const {
  return tenon::select(*this, dim, index, site);
}
Tensor Tensor::clone(CallSite site) const { return tenon::clone(*this, site); }
Tensor Tensor::contiguous(CallSite site) const { return tenon::contiguous(*this, site); }
Tensor Tensor::to(Device device, CallSite site) const { return tenon::to(*this, device, site); }
Tensor Tensor::to(DType dtype, CallSite site) const { return tenon::to(*this, dtype, site); }

Tensor Tensor::at(std::initializer_list<std::int64_t> index, CallSite site) const {
  const Call call("at", site);
  check(static_cast<std::int64_t>(index.size()) == dim(),
      "at: needs one index per dimension; {} were given for shape {}", index.size(), shape());
  int d = 0;
  for (const std::int64_t i : index) {
    check(i >= -shape()[d] && i < shape()[d], "at: index {} is out of range; dimension {} of {} has {}", i, d,
        shape(), shape()[d]);
    ++d;
  }
  Tensor part = *this;
  for (const std::int64_t i : index) part = tenon::select(part, 0, i);
  return part;
}

}  // namespace tenon
