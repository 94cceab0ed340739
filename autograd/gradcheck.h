// Gradients checked against finite differences, for everyone who writes an operation.
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

/// Compares backward() of `function` at `inputs` (float64, all of them checked) with central differences,
/// weighting the output with random numbers so that no error can cancel. Works on copies of the inputs.
/// Returns true, or throws an Error that names the input, the index, and both values.
TENON_API bool gradcheck(
    const Function& function, const std::vector<Tensor>& inputs, const GradcheckOptions& options = {});

/// The same for the gradient of `function`: inputs and a random upstream gradient are checked.
TENON_API bool gradgradcheck(
    const Function& function, const std::vector<Tensor>& inputs, const GradcheckOptions& options = {});

}  // namespace tenon::autograd
