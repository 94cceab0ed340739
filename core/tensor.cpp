#include <tenon/core/tensor.h>

#include <cmath>
#include <limits>
#include <new>

#include <tenon/core/call.h>
#include <tenon/core/cuda/backend.h>
#include <tenon/core/pool.h>

namespace tenon {

BackwardInputs::BackwardInputs(std::initializer_list<Tensor> inputs)
    : BackwardInputs(std::vector<Tensor>(inputs)) {}
BackwardInputs::BackwardInputs(std::vector<Tensor> inputs)
    : list(std::make_shared<const std::vector<Tensor>>(std::move(inputs))) {}

void TensorImpl::dispose() noexcept {
  this->~TensorImpl();
  pool::release(this, sizeof(TensorImpl));
}

namespace detail {

namespace {

Tensor row_major(
    Ref<Storage> storage, const Shape& shape, const Strides& strides, std::int64_t numel, DType dtype) {
  std::byte* data = storage->data();
  auto* impl =
      new (pool::allocate(sizeof(TensorImpl))) TensorImpl(std::move(storage), data, dtype, shape, strides);
  impl->numel = numel;
  return Tensor(Ref<TensorImpl>::adopt(impl));
}

}  // namespace

Tensor new_tensor(const Shape& shape, DType dtype, Stream stream) {
  Strides strides = shape;
  std::int64_t numel = 1;
  bool overflow = false;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    strides[i] = numel;
    overflow |= __builtin_mul_overflow(numel, shape[i], &numel);
  }
  if (overflow || numel > most_elements || numel == 0) [[unlikely]]
    numel = checked_numel("tensor", shape);
  return row_major(Storage::create(stream, static_cast<std::size_t>(numel) * size_of(dtype)), shape, strides,
      numel, dtype);
}

Tensor new_tensor_over(Ref<Storage> storage, const Shape& shape, DType dtype) {
  return row_major(std::move(storage), shape, contiguous_strides(shape), shape.numel(), dtype);
}

namespace {

/// Computes the members that follow from shape and strides.
Tensor finish(TensorImpl* impl) {
  std::int64_t numel = 1;
  bool contiguous = true, overflow = false;
  for (int i = impl->shape.rank() - 1; i >= 0; --i) {
    contiguous &= impl->shape[i] == 1 || impl->strides[i] == numel;
    overflow |= __builtin_mul_overflow(numel, impl->shape[i], &numel);
  }
  Tensor tensor(Ref<TensorImpl>::adopt(impl));
  if (overflow || numel > most_elements || numel == 0) [[unlikely]]
    numel = checked_numel("tensor", impl->shape);
  impl->numel = numel;
  impl->contiguous = contiguous || numel == 0;
  return tensor;
}

}  // namespace

Tensor new_strided(
    const Shape& shape, const Strides& strides, std::int64_t elements, DType dtype, Stream stream) {
  Ref<Storage> storage = Storage::create(stream, static_cast<std::size_t>(elements) * size_of(dtype));
  std::byte* data = storage->data();
  return finish(
      new (pool::allocate(sizeof(TensorImpl))) TensorImpl(std::move(storage), data, dtype, shape, strides));
}

Tensor copy_to(const Tensor& contiguous, Stream stream) {
  Tensor out = new_tensor(contiguous.shape(), contiguous.dtype(), stream);
  if constexpr (cuda::built_with_cuda) {
    const Stream from = contiguous.stream();
    const std::size_t bytes = static_cast<std::size_t>(out.numel()) * size_of(out.dtype());
    if (stream.device().is_cpu()) cuda::download(from, out.raw(), contiguous.raw(), bytes);
    else if (from.device().is_cpu()) cuda::upload(stream, out.raw(), contiguous.raw(), bytes);
    else cuda::transfer(stream, out.raw(), from, contiguous.raw(), bytes);
  }
  return out;
}

Tensor new_view(const Tensor& base, const Shape& shape, const Strides& strides, std::int64_t offset) {
  const TensorImpl& from = base.impl();
  std::byte* data = from.data + offset * static_cast<std::int64_t>(size_of(from.dtype));
  return finish(
      new (pool::allocate(sizeof(TensorImpl))) TensorImpl(from.storage, data, from.dtype, shape, strides));
}

}  // namespace detail

void Tensor::fail_undefined() { fail("tensor: a tensor is undefined; assign one to it before it is used"); }

std::int64_t Tensor::size(std::int64_t dim, CallSite site) const {
  const Call call("size", site);
  return shape()[wrap_dim("size", dim, shape().rank())];
}

Tensor Tensor::detach() const {
  Tensor out = detail::new_view(*this, shape(), strides(), 0);
  out.impl().family = out.impl().storage->new_family();
  return out;
}

void Tensor::check_span(const char* op, DType wanted, CallSite site) const {
  const Call call(op, site);
  check(dtype() == wanted, "{}: the tensor holds {}, not {}", op, dtype(), wanted);
  check(device().is_cpu(), "{}: the tensor is on {}; call to(Device::cpu())", op, device());
  check(is_contiguous(), "{}: the view of shape {} is not contiguous; call contiguous()", op, shape());
}

namespace {

template <class T>
T only_element(const Tensor& tensor, CallSite site) {
  const Call call("item", site);
  check(tensor.numel() == 1, "item: needs one element; the shape is {}", tensor.shape());
  return visit_any(tensor.dtype(), [&]<class From>(std::type_identity<From>) -> T {
    From value;
    if (tensor.device().is_cpu()) value = *tensor.ptr<From>();
    else if constexpr (cuda::built_with_cuda)
      cuda::download(tensor.stream(), &value, tensor.raw(), sizeof value);
    if constexpr (std::is_same_v<T, std::int64_t> && is_floating_point(dtype_of<From>))
      check(value >= From{-0x1p63} && value < From{0x1p63} && value == std::trunc(value),
          "item: {} is not an int64", value);
    if constexpr (std::is_same_v<T, bool> && !std::is_same_v<From, bool>)
      check(value == From{0} || value == From{1}, "item: {} is not a boolean", value);
    if constexpr (std::is_same_v<T, float> && std::is_same_v<From, double>)
      check(!(std::abs(value) > static_cast<double>(std::numeric_limits<float>::max())) || std::isinf(value),
          "item: {} does not fit a float32", value);
    if constexpr (is_floating_point(dtype_of<T>) && std::is_same_v<From, std::int64_t>)
      check(value >= -(std::int64_t{1} << std::numeric_limits<T>::digits) &&
                value <= std::int64_t{1} << std::numeric_limits<T>::digits,
          "item: {} does not fit a {} exactly", value, dtype_of<T>);
    return static_cast<T>(value);
  });
}

}  // namespace

double Tensor::item_double(CallSite site) const { return only_element<double>(*this, site); }
float Tensor::item_float(CallSite site) const { return only_element<float>(*this, site); }
std::int64_t Tensor::item_integer(std::int64_t least, std::int64_t most, CallSite site) const {
  const Call call("item", site);
  const auto value = only_element<std::int64_t>(*this, site);
  check(least <= value && value <= most, "item: {} is outside the range of the integer type, {} to {}", value,
      least, most);
  return value;
}
bool Tensor::item_bool(CallSite site) const { return only_element<bool>(*this, site); }

}  // namespace tenon
