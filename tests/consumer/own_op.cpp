// User-defined operations and their gradients, checked with tenon's own gradcheck.
#undef NDEBUG
#include <cassert>

#include <tenon/tenon.h>

namespace mine {

using namespace tenon;

/// x * sigmoid(beta * x); beta broadcasts to the shape of x
Tensor swish(const Tensor& x, const Tensor& beta, CallSite where = CallSite::current()) {
  using autograd::Broadcast, autograd::Input, autograd::with;
  Tensor out;
  {
    const NoGradGuard no_grad;  // the tape must record one operation, not these three
    out = x * sigmoid(beta * x);
  }
  return autograd::record("swish", where, out,
      Input(x, with(x, beta),
          [](const Tensor& g, const Tensor& at, const Tensor& b) {
            const Tensor s = sigmoid(b * at);
            return g * s * (1 + b * at * (1 - s));
          }),
      Broadcast(beta, with(x, beta), [](const Tensor& g, const Tensor& at, const Tensor& b) {
        const Tensor s = sigmoid(b * at);
        return g * at * at * s * (1 - s);
      }));
}

/// exp(x), whose gradient equals its result
Tensor exponential(const Tensor& x, CallSite where = CallSite::current()) {
  using autograd::Input, autograd::result, autograd::with;
  const Tensor out = exp(x.detach());
  return autograd::record(
      "exponential", where, out, Input(x, with(result(out)), [](const Tensor& g, const Tensor& y) { return g * y; }));
}

}  // namespace mine

int main() {
  using namespace tenon;
  const Options options{.dtype = DType::float64};
  const auto swish = [](const std::vector<Tensor>& in) { return mine::swish(in[0], in[1]); };
  const std::vector<Tensor> inputs{randn({3, 4}, options), randn({4}, options)};
  assert(autograd::gradcheck(swish, inputs));
  assert(autograd::gradgradcheck(swish, inputs));
  const auto exponential = [](const std::vector<Tensor>& in) { return mine::exponential(in[0]); };
  assert(autograd::gradcheck(exponential, {inputs[0]}));
  assert(autograd::gradgradcheck(exponential, {inputs[0]}));

  // Saved tensors are guarded: overwriting one is an error, not a wrong gradient.
  const Tensor x = ones({2}, {.requires_grad = true});
  const Tensor y = mine::swish(x, ones({1}));
  {
    const NoGradGuard no_grad;
    x.mul_(2);
  }
  bool refused = false;
  try {
    y.sum().backward();
  } catch (const Error&) {
    refused = true;
  }
  assert(refused && !x.grad().defined());
}
