// Random in-place fills with the purpose and the generator spelled out; Tensor::normal_ and nn::init rest on
// them.
#pragma once
#include <tenon/core/random.h>
#include <tenon/core/tensor.h>

namespace tenon::autograd {

const Tensor& fill_normal(const Tensor& self, double mean, double deviation, RandomDomain domain,
    Generator& generator, CallSite site);
const Tensor& fill_uniform(
    const Tensor& self, double low, double high, RandomDomain domain, Generator& generator, CallSite site);

}  // namespace tenon::autograd
