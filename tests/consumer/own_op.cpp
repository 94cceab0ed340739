// An operation of the user's own: x * sigmoid(x), with its gradient, checked as tenon checks its own.
#undef NDEBUG
#include <cassert>

#include <tenon/autograd/record.h>
#include <tenon/tenon.h>

using namespace tenon;
using autograd::Input;
using autograd::Saved;

Tensor silu(const Tensor& x, Where where = Where::current()) {
  const Tensor value = x.detach() * sigmoid(x.detach());
  return autograd::record("silu", where, value, Input(x, [&] {
    return [x = Saved(x)](const Tensor& g) {
      const Tensor s = sigmoid(x());
      return g * s * (1 + x() * (1 - s));
    };
  }));
}

int main() {
  const auto call = [](const std::vector<Tensor>& in) { return silu(in[0]); };
  const std::vector<Tensor> inputs{randn({3, 4}, {.dtype = DType::float64})};
  assert(autograd::gradcheck(call, inputs));
  assert(autograd::gradgradcheck(call, inputs));
}
