// Creation of tensors of random numbers.
#include <limits>

#include <tenon/autograd/ops/create.h>
#include <tenon/kernels/random.h>

namespace tenon {

using autograd::create;
using autograd::with_requires_grad;

namespace {

kernels::RandomKey next_key(Generator& generator) {
  const Generator::Key key = generator.next(RandomDomain::user);
  return {key.seed, key.stream};
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
  kernels::random_uniform(out.stream(), out.dtype(), out.numel(), out.raw(), next_key(generator), 0, 1);
  return out;
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
  kernels::random_normal(out.stream(), out.dtype(), out.numel(), out.raw(), next_key(generator), 0, 1);
  return out;
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
  kernels::random_integers(out.stream(), out.dtype(), out.numel(), out.raw(), next_key(generator), low, high);
  return out;
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
  kernels::random_permutation(out.stream(), n, out.ptr<std::int64_t>(), next_key(generator));
  return out;
}

}  // namespace tenon
