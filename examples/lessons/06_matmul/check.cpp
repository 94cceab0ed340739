// Checks the three pullbacks of a layer with gradcheck, on matrices that are not square.
#include <cstdio>
#include <string>

#include <tenon/autograd/gradcheck.h>
#include <tenon/autograd/ops.h>

using namespace tenon;

Tensor my_linear(const Tensor& x, const Tensor& weight, const Tensor& bias);

namespace {

bool right(const char* name, const autograd::Function& f, const Tensor& input, const char* hint) {
  try {
    return autograd::gradcheck(f, {input});
  } catch (const Error& error) {
    std::printf("failed: the gradient of %s: %s\n%s\n", name, error.what(), hint);
    return false;
  }
}

}  // namespace

int main() {
  const Options float64{.dtype = DType::float64};
  manual_seed(0);
  const Tensor x = randn({4, 3}, float64), weight = randn({2, 3}, float64), bias = randn({2}, float64);
  using In = std::vector<Tensor>;
  if (!right(
          "x", [&](const In& in) { return my_linear(in[0], weight, bias); }, x,
          "x is the first factor of x b with b = weight^T; its gradient is g b^T.") ||
      !right(
          "weight", [&](const In& in) { return my_linear(x, in[0], bias); }, weight,
          "b = weight^T is the second factor of x b; its gradient is x^T g. Weight gets the transpose of "
          "that.") ||
      !right(
          "bias", [&](const In& in) { return my_linear(x, weight, in[0]); }, bias,
          "The bias was added to each of the n rows."))
    return 1;
  std::puts("passed");
}
