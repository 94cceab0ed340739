// Checks an operation on a CUDA device: its values, its gradient, then the gradient of that.
#include <cstdio>

#include <tenon/autograd/gradcheck.h>
#include <tenon/autograd/ops.h>

using namespace tenon;

Tensor cube(const Tensor& x);

int main() {
  manual_seed(0);
  const Options float64{.dtype = DType::float64};
  const auto on_the_device = [](const std::vector<Tensor>& in) {
    return cube(in[0].to(Device::cuda())).to(Device::cpu());
  };
  const char* hint = "The gradient of cube(x).sum() would be right. What is different in gradcheck?";
  try {
    const Tensor x = randn({1000}, float64);
    if (!equal(on_the_device({x}), x * x * x)) {
      std::puts("failed: the values are not those of x * x * x");
      return 1;
    }
    autograd::gradcheck(on_the_device, {randn({3, 2}, float64)});
    const Tensor leaf = x.detach().set_requires_grad();
    on_the_device({leaf}).sum().backward();
    if (!allclose(leaf.grad(), 3 * x * x)) {
      std::puts("failed: with 1000 elements, the gradient of cube(x).sum() is not 3 x^2");
      return 1;
    }
    hint = "The result of slope_times is 3 g x^2. What are its slopes in g and in x?";
    autograd::gradgradcheck(on_the_device, {randn({3, 2}, float64)});
  } catch (const std::exception& error) {
    std::printf("failed: %s\n", error.what());
    std::puts(hint);
    return 1;
  }
  std::puts("passed");
}
