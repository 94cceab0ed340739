#include <tenon/autograd/gradcheck.h>

#include <cmath>

#include <tenon/autograd/grad.h>
#include <tenon/autograd/ops.h>

namespace tenon::autograd {

namespace {

/// Uses a separate generator, so that a check does not affect other random numbers.
Tensor random_like(const Tensor& tensor, std::uint64_t seed) {
  Generator generator(seed);
  return randn(tensor.shape(), generator, {.dtype = tensor.dtype(), .device = tensor.device()});
}

std::vector<Tensor> leaves(const char* op, const std::vector<Tensor>& inputs) {
  check(!inputs.empty(), "{}: needs at least one input", op);
  std::vector<Tensor> copies;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check(inputs[i].dtype() == DType::float64, "{}: finite differences need float64; input {} is {}", op, i,
        inputs[i].dtype());
    copies.push_back(inputs[i].detach().clone());
    copies.back().set_requires_grad();
  }
  return copies;
}

/// `flat` as one index per dimension: `(0, 2)`.
std::string position(const Shape& shape, std::int64_t flat) {
  std::string text = ")";
  for (int d = shape.rank() - 1; d >= 0; --d) {
    text = (d > 0 ? ", " : "") + std::to_string(flat % shape[d]) + text;
    flat /= shape[d];
  }
  return "(" + text;
}

bool compare(const char* op, const Function& function, const std::vector<Tensor>& inputs,
    const GradcheckOptions& options) {
  std::vector<Tensor> at = leaves(op, inputs);
  const auto weighted = [&](const Tensor& output) {
    return (output * random_like(output, 0x9e3779b9)).sum();
  };
  const EnableGradGuard enable;
  const Tensor output = function(at);
  check(output.dtype() == DType::float64, "{}: the function must return float64; it returned {}", op,
      output.dtype());
  // A result that is not on the tape is taken to be constant, which the numeric gradient confirms or refutes.
  const std::vector<Tensor> analytic = output.requires_grad()
                                           ? grad(weighted(output), at, {.allow_unused = true})
                                           : std::vector<Tensor>(at.size());

  const NoGradGuard no_grad;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const Tensor dense = (analytic[i].defined() ? analytic[i] : zeros_like(at[i])).contiguous();
    for (std::int64_t k = 0; k < at[i].numel(); ++k) {
      const double value = at[i].data<double>()[static_cast<std::size_t>(k)];
      const auto moved = [&](double to) {
        at[i].mutable_data<double>()[static_cast<std::size_t>(k)] = to;
        return weighted(function(at)).item<double>();
      };
      const double numeric = (moved(value + options.eps) - moved(value - options.eps)) / (2 * options.eps);
      at[i].mutable_data<double>()[static_cast<std::size_t>(k)] = value;
      const double found = dense.data<double>()[static_cast<std::size_t>(k)];
      if (!(std::abs(found - numeric) <= options.atol + options.rtol * std::abs(numeric)))
        fail("{}: input {} {} at {}: analytic {}, numeric {}", op, i, at[i].shape(),
            position(at[i].shape(), k), found, numeric);
    }
  }
  return true;
}

}  // namespace

bool gradcheck(const Function& function, const std::vector<Tensor>& inputs, const GradcheckOptions& options) {
  return compare("gradcheck", function, inputs, options);
}

bool gradgradcheck(
    const Function& function, const std::vector<Tensor>& inputs, const GradcheckOptions& options) {
  check(!inputs.empty(), "gradgradcheck: needs at least one input");
  std::vector<Tensor> all = inputs;
  Tensor output;
  {
    const NoGradGuard no_grad;
    output = function(inputs);
  }
  all.push_back(random_like(output, 0x7f4a7c15));
  const std::size_t count = inputs.size();
  const Function gradient = [&](const std::vector<Tensor>& at) {
    const EnableGradGuard enable;
    const std::vector<Tensor> points(at.begin(), at.end() - 1);
    const std::vector<Tensor> gradients = grad(
        function(points), points, {.grad_outputs = {at.back()}, .create_graph = true, .allow_unused = true});
    Tensor total = zeros({}, {.dtype = DType::float64});
    for (std::size_t i = 0; i < count; ++i)
      if (gradients[i].defined()) total = total + (gradients[i] * random_like(gradients[i], i + 1)).sum();
    return total;
  };
  return compare("gradgradcheck", gradient, all, options);
}

}  // namespace tenon::autograd
