// y = max(x, 0)^2 as an operation of one's own, with kernels of one's own.
#include <cstdio>

#include <tenon/autograd/gradcheck.h>
#include <tenon/autograd/ops.h>
#include <tenon/autograd/tape/mode.h>
#include <tenon/autograd/tape/record.h>

#include "own_op.h"

using namespace tenon;

template <class T>
__global__ void forward(const T* x, T* y, std::int64_t n) {
  for (std::int64_t i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    y[i] = x[i] > 0 ? x[i] * x[i] : 0;
}

// From g, the gradient of y, that of x: each element times the slope, 2 x or 0.
template <class T>
__global__ void backward(const T* g, const T* x, T* result, std::int64_t n) {
  for (std::int64_t i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    result[i] = x[i] > 0 ? 2 * x[i] * g[i] : 0;
}

// The second kernel as an operation, so that the gradient has a gradient.
Tensor slope_times(const Tensor& g, const Tensor& x, CallSite site = CallSite::current()) {
  using autograd::Input, autograd::with;
  Tensor result;
  {
    const NoGradGuard no_grad;  // contiguous() must not be recorded
    const Tensor in = x.contiguous(), gradient = g.contiguous();
    result = empty_like(in);
    visit_floating("slope_times", x.dtype(), [&]<class T>(std::type_identity<T>) {
      launch(x.stream(), x.numel(), backward<T>, gradient.ptr<T>(), in.ptr<T>(), result.ptr<T>(), x.numel());
    });
  }
  return autograd::record("slope_times", site, result,
      Input(g, with(x), [](const Tensor& h, const Tensor& at) { return slope_times(h, at); }),
      Input(x, with(g, x), [](const Tensor& h, const Tensor& by, const Tensor& at) {
        return 2 * h * by * (at > 0).to(at.dtype());
      }));
}

Tensor square_relu(const Tensor& x, CallSite site = CallSite::current()) {
  using autograd::Input, autograd::with;
  if (x.device().is_cpu()) return relu(x).square();  // tenon's operations
  Tensor y;
  {
    const NoGradGuard no_grad;
    const Tensor in = x.contiguous();
    y = empty_like(in);
    visit_floating("square_relu", x.dtype(), [&]<class T>(std::type_identity<T>) {
      launch(x.stream(), x.numel(), forward<T>, in.ptr<T>(), y.ptr<T>(), x.numel());
    });
  }
  return autograd::record("square_relu", site, y,
      Input(x, with(x), [](const Tensor& g, const Tensor& at) { return slope_times(g, at); }));
}

namespace {

void print(const char* name, const Tensor& x) {
  std::printf("%-8s", name);
  for (const double element : x.to(Device::cpu()).to(DType::float64).data<double>())
    std::printf(" %4g", element);
  std::printf("\n");
}

}  // namespace

int main() {
  const Tensor x = tensor({-1, 2, 3}, {.device = Device::cuda(), .requires_grad = true});
  const Tensor y = square_relu(x);
  y.sum().backward();
  print("x", x);
  print("y", y);
  print("x.grad", x.grad());

  manual_seed(0);
  const Tensor many = randn({40, 50}, {.device = Device::cuda()});
  std::printf(
      "\n2000 elements: %s\n", equal(square_relu(many).to(Device::cpu()), square_relu(many.to(Device::cpu())))
                                   ? "the same bits as on the CPU"
                                   : "not as on the CPU");
  // The checks move elements of tensors on the CPU, so the function moves its input to the device.
  const auto f = [](const std::vector<Tensor>& in) {
    return square_relu(in[0].to(Device::cuda())).to(Device::cpu());
  };
  const Tensor input = randn({3, 4}, {.dtype = DType::float64});
  std::printf("gradcheck: %s\n", autograd::gradcheck(f, {input}) ? "passed" : "failed");
  std::printf("gradgradcheck: %s\n", autograd::gradgradcheck(f, {input}) ? "passed" : "failed");
}
