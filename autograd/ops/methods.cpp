// Operations as methods of Tensor.
#include <tenon/autograd/ops.h>
#include <tenon/core/call.h>

namespace tenon {

Tensor Tensor::add(const Tensor& b, CallSite site) const { return tenon::add(*this, b, site); }
Tensor Tensor::add(double b, CallSite site) const { return tenon::add(*this, b, site); }
Tensor Tensor::sub(const Tensor& b, CallSite site) const { return tenon::sub(*this, b, site); }
Tensor Tensor::sub(double b, CallSite site) const { return tenon::sub(*this, b, site); }
Tensor Tensor::mul(const Tensor& b, CallSite site) const { return tenon::mul(*this, b, site); }
Tensor Tensor::mul(double b, CallSite site) const { return tenon::mul(*this, b, site); }
Tensor Tensor::div(const Tensor& b, CallSite site) const { return tenon::div(*this, b, site); }
Tensor Tensor::div(double b, CallSite site) const { return tenon::div(*this, b, site); }
Tensor Tensor::neg(CallSite site) const { return tenon::neg(*this, site); }
Tensor Tensor::pow(double exponent, CallSite site) const { return tenon::pow(*this, exponent, site); }
Tensor Tensor::pow(const Tensor& exponent, CallSite site) const { return tenon::pow(*this, exponent, site); }
Tensor Tensor::maximum(const Tensor& b, CallSite site) const { return tenon::maximum(*this, b, site); }
Tensor Tensor::maximum(double b, CallSite site) const { return tenon::maximum(*this, b, site); }
Tensor Tensor::minimum(const Tensor& b, CallSite site) const { return tenon::minimum(*this, b, site); }
Tensor Tensor::minimum(double b, CallSite site) const { return tenon::minimum(*this, b, site); }
Tensor Tensor::hypot(const Tensor& b, CallSite site) const { return tenon::hypot(*this, b, site); }
Tensor Tensor::atan2(const Tensor& b, CallSite site) const { return tenon::atan2(*this, b, site); }
Tensor Tensor::fmod(const Tensor& b, CallSite site) const { return tenon::fmod(*this, b, site); }
Tensor Tensor::fmod(double b, CallSite site) const { return tenon::fmod(*this, b, site); }
Tensor Tensor::remainder(const Tensor& b, CallSite site) const { return tenon::remainder(*this, b, site); }
Tensor Tensor::remainder(double b, CallSite site) const { return tenon::remainder(*this, b, site); }
Tensor Tensor::lerp(const Tensor& end, const Tensor& weight, CallSite site) const {
  return tenon::lerp(*this, end, weight, site);
}
Tensor Tensor::lerp(const Tensor& end, double weight, CallSite site) const {
  return tenon::lerp(*this, end, weight, site);
}
Tensor Tensor::addcmul(const Tensor& b, const Tensor& c, double value, CallSite site) const {
  return tenon::addcmul(*this, b, c, value, site);
}
Tensor Tensor::abs(CallSite site) const { return tenon::abs(*this, site); }
Tensor Tensor::exp(CallSite site) const { return tenon::exp(*this, site); }
Tensor Tensor::log(CallSite site) const { return tenon::log(*this, site); }
Tensor Tensor::expm1(CallSite site) const { return tenon::expm1(*this, site); }
Tensor Tensor::log1p(CallSite site) const { return tenon::log1p(*this, site); }
Tensor Tensor::exp2(CallSite site) const { return tenon::exp2(*this, site); }
Tensor Tensor::log2(CallSite site) const { return tenon::log2(*this, site); }
Tensor Tensor::sqrt(CallSite site) const { return tenon::sqrt(*this, site); }
Tensor Tensor::rsqrt(CallSite site) const { return tenon::rsqrt(*this, site); }
Tensor Tensor::square(CallSite site) const { return tenon::square(*this, site); }
Tensor Tensor::reciprocal(CallSite site) const { return tenon::reciprocal(*this, site); }
Tensor Tensor::sin(CallSite site) const { return tenon::sin(*this, site); }
Tensor Tensor::cos(CallSite site) const { return tenon::cos(*this, site); }
Tensor Tensor::erf(CallSite site) const { return tenon::erf(*this, site); }
Tensor Tensor::tanh(CallSite site) const { return tenon::tanh(*this, site); }
Tensor Tensor::sigmoid(CallSite site) const { return tenon::sigmoid(*this, site); }
Tensor Tensor::sign(CallSite site) const { return tenon::sign(*this, site); }
Tensor Tensor::floor(CallSite site) const { return tenon::floor(*this, site); }
Tensor Tensor::ceil(CallSite site) const { return tenon::ceil(*this, site); }
Tensor Tensor::round(CallSite site) const { return tenon::round(*this, site); }
Tensor Tensor::trunc(CallSite site) const { return tenon::trunc(*this, site); }
Tensor Tensor::relu(CallSite site) const { return tenon::relu(*this, site); }
Tensor Tensor::clamp(double low, double high, CallSite site) const {
  return tenon::clamp(*this, low, high, site);
}
Tensor Tensor::clamp_min(double low, CallSite site) const { return tenon::clamp_min(*this, low, site); }
Tensor Tensor::clamp_max(double high, CallSite site) const { return tenon::clamp_max(*this, high, site); }
Tensor Tensor::nan_to_num(
    double nan, std::optional<double> posinf, std::optional<double> neginf, CallSite site) const {
  return tenon::nan_to_num(*this, nan, posinf, neginf, site);
}
Tensor Tensor::where(const Tensor& condition, const Tensor& b, CallSite site) const {
  return tenon::where(condition, *this, b, site);
}
Tensor Tensor::where(const Tensor& condition, double b, CallSite site) const {
  return tenon::where(condition, *this, b, site);
}
Tensor Tensor::masked_fill(const Tensor& mask, double value, CallSite site) const {
  return tenon::masked_fill(*this, mask, value, site);
}
Tensor Tensor::masked_fill(const Tensor& mask, const Tensor& value, CallSite site) const {
  return tenon::masked_fill(*this, mask, value, site);
}
Tensor Tensor::eq(const Tensor& b, CallSite site) const { return tenon::eq(*this, b, site); }
Tensor Tensor::eq(double b, CallSite site) const { return tenon::eq(*this, b, site); }
Tensor Tensor::ne(const Tensor& b, CallSite site) const { return tenon::ne(*this, b, site); }
Tensor Tensor::ne(double b, CallSite site) const { return tenon::ne(*this, b, site); }
Tensor Tensor::lt(const Tensor& b, CallSite site) const { return tenon::lt(*this, b, site); }
Tensor Tensor::lt(double b, CallSite site) const { return tenon::lt(*this, b, site); }
Tensor Tensor::le(const Tensor& b, CallSite site) const { return tenon::le(*this, b, site); }
Tensor Tensor::le(double b, CallSite site) const { return tenon::le(*this, b, site); }
Tensor Tensor::gt(const Tensor& b, CallSite site) const { return tenon::gt(*this, b, site); }
Tensor Tensor::gt(double b, CallSite site) const { return tenon::gt(*this, b, site); }
Tensor Tensor::ge(const Tensor& b, CallSite site) const { return tenon::ge(*this, b, site); }
Tensor Tensor::ge(double b, CallSite site) const { return tenon::ge(*this, b, site); }
Tensor Tensor::logical_and(const Tensor& b, CallSite site) const {
  return tenon::logical_and(*this, b, site);
}
Tensor Tensor::logical_or(const Tensor& b, CallSite site) const { return tenon::logical_or(*this, b, site); }
Tensor Tensor::logical_xor(const Tensor& b, CallSite site) const {
  return tenon::logical_xor(*this, b, site);
}
Tensor Tensor::logical_not(CallSite site) const { return tenon::logical_not(*this, site); }
Tensor Tensor::isnan(CallSite site) const { return tenon::isnan(*this, site); }
Tensor Tensor::isinf(CallSite site) const { return tenon::isinf(*this, site); }
Tensor Tensor::isfinite(CallSite site) const { return tenon::isfinite(*this, site); }
bool Tensor::equal(const Tensor& b, CallSite site) const { return tenon::equal(*this, b, site); }
bool Tensor::allclose(const Tensor& b, double rtol, double atol, CallSite site) const {
  return tenon::allclose(*this, b, rtol, atol, site);
}
Tensor Tensor::matmul(const Tensor& b, CallSite site) const { return tenon::matmul(*this, b, site); }
Tensor Tensor::mm(const Tensor& b, CallSite site) const { return tenon::mm(*this, b, site); }
Tensor Tensor::mv(const Tensor& b, CallSite site) const { return tenon::mv(*this, b, site); }
Tensor Tensor::bmm(const Tensor& b, CallSite site) const { return tenon::bmm(*this, b, site); }
Tensor Tensor::outer(const Tensor& b, CallSite site) const { return tenon::outer(*this, b, site); }
Tensor Tensor::dot(const Tensor& b, CallSite site) const { return tenon::dot(*this, b, site); }
Tensor Tensor::sum(CallSite site) const { return tenon::sum(*this, site); }
Tensor Tensor::sum(const Shape& dims, bool keepdim, CallSite site) const {
  return tenon::sum(*this, dims, keepdim, site);
}
Tensor Tensor::mean(CallSite site) const { return tenon::mean(*this, site); }
Tensor Tensor::mean(const Shape& dims, bool keepdim, CallSite site) const {
  return tenon::mean(*this, dims, keepdim, site);
}
Tensor Tensor::prod(CallSite site) const { return tenon::prod(*this, site); }
Tensor Tensor::prod(const Shape& dims, bool keepdim, CallSite site) const {
  return tenon::prod(*this, dims, keepdim, site);
}
Tensor Tensor::all(CallSite site) const { return tenon::all(*this, site); }
Tensor Tensor::all(const Shape& dims, bool keepdim, CallSite site) const {
  return tenon::all(*this, dims, keepdim, site);
}
Tensor Tensor::any(CallSite site) const { return tenon::any(*this, site); }
Tensor Tensor::any(const Shape& dims, bool keepdim, CallSite site) const {
  return tenon::any(*this, dims, keepdim, site);
}
Tensor Tensor::amax(CallSite site) const { return tenon::amax(*this, site); }
Tensor Tensor::amax(const Shape& dims, bool keepdim, CallSite site) const {
  return tenon::amax(*this, dims, keepdim, site);
}
Tensor Tensor::amin(CallSite site) const { return tenon::amin(*this, site); }
Tensor Tensor::amin(const Shape& dims, bool keepdim, CallSite site) const {
  return tenon::amin(*this, dims, keepdim, site);
}
Tensor Tensor::max(CallSite site) const { return tenon::max(*this, site); }
ValuesAndIndices Tensor::max(std::int64_t dim, bool keepdim, CallSite site) const {
  return tenon::max(*this, dim, keepdim, site);
}
Tensor Tensor::min(CallSite site) const { return tenon::min(*this, site); }
ValuesAndIndices Tensor::min(std::int64_t dim, bool keepdim, CallSite site) const {
  return tenon::min(*this, dim, keepdim, site);
}
Tensor Tensor::argmax(CallSite site) const { return tenon::argmax(*this, site); }
Tensor Tensor::argmax(std::int64_t dim, bool keepdim, CallSite site) const {
  return tenon::argmax(*this, dim, keepdim, site);
}
Tensor Tensor::argmin(CallSite site) const { return tenon::argmin(*this, site); }
Tensor Tensor::argmin(std::int64_t dim, bool keepdim, CallSite site) const {
  return tenon::argmin(*this, dim, keepdim, site);
}
Tensor Tensor::var(CallSite site) const { return tenon::var(*this, site); }
Tensor Tensor::var(const Shape& dims, const VarOptions& options, CallSite site) const {
  return tenon::var(*this, dims, options, site);
}
Tensor Tensor::std(CallSite site) const { return tenon::std(*this, site); }
Tensor Tensor::std(const Shape& dims, const VarOptions& options, CallSite site) const {
  return tenon::std(*this, dims, options, site);
}
Tensor Tensor::norm(double p, CallSite site) const { return tenon::norm(*this, p, site); }
Tensor Tensor::norm(double p, const Shape& dims, bool keepdim, CallSite site) const {
  return tenon::norm(*this, p, dims, keepdim, site);
}
Tensor Tensor::cumsum(std::int64_t dim, CallSite site) const { return tenon::cumsum(*this, dim, site); }
ValuesAndIndices Tensor::sort(std::int64_t dim, bool descending, CallSite site) const {
  return tenon::sort(*this, dim, descending, site);
}
Tensor Tensor::argsort(std::int64_t dim, bool descending, CallSite site) const {
  return tenon::argsort(*this, dim, descending, site);
}
ValuesAndIndices Tensor::topk(
    std::int64_t k, std::int64_t dim, bool largest, bool sorted, CallSite site) const {
  return tenon::topk(*this, k, dim, largest, sorted, site);
}
Tensor Tensor::median(CallSite site) const { return tenon::median(*this, site); }
ValuesAndIndices Tensor::median(std::int64_t dim, bool keepdim, CallSite site) const {
  return tenon::median(*this, dim, keepdim, site);
}
UniqueValues Tensor::unique(CallSite site) const { return tenon::unique(*this, site); }
Tensor Tensor::softmax(std::int64_t dim, CallSite site) const { return tenon::softmax(*this, dim, site); }
Tensor Tensor::log_softmax(std::int64_t dim, CallSite site) const {
  return tenon::log_softmax(*this, dim, site);
}
Tensor Tensor::logsumexp(std::int64_t dim, bool keepdim, CallSite site) const {
  return tenon::logsumexp(*this, dim, keepdim, site);
}
Tensor Tensor::reshape(const Shape& shape, CallSite site) const { return tenon::reshape(*this, shape, site); }
Tensor Tensor::flatten(std::int64_t start_dim, std::int64_t end_dim, CallSite site) const {
  return tenon::flatten(*this, start_dim, end_dim, site);
}
Tensor Tensor::expand(const Shape& shape, CallSite site) const { return tenon::expand(*this, shape, site); }
Tensor Tensor::unsqueeze(std::int64_t dim, CallSite site) const { return tenon::unsqueeze(*this, dim, site); }
Tensor Tensor::squeeze(CallSite site) const { return tenon::squeeze(*this, site); }
Tensor Tensor::squeeze(std::int64_t dim, CallSite site) const { return tenon::squeeze(*this, dim, site); }
Tensor Tensor::permute(const Shape& dims, CallSite site) const { return tenon::permute(*this, dims, site); }
Tensor Tensor::slice(std::int64_t dim, const SliceRange& range, CallSite site) const {
  return tenon::slice(*this, dim, range, site);
}
std::vector<Tensor> Tensor::chunk(std::int64_t chunks, std::int64_t dim, CallSite site) const {
  return tenon::chunk(*this, chunks, dim, site);
}
std::vector<Tensor> Tensor::split(const SplitSizes& sizes, std::int64_t dim, CallSite site) const {
  return tenon::split(*this, sizes, dim, site);
}
std::vector<Tensor> Tensor::unbind(std::int64_t dim, CallSite site) const {
  return tenon::unbind(*this, dim, site);
}
Tensor Tensor::repeat(const Shape& repeats, CallSite site) const {
  return tenon::repeat(*this, repeats, site);
}
Tensor Tensor::flip(const Shape& dims, CallSite site) const { return tenon::flip(*this, dims, site); }
Tensor Tensor::roll(const Shape& shifts, const Shape& dims, CallSite site) const {
  return tenon::roll(*this, shifts, dims, site);
}
Tensor Tensor::tril(std::int64_t diagonal, CallSite site) const { return tenon::tril(*this, diagonal, site); }
Tensor Tensor::triu(std::int64_t diagonal, CallSite site) const { return tenon::triu(*this, diagonal, site); }
Tensor Tensor::diag(std::int64_t diagonal, CallSite site) const { return tenon::diag(*this, diagonal, site); }
Tensor Tensor::slice_scatter(
    const Tensor& source, std::int64_t dim, const SliceRange& range, CallSite site) const {
  return tenon::slice_scatter(*this, source, dim, range, site);
}
Tensor Tensor::select_scatter(
    const Tensor& source, std::int64_t dim, std::int64_t index, CallSite site) const {
  return tenon::select_scatter(*this, source, dim, index, site);
}
Tensor Tensor::index_select(std::int64_t dim, const Tensor& index, CallSite site) const {
  return tenon::index_select(*this, dim, index, site);
}
Tensor Tensor::gather(std::int64_t dim, const Tensor& index, CallSite site) const {
  return tenon::gather(*this, dim, index, site);
}
Tensor Tensor::take_along_dim(const Tensor& index, std::optional<std::int64_t> dim, CallSite site) const {
  return tenon::take_along_dim(*this, index, dim, site);
}
Tensor Tensor::index_add(
    std::int64_t dim, const Tensor& index, const Tensor& source, double alpha, CallSite site) const {
  return tenon::index_add(*this, dim, index, source, alpha, site);
}
Tensor Tensor::scatter(std::int64_t dim, const Tensor& index, const Tensor& src, CallSite site) const {
  return tenon::scatter(*this, dim, index, src, site);
}
Tensor Tensor::scatter(std::int64_t dim, const Tensor& index, double value, CallSite site) const {
  return tenon::scatter(*this, dim, index, value, site);
}
Tensor Tensor::scatter_add(std::int64_t dim, const Tensor& index, const Tensor& src, CallSite site) const {
  return tenon::scatter_add(*this, dim, index, src, site);
}
Tensor Tensor::nonzero(CallSite site) const { return tenon::nonzero(*this, site); }
Tensor Tensor::masked_select(const Tensor& mask, CallSite site) const {
  return tenon::masked_select(*this, mask, site);
}
Tensor Tensor::index(const std::vector<TensorIndex>& indices, CallSite site) const {
  return tenon::index(*this, indices, site);
}
Tensor Tensor::index_put(
    const std::vector<TensorIndex>& indices, const Tensor& values, bool accumulate, CallSite site) const {
  return tenon::index_put(*this, indices, values, accumulate, site);
}
Tensor Tensor::index_put(
    const std::vector<TensorIndex>& indices, double value, bool accumulate, CallSite site) const {
  return tenon::index_put(*this, indices, value, accumulate, site);
}
Tensor Tensor::multinomial(std::int64_t num_samples, bool replacement, CallSite site) const {
  return tenon::multinomial(*this, num_samples, replacement, site);
}
Tensor Tensor::bernoulli(CallSite site) const { return tenon::bernoulli(*this, site); }
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

Tensor Tensor::at(const Shape& index, CallSite site) const {
  const Call call("at", site);
  check(index.rank() == dim(), "at: needs one index per dimension; {} were given for shape {}", index.rank(),
      shape());
  for (int d = 0; d < index.rank(); ++d) wrap_index("at", index[d], d, shape());
  Tensor part = *this;
  for (const std::int64_t i : index) part = tenon::select(part, 0, i);
  return part;
}

}  // namespace tenon
