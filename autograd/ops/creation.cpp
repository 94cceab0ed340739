// Creation of tensors.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include <tenon/autograd/ops/create.h>
#include <tenon/kernels/fill.h>

namespace tenon {

using autograd::create;
using autograd::new_tensor;
using autograd::with_requires_grad;

namespace {

void fill(const Tensor& out, double value) {
  kernels::copy(out.stream(), out.dtype(), out.dtype(), out.shape(), out.raw(), value);
}

Tensor filled(const char* op, const Shape& shape, double value, const Options& options) {
  Tensor out = create(op, shape, options);
  if (value != 0 || !std::isfinite(value)) autograd::check_scalar(op, out, value);
  fill(out, value);
  return with_requires_grad(std::move(out), options);
}

}  // namespace

Tensor empty(const Shape& shape, const Options& options, CallSite site) {
  const Call call("empty", site);
  return with_requires_grad(create("empty", shape, options), options);
}
Tensor zeros(const Shape& shape, const Options& options, CallSite site) {
  const Call call("zeros", site);
  return filled("zeros", shape, 0, options);
}

Tensor ones(const Shape& shape, const Options& options, CallSite site) {
  const Call call("ones", site);
  Tensor out = create("ones", shape, options);
  fill(out, 1);
  return with_requires_grad(std::move(out), options);
}

Tensor full(const Shape& shape, double value, const Options& options, CallSite site) {
  const Call call("full", site);
  if (options.dtype == DType::boolean) check(value == 0 || value == 1, "full: {} is not a boolean", value);
  if (options.dtype != DType::boolean) return filled("full", shape, value, options);
  return value == 0 ? zeros(shape, options) : ones(shape, options);
}

Tensor empty_like(const Tensor& tensor, CallSite site) {
  const Call call("empty_like", site);
  return new_tensor(tensor.shape(), tensor.dtype(), tensor.stream());
}

Tensor zeros_like(const Tensor& tensor, CallSite site) {
  const Call call("zeros_like", site);
  Tensor out = new_tensor(tensor.shape(), tensor.dtype(), tensor.stream());
  fill(out, 0);
  return out;
}

Tensor ones_like(const Tensor& tensor, CallSite site) {
  const Call call("ones_like", site);
  Tensor out = new_tensor(tensor.shape(), tensor.dtype(), tensor.stream());
  fill(out, 1);
  return out;
}

Tensor full_like(const Tensor& tensor, double value, CallSite site) {
  const Call call("full_like", site);
  return new_tensor(tensor.shape(), tensor.dtype(), tensor.stream()).fill_(value);
}

namespace {

/// The number of int64 elements start + i * step before end.
std::int64_t whole_count(double start, double end, double step) {
  check(start == std::trunc(start) && step == std::trunc(step) && std::abs(start) < 0x1p53 &&
            std::abs(end) < 0x1p53,
      "arange: int64 needs a whole start and step, and bounds below 2^53; they are {}, {} and {}", start,
      step, end);
  const double last = step > 0 ? std::ceil(end) : std::floor(end);
  if (step > 0 ? last <= start : last >= start) return 0;
  const auto distance = static_cast<std::int64_t>(last) - static_cast<std::int64_t>(start);
  if (std::abs(step) >= 0x1p54) return 1;  // greater than the distance of any two bounds
  const auto by = static_cast<std::int64_t>(step);
  return distance / by + (distance % by != 0);
}

/// The same for a floating-point type.
template <class T>
std::int64_t floating_count(double start, double end, double step) {
  // Most bounds and steps are rounded decimal numbers, off by up to half a unit in the last place.
  const double slack = std::min((std::abs(start) + std::abs(end)) / std::abs(step) * 0x1p-51, 0.25);
  const double count = std::ceil((end - start) / step - slack);
  if (!(count > 0)) return 0;
  check(count < 0x1p53, "arange: {} elements are too many", count);
  const double far = std::max(std::abs(start), std::abs(end));
  const T beside = static_cast<T>(far);
  const T next = std::nextafter(beside, static_cast<double>(beside) < far ? T(INFINITY) : T(0));
  check(std::abs(static_cast<double>(next) - static_cast<double>(beside)) <= std::abs(step),
      "arange: {} numbers near {} are further apart than the step {}; choose a larger step or a wider dtype",
      dtype_of<T>, far, step);
  const T last = static_cast<T>(std::fma(step, count - 1, start)), limit = static_cast<T>(end);
  return static_cast<std::int64_t>(count) - (step > 0 ? last >= limit : last <= limit);
}

}  // namespace

Tensor arange(double start, double end, double step, const Options& options, CallSite site) {
  const Call call("arange", site);
  check(std::isfinite(start) && std::isfinite(end) && std::isfinite(step) && step != 0,
      "arange: needs finite bounds and a step that is not 0; they are {}, {} and {}", start, end, step);
  const std::int64_t n = visit_number("arange", options.dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (is_floating_point(dtype_of<T>)) return floating_count<T>(start, end, step);
    else return whole_count(start, end, step);
  });
  Tensor out = create("arange", {n}, options);
  kernels::arange(out.stream(), out.dtype(), n, out.raw(), start, step);
  return with_requires_grad(std::move(out), options);
}

Tensor arange(double start, double end, const Options& options, CallSite site) {
  return arange(start, end, 1, options, site);
}

Tensor arange(double end, const Options& options, CallSite site) {
  const Call call("arange", site);
  return arange(0, end, 1, options);
}

Tensor linspace(double start, double end, std::int64_t steps, const Options& options, CallSite site) {
  const Call call("linspace", site);
  check(std::isfinite(end - start), "linspace: the range must be finite; it is from {} to {}", start, end);
  Tensor out = create("linspace", {steps}, options);
  kernels::linspace(out.stream(), out.dtype(), steps, out.raw(), start, end);
  return with_requires_grad(std::move(out), options);
}

Tensor eye(std::int64_t n, const Options& options, CallSite site) {
  const Call call("eye", site);
  return eye(n, n, options);
}

Tensor eye(std::int64_t n, std::int64_t m, const Options& options, CallSite site) {
  const Call call("eye", site);
  Tensor out = create("eye", {n, m}, options);
  fill(out, 0);
  if (out.numel() > 0) {
    const Shape diagonal{n < m ? n : m};
    const Strides stride{m + 1};
    kernels::copy(out.stream(), out.dtype(), out.dtype(), diagonal, {out.raw(), stride}, 1.0);
  }
  return with_requires_grad(std::move(out), options);
}

Shape TensorData::shape() const {
  Shape shape;
  const TensorData* level = this;
  while (level->list_) {
    shape.push_back(static_cast<std::int64_t>(level->items_.size()));
    if (level->items_.empty()) break;
    level = &level->items_.front();
  }
  return shape;
}

void TensorData::write(Tensor& out, std::int64_t& at) const {
  if (list_) {
    for (const TensorData& item : items_) {
      check(item.shape() == items_.front().shape(), "tensor: the nested lists differ in length; {} and {}",
          items_.front().shape(), item.shape());
      item.write(out, at);
    }
    return;
  }
  visit_any(out.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto store = [&](auto number) {
      using From = decltype(number);
      if constexpr (std::is_same_v<T, std::int64_t> && std::is_floating_point_v<From>)
        check(number == std::trunc(number) && number >= -0x1p63L && number < 0x1p63L,
            "tensor: {} is not an int64", number);
      else if constexpr (std::is_same_v<T, std::int64_t>)
        check(std::in_range<T>(number), "tensor: {} is not an int64", number);
      if constexpr (std::is_same_v<T, bool>)
        check(number == 0 || number == 1, "tensor: {} is not a boolean", number);
      out.ptr<T>()[at++] = static_cast<T>(number);
    };
    switch (kind_) {
      case Kind::real: return store(real_);
      case Kind::int64: return store(static_cast<std::int64_t>(integer_));
      case Kind::uint64: return store(integer_);
    }
  });
}

Tensor tensor(const TensorData& data, const Options& options, CallSite site) {
  const Call call("tensor", site);
  Options host = options;
  host.device = Device::cpu();
  Tensor out = create("tensor", data.shape(), host);
  std::int64_t at = 0;
  data.write(out, at);
  return with_requires_grad(out.to(options.device), options);
}

template <Element T>
Tensor detail::tensor_from(
    std::span<const T> values, const Shape& shape, const Options& options, CallSite site) {
  const Call call("tensor", site);
  const std::int64_t numel = checked_numel("tensor", shape);
  check(static_cast<std::size_t>(numel) == values.size(), "tensor: {} values for shape {}", values.size(),
      shape);
  Tensor out = create("tensor", shape, {.dtype = dtype_of<T>});
  if (numel != 0) std::memcpy(out.raw(), values.data(), values.size_bytes());
  return with_requires_grad(out.to(options.dtype).to(options.device), options);
}
template TENON_API Tensor detail::tensor_from(std::span<const float>, const Shape&, const Options&, CallSite);
template TENON_API Tensor detail::tensor_from(
    std::span<const double>, const Shape&, const Options&, CallSite);
template TENON_API Tensor detail::tensor_from(
    std::span<const std::int64_t>, const Shape&, const Options&, CallSite);
template TENON_API Tensor detail::tensor_from(std::span<const bool>, const Shape&, const Options&, CallSite);

Tensor from_blob(void* data, const Shape& shape, const Options& options, std::function<void(void*)> deleter,
    CallSite site) {
  const Call call("from_blob", site);
  const std::int64_t numel = checked_numel("from_blob", shape);
  check(options.device.is_cpu(), "from_blob: needs CPU memory; the device is {}", options.device);
  check(data != nullptr || numel == 0, "from_blob: the pointer is null; the shape is {}", shape);
  check(reinterpret_cast<std::uintptr_t>(data) % size_of(options.dtype) == 0,
      "from_blob: the pointer is not aligned for {}", options.dtype);
  check(!options.requires_grad || is_floating_point(options.dtype),
      "from_blob: only floating-point tensors have gradients; the dtype is {}", options.dtype);
  const Ref<Storage> storage =
      Storage::borrow(data, static_cast<std::size_t>(numel) * size_of(options.dtype));
  Tensor out = with_requires_grad(detail::new_tensor_over(storage, shape, options.dtype), options);
  storage->set_deleter(std::move(deleter));  // last: if the call fails, the caller keeps the memory
  return out;
}

}  // namespace tenon
