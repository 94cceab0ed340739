// Random choices. They have no gradient, check the probabilities, for which they wait for the device, and use
// the process-wide generator if none is passed.
#pragma once
#include <tenon/core/random.h>
#include <tenon/core/tensor.h>

namespace tenon {

/// int64, [num_samples] or [m, num_samples]: categories drawn from weights [n] or [m, n] of floating point,
/// which need not add up to 1. Without replacement a category is drawn at most once, in the order of the
/// draws.
TENON_API Tensor multinomial(const Tensor& probabilities, std::int64_t num_samples, bool replacement = false,
    CallSite site = CallSite::current());
TENON_API Tensor multinomial(const Tensor& probabilities, std::int64_t num_samples, bool replacement,
    Generator& generator, CallSite site = CallSite::current());
/// 1 with the probability that an element of p gives, else 0, in the shape and the dtype of p.
TENON_API Tensor bernoulli(const Tensor& p, CallSite site = CallSite::current());
TENON_API Tensor bernoulli(const Tensor& p, Generator& generator, CallSite site = CallSite::current());

}  // namespace tenon
