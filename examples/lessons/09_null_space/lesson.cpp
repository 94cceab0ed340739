// What training cannot change, and what weight decay does about it: lesson_09 [PICTURE]
#include <cstdio>
#include <vector>

#include <tenon/autograd/ops.h>
#include <tenon/autograd/tape/mode.h>
#include <tenon/io/plot.h>
#include <tenon/optim/sgd.h>

using namespace tenon;

namespace {

// Two weights, one sample: x = (1, 1), target 2.
struct Path {
  std::vector<double> w0, w1;
};
Path train_two(double decay) {
  const Tensor x = tensor({1, 1}), w = tensor({3, -2}, {.requires_grad = true});
  optim::SGD optimizer({w}, {.lr = 0.1, .weight_decay = decay});
  Path path;
  for (int step = 0; step <= 100; ++step) {
    path.w0.push_back(w[0].item());
    path.w1.push_back(w[1].item());
    optimizer.zero_grad();
    ((x * w).sum() - 2).square().backward();
    optimizer.step();
  }
  return path;
}

void print(const Path& path) {
  std::printf("step      w0      w1  w0 + w1  w0 - w1\n");
  for (const std::size_t step : {0, 1, 2, 10, 100}) {
    const double w0 = path.w0[step], w1 = path.w1[step];
    std::printf("%4zu  %6.3f  %6.3f   %6.3f   %6.3f\n", step, w0, w1, w0 + w1, w0 - w1);
  }
}

void draw(const Path& without, const Path& with, const char* file) {
  io::LinePlot plot({.title = "Two weights, one sample",
      .x_label = "w0",
      .y_label = "w1",
      .width = 640,
      .height = 572});  // both axes in the same scale
  plot.add({.name = "w0 + w1 = 2", .x = {0, 4}, .y = {2, -2}, .dashed = true});
  plot.add({.name = "without decay", .x = without.w0, .y = without.w1});
  plot.add({.name = "decay 0.2", .x = with.w0, .y = with.w1});
  plot.save(file);
}

// The part of w [n] outside the span of the rows of x [k, n]: each row is made orthogonal to the rows before
// it (Gram-Schmidt), then w to all of them.
Tensor outside(Tensor w, const Tensor& x) {
  std::vector<Tensor> directions;
  const auto remove_all = [&](Tensor v) {
    for (const Tensor& d : directions) v = v - d * (d * v).sum();
    return v;
  };
  for (std::int64_t i = 0; i < x.size(0); ++i) {
    const Tensor rest = remove_all(x[i]);
    directions.push_back(rest / rest.norm());
  }
  return remove_all(w);
}

// 200 weights, 20 samples, as in examples/weight_decay.
void train_many(double decay) {
  const NoGradGuard no_grad;
  const Options float64{.dtype = DType::float64};
  Generator generator(0);
  const Tensor x = randn({20, 200}, generator, float64), new_x = randn({100, 200}, generator, float64);
  const Tensor truth = full({200}, 0.01, float64), y = x.mv(truth), new_y = new_x.mv(truth);
  const Tensor w = randn({200}, generator, float64).set_requires_grad();

  optim::SGD optimizer({w}, {.lr = 0.003, .weight_decay = decay});
  const double before = outside(w, x).norm().item();
  for (int step = 0; step < 400; ++step) {
    const EnableGradGuard grad;
    optimizer.zero_grad();
    mse_loss(x.mv(w), y).backward();
    optimizer.step();
  }
  std::printf("%5g  %10.2g  %10.4g  %14.4f  %13.4f\n", decay, mse_loss(x.mv(w), y).item(),
      mse_loss(new_x.mv(w), new_y).item(), before, outside(w, x).norm().item());
}

}  // namespace

int main(int argc, char** argv) {
  const Path without = train_two(0), with = train_two(0.2);
  std::printf("without decay\n");
  print(without);
  std::printf("\ndecay 0.2\n");
  print(with);

  std::printf("\n200 weights, 20 samples      the part that no sample can change\n");
  std::printf("decay  train loss   test loss   initial norm  after 400 steps\n");
  train_many(0);
  train_many(3);

  if (argc > 1) draw(without, with, argv[1]);
}
