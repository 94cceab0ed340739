// Views of twelve numbers, and the gradients of views.
#include <cstdio>
#include <iostream>

#include <tenon/autograd/ops.h>
#include <tenon/autograd/tape/mode.h>

using namespace tenon;

namespace {

void print(const char* name, const Tensor& a, const Tensor& x) {
  Tensor first = a;
  while (first.dim() > 0) first = first[0];
  std::printf("%-20s %-7s %-8s %5g  %-10s  %s\n", name, to_string(a.shape()).c_str(),
      to_string(a.strides()).c_str(), first.item(), a.is_contiguous() ? "yes" : "no",
      a.impl().storage.get() == x.impl().storage.get() ? "shared" : "copied");
}

}  // namespace

int main() {
  const Tensor x = arange(12).reshape({3, 4});
  std::cout << "x =\n" << x << "\n\n";

  std::printf("                     shape   strides  first  contiguous  elements\n");
  print("x", x, x);
  print("x.t()", x.t(), x);
  print("x[1]", x[1], x);
  print("x.select(1, 2)", x.select(1, 2), x);
  print("x.narrow(1, 1, 2)", x.narrow(1, 1, 2), x);
  print("x.slice(1, 0, 4, 2)", x.slice(1, 0, 4, 2), x);
  print("x[1].expand({3, 4})", x[1].expand({3, 4}), x);
  print("x.reshape({2, 6})", x.reshape({2, 6}), x);
  print("x.t().contiguous()", x.t().contiguous(), x);
  print("x.t().reshape({12})", x.t().reshape({12}), x);

  x.t()[3].fill_(-1);  // row 3 of the transpose is column 3 of x
  std::cout << "\nafter x.t()[3].fill_(-1), x =\n" << x << '\n';

  const Tensor w = ones({3, 4}, {.requires_grad = true});
  (w.narrow(1, 1, 2) * 5).sum().backward();
  std::cout << "\nthe gradient of w; the loss is 5 times the sum of columns 1 and 2 of w:\n"
            << w.grad() << '\n';
  w.zero_grad();
  (w.t() * arange(12).reshape({4, 3})).sum().backward();
  std::cout << "\nthe gradient of w; the loss is the sum of w.t() * (0 ... 11, as [4, 3]):\n"
            << w.grad() << '\n';
}
