// The gradients of a matrix product and of the mean squared error: formulas, tenon, and gradcheck.
#include <cstdio>
#include <iostream>

#include <tenon/autograd/gradcheck.h>
#include <tenon/autograd/ops.h>
#include <tenon/autograd/tape/record.h>

using namespace tenon;

namespace {

// The first pullback is right. The second has the right shape for square matrices, but lacks a transpose.
Tensor wrong_matmul(const Tensor& a, const Tensor& b) {
  using autograd::Input, autograd::with;
  Tensor y;
  {
    const NoGradGuard no_grad;  // switches recording off (lesson 7): y is recorded below, as one operation
    y = matmul(a, b);
  }
  return autograd::record("wrong_matmul", CallSite::current(), y,
      Input(a, with(b), [](const Tensor& g, const Tensor& right) { return matmul(g, right.t()); }),
      Input(b, with(a), [](const Tensor& g, const Tensor& left) { return matmul(left, g); }));
}

void check(const char* name, const autograd::Function& f, const std::vector<Tensor>& inputs) {
  try {
    autograd::gradcheck(f, inputs);
    std::printf("%s: the gradients agree with the differences\n", name);
  } catch (const Error& error) { std::printf("%s: %s\n", name, error.what()); }
}

}  // namespace

int main() {
  const Options options{.dtype = DType::float64, .requires_grad = true};  // gradcheck needs float64
  const Tensor x = tensor({{1, 2}, {3, 4}}, options), w = tensor({{1, 0}, {2, -1}}, options);
  const Tensor target = tensor({{4, -2}, {11, -2}}, {.dtype = DType::float64});

  const Tensor y = matmul(x, w);
  const Tensor loss = mse_loss(y, target);
  y.retain_grad();  // keep the gradient of y too, which is not a leaf
  loss.backward();
  std::cout << "y = x w =\n" << y.detach() << "\nloss = " << loss.item() << "\n\n";

  const NoGradGuard no_grad;
  const Tensor g = 2 * (y - target) / 4;
  std::cout << "g = 2 (y - target) / 4 =\n"
            << g << "\ng w^T =\n"
            << matmul(g, w.t()) << "\nx^T g =\n"
            << matmul(x.t(), g);
  std::cout << "\n\nthe gradients that backward() gave y, x and w are the same: " << std::boolalpha
            << (equal(y.grad(), g) && equal(x.grad(), matmul(g, w.t())) && equal(w.grad(), matmul(x.t(), g)))
            << "\n\n";

  check("matmul", [&](const std::vector<Tensor>& in) { return mse_loss(matmul(in[0], in[1]), target); },
      {x, w});
  check("wrong_matmul",
      [&](const std::vector<Tensor>& in) { return mse_loss(wrong_matmul(in[0], in[1]), target); }, {x, w});
}
