// Random choices, made of other operations.
#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/random_fill.h>

namespace tenon {

namespace {

/// Uniform numbers in [0, 1) with p's dtype, on its stream.
Tensor uniform_beside(const Tensor& p, const Shape& shape, Generator& generator) {
  return autograd::fill_uniform(autograd::new_tensor(shape, p.dtype(), p.stream()), 0, 1, RandomDomain::user,
      generator, CallSite::current());
}

}  // namespace

Tensor multinomial(const Tensor& probabilities, std::int64_t num_samples, bool replacement, CallSite site) {
  const Call call("multinomial", site);
  return multinomial(probabilities, num_samples, replacement, default_generator());
}

Tensor multinomial(const Tensor& probabilities, std::int64_t num_samples, bool replacement,
    Generator& generator, CallSite site) {
  const Call call("multinomial", site);
  const NoGradGuard no_grad;
  autograd::check_floating("multinomial", probabilities);
  check(probabilities.dim() == 1 || probabilities.dim() == 2,
      "multinomial: needs a vector or a matrix of weights; the shape is {}", probabilities.shape());
  check(num_samples > 0, "multinomial: the number of samples must be positive; it is {}", num_samples);
  const std::int64_t n = probabilities.size(-1);
  check(n > 0, "multinomial: there are no categories; the shape is {}", probabilities.shape());
  Shape drawn = probabilities.shape();
  drawn[drawn.rank() - 1] = num_samples;
  checked_numel("multinomial", drawn);
  if (drawn.numel() == 0) return autograd::new_tensor(drawn, DType::int64, probabilities.stream());
  check(all((probabilities >= 0) && isfinite(probabilities)).item<bool>(),
      "multinomial: the weights must be finite and not negative");
  // In float64, and at most 1, so that sums are finite.
  const Tensor p = probabilities.to(DType::float64), weights = p / amax(p, {-1}, true);
  const auto fewest = amin(sum((weights > 0).to(DType::int64), {-1})).item<std::int64_t>();
  check(fewest > 0, "multinomial: the weights of a row are all 0");
  check(replacement || fewest >= num_samples,
      "multinomial: a row has {} categories of positive weight; {} cannot be drawn without replacement",
      fewest, num_samples);
  if (replacement) {
    const Tensor up_to = cumsum(weights, -1);
    return searchsorted(up_to, uniform_beside(p, drawn, generator) * narrow(up_to, -1, n - 1, 1), true);
  }
  // A race of exponential clocks: each category rings first with a probability in proportion to its weight.
  const Tensor time = -log1p(-uniform_beside(p, p.shape(), generator));
  return topk(where(weights > 0, weights / time, -1.0), num_samples, -1).indices;
}

Tensor bernoulli(const Tensor& p, CallSite site) {
  const Call call("bernoulli", site);
  return bernoulli(p, default_generator());
}

Tensor bernoulli(const Tensor& p, Generator& generator, CallSite site) {
  const Call call("bernoulli", site);
  const NoGradGuard no_grad;
  autograd::check_floating("bernoulli", p);
  check(all((p >= 0) && (p <= 1)).item<bool>(), "bernoulli: the probabilities must be in [0, 1]");
  return (uniform_beside(p, p.shape(), generator) < p).to(p.dtype());
}

}  // namespace tenon
