// A tape with four rows, then a line fitted to three points.
#include <cstdio>

#include "tape.h"

namespace {

void print(const Tape& tape) {
  std::printf("row  op    value  grad  inputs\n");
  for (std::size_t i = 0; i < tape.rows.size(); ++i) {
    const Row& row = tape.rows[i];
    std::printf("%-3zu  %-4s  %5g  %4g", i, row.op, row.value, row.grad);
    for (const Input& input : row.inputs) std::printf("  row %d with slope %g", input.row, input.slope);
    std::printf("\n");
  }
}

void four_rows() {
  Tape tape;
  const Value x = tape.leaf(3), w = tape.leaf(2);
  const Value y = x * w + x;
  tape.backward(y);
  print(tape);
}

void fit_a_line() {
  double w = 0, b = 0;
  for (int step = 0; step <= 200; ++step) {
    Tape tape;  // a new one for each step
    const Value weight = tape.leaf(w), bias = tape.leaf(b);
    Value loss = tape.leaf(0);
    for (const double x : {1, 2, 3}) {
      const Value error = weight * tape.leaf(x) + bias - tape.leaf(2 * x + 1);
      loss = loss + error * error;
    }
    tape.backward(loss);
    if (step % 50 == 0) std::printf("step %3d: w = %.4f, b = %.4f, loss = %.6f\n", step, w, b, loss.value());
    w -= 0.05 * weight.grad();
    b -= 0.05 * bias.grad();
  }
}

}  // namespace

int main() {
  four_rows();
  std::printf("\n");
  fit_a_line();
}
