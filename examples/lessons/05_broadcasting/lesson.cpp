// Broadcasting a row, a column and a number, and what comes back.
#include <cstdio>
#include <iostream>

#include <tenon/autograd/ops.h>

using namespace tenon;

int main() {
  const Tensor x = tensor({{1, 2, 3}, {4, 5, 6}});                        // [2, 3]
  const Tensor row = tensor({10, 20, 30}, {.requires_grad = true});       // [3]
  const Tensor column = tensor({{100}, {200}}, {.requires_grad = true});  // [2, 1]
  const Tensor number = tensor(1000, {.requires_grad = true});            // []
  std::cout << "x + row =\n" << (x + row).detach() << "\nx + column =\n" << (x + column).detach() << '\n';
  std::cout << "row + column =\n" << (row + column).detach() << '\n';

  // The gradient of the sum is the same for all: 1 to 6.
  const Tensor g = tensor({{1, 2, 3}, {4, 5, 6}});
  (x + row + column + number).backward(g);
  std::cout << "\nwith the gradient g =\n" << g << '\n';
  std::cout << "row gets    " << row.grad() << "\ncolumn gets " << column.grad() << "\nnumber gets "
            << number.grad() << '\n';

  row.zero_grad();
  (x * row).backward(g);
  std::cout << "\nfrom x * row, row gets " << row.grad() << '\n';

  // The test of an adjoint: both sides are the same sum, in a different order.
  const Tensor left = (row.expand({2, 3}) * g).sum(), right = (row * g.sum(0)).sum();
  std::printf("expand(row) . g = %g, row . sum(g) = %g\n", left.item(), right.item());

  const Tensor prediction = tensor({{1}, {2}, {3}}), target = tensor({1, 2, 3});
  const Tensor square = (prediction - target).square();
  std::cout << "\na prediction [3, 1] minus its target [3] has shape " << square.shape()
            << ", the mean square is " << square.mean().item() << '\n';
}
