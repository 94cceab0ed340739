// Checks gradients against finite differences, for anyone who writes an operation.
#pragma once
#include <functional>
#include <vector>

#include <tenon/core/tensor.h>

namespace tenon::autograd {

using Function = std::function<Tensor(const std::vector<Tensor>&)>;

struct GradcheckOptions {
  double eps = 1e-6;   // half the step of a central difference
  double atol = 1e-5;  // |analytic - numeric| <= atol + rtol |numeric|
  double rtol = 1e-3;
};

/// Compares backward() of `function` at `inputs` (all float64, all checked) with central differences,
/// weighting the output with random numbers so that errors cannot cancel. Works on copies of the inputs.
/// Returns true, or throws an Error with the input, the index and both values.
TENON_API bool gradcheck(
    const Function& function, const std::vector<Tensor>& inputs, const GradcheckOptions& options = {});

/// The same for the gradient of `function`: checks the inputs and a random upstream gradient.
TENON_API bool gradgradcheck(
    const Function& function, const std::vector<Tensor>& inputs, const GradcheckOptions& options = {});

}  // namespace tenon::autograd
