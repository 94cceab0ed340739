// Random in-place fills with an explicit purpose and generator; used by Tensor::normal_, Tensor::uniform_ and
// nn::init.
#pragma once
#include <tenon/core/random.h>
#include <tenon/core/tensor.h>

namespace tenon::autograd {

const Tensor& fill_normal(const Tensor& self, double mean, double deviation, RandomDomain domain,
    Generator& generator, CallSite site);
const Tensor& fill_uniform(
    const Tensor& self, double low, double high, RandomDomain domain, Generator& generator, CallSite site);

}  // namespace tenon::autograd
