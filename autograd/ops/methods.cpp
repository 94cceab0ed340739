// The everyday operations as methods of Tensor.
#include <tenon/autograd/ops.h>
#include <tenon/core/call.h>

namespace tenon {

Tensor Tensor::sum(Where where) const { return tenon::sum(*this, where); }
Tensor Tensor::sum(std::initializer_list<std::int64_t> dims, bool keepdim, Where where) const {
  return tenon::sum(*this, dims, keepdim, where);
}
Tensor Tensor::mean(Where where) const { return tenon::mean(*this, where); }
Tensor Tensor::mean(std::initializer_list<std::int64_t> dims, bool keepdim, Where where) const {
  return tenon::mean(*this, dims, keepdim, where);
}
Tensor Tensor::reshape(const Shape& shape, Where where) const { return tenon::reshape(*this, shape, where); }
Tensor Tensor::t(Where where) const { return tenon::t(*this, where); }
Tensor Tensor::transpose(std::int64_t dim0, std::int64_t dim1, Where where) const {
  return tenon::transpose(*this, dim0, dim1, where);
}
Tensor Tensor::narrow(std::int64_t dim, std::int64_t start, std::int64_t length, Where where) const {
  return tenon::narrow(*this, dim, start, length, where);
}
Tensor Tensor::select(std::int64_t dim, std::int64_t index, Where where) const {
  return tenon::select(*this, dim, index, where);
}
Tensor Tensor::clone(Where where) const { return tenon::clone(*this, where); }
Tensor Tensor::contiguous(Where where) const { return tenon::contiguous(*this, where); }
Tensor Tensor::to(Device device, Where where) const { return tenon::to(*this, device, where); }
Tensor Tensor::to(DType dtype, Where where) const { return tenon::to(*this, dtype, where); }

Tensor Tensor::at(std::initializer_list<std::int64_t> index, Where where) const {
  const Call call("at", where);
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
