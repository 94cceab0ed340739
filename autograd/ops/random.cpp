// Creation of tensors of random numbers.
#include <limits>

#include <tenon/autograd/ops/create.h>
#include <tenon/autograd/ops/random_key.h>

namespace tenon {

using autograd::create;
using autograd::with_requires_grad;

namespace {

/// out, filled by `kernel` with the numbers of one random call.
template <class Kernel, class... Args>
Tensor filled(Tensor out, Generator& generator, Kernel kernel, Args... args) {
  autograd::with_random_key(out.stream(), generator, RandomDomain::user,
      [=, stream = out.stream(), dtype = out.dtype(), n = out.numel(), to = out.raw()](
          kernels::RandomKey key) { kernel(stream, dtype, n, to, key, args...); });
  return out;
}

}  // namespace

Tensor rand(const Shape& shape, const Options& options, CallSite site) {
  const Call call("rand", site);
  return rand(shape, default_generator(), options);
}

Tensor rand(const Shape& shape, Generator& generator, const Options& options, CallSite site) {
  const Call call("rand", site);
  check(
      is_floating_point(options.dtype), "rand: needs floating-point numbers; the dtype is {}", options.dtype);
  Tensor out = with_requires_grad(create("rand", shape, options), options);
  return filled(std::move(out), generator, kernels::random_uniform, 0., 1.);
}

Tensor randn(const Shape& shape, const Options& options, CallSite site) {
  const Call call("randn", site);
  return randn(shape, default_generator(), options);
}

Tensor randn(const Shape& shape, Generator& generator, const Options& options, CallSite site) {
  const Call call("randn", site);
  check(is_floating_point(options.dtype), "randn: needs floating-point numbers; the dtype is {}",
      options.dtype);
  Tensor out = with_requires_grad(create("randn", shape, options), options);
  return filled(std::move(out), generator, kernels::random_normal, 0., 1.);
}

Tensor rand_like(const Tensor& tensor, CallSite site) {
  const Call call("rand_like", site);
  autograd::check_floating("rand_like", tensor);
  return filled(autograd::new_tensor(tensor.shape(), tensor.dtype(), tensor.stream()), default_generator(),
      kernels::random_uniform, 0., 1.);
}

Tensor randn_like(const Tensor& tensor, CallSite site) {
  const Call call("randn_like", site);
  autograd::check_floating("randn_like", tensor);
  return filled(autograd::new_tensor(tensor.shape(), tensor.dtype(), tensor.stream()), default_generator(),
      kernels::random_normal, 0., 1.);
}

Tensor randint(std::int64_t high, const Shape& shape, const Options& options, CallSite site) {
  return randint(0, high, shape, options, site);
}

Tensor randint(
    std::int64_t low, std::int64_t high, const Shape& shape, const Options& options, CallSite site) {
  const Call call("randint", site);
  return randint(low, high, shape, default_generator(), options);
}

Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, Generator& generator,
    const Options& options, CallSite site) {
  const Call call("randint", site);
  check(low < high, "randint: the range [{}, {}) is empty", low, high);
  visit_number("randint", options.dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (is_floating_point(dtype_of<T>)) {
      const std::int64_t most = std::int64_t{1} << std::numeric_limits<T>::digits;
      check(low >= -most && high - 1 <= most,
          "randint: {} is exact only up to {}; the range is [{}, {}); draw int64 or float64", options.dtype,
          most, low, high);
    }
  });
  Tensor out = with_requires_grad(create("randint", shape, options), options);
  return filled(std::move(out), generator, kernels::random_integers, low, high);
}

Tensor randperm(std::int64_t n, const Options& options, CallSite site) {
  const Call call("randperm", site);
  return randperm(n, default_generator(), options);
}

Tensor randperm(std::int64_t n, Generator& generator, const Options& options, CallSite site) {
  const Call call("randperm", site);
  check(options.dtype == DType::int64, "randperm: the result is int64; the requested dtype is {}",
      options.dtype);
  Tensor out = create("randperm", {n}, options);
  autograd::with_random_key(out.stream(), generator, RandomDomain::user,
      [n, stream = out.stream(), to = out.ptr<std::int64_t>()](
          kernels::RandomKey key) { kernels::random_permutation(stream, n, to, key); });
  return out;
}

}  // namespace tenon
