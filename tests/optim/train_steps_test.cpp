// SGD::train_steps on the CPU, and its errors; tests/cuda/train_test.cpp compares devices.
#include "../support/catch.h"

#include <tenon/tenon.h>

#include "../support/errors.h"

using namespace tenon;
using optim::Activation, optim::DenseLayer;
using test::error_of;

TEST_CASE("train_steps: the steps are those of the loop") {
  manual_seed(6);
  nn::Linear fc1(6, 5), fc2(5, 2);
  nn::Sequential model(nn::clone(fc1), nn::Tanh(), nn::clone(fc2));
  const std::vector<DenseLayer> layers{{fc1.weight, fc1.bias, Activation::tanh}, {fc2.weight, fc2.bias}};
  optim::SGD optimizer(
      {fc1.weight, fc1.bias, fc2.weight, fc2.bias}, {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01});
  optim::SGD also(model.parameters(), {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01});
  const Tensor x = randn({7, 4, 6}), y = randn({7, 4, 2});
  const Tensor losses = optimizer.train_steps(layers, x, y);
  REQUIRE(losses.shape() == Shape{7});
  REQUIRE_FALSE(losses.requires_grad());
  for (std::int64_t s = 0; s < 7; ++s) {
    const Tensor loss = mse_loss(model(x[s]), y[s]);
    also.zero_grad();
    loss.backward();
    also.step();
    REQUIRE(losses[s].item() == loss.item());
  }
  for (std::size_t i = 0; i < 4; ++i) {
    REQUIRE(bitwise_equal(optimizer.params(0)[i], also.params(0)[i]));
    REQUIRE_FALSE(optimizer.params(0)[i].grad().defined());
  }
  REQUIRE(optimizer.train_steps(layers, x.narrow(0, 0, 0), y.narrow(0, 0, 0)).numel() == 0);
  const NoGradGuard no_grad;  // training is on all the same
  const Tensor before = fc1.weight.detach().clone();
  optimizer.train_steps(layers, x, y);
  REQUIRE_FALSE(equal(fc1.weight, before));
}

TEST_CASE("train_steps: what does not suit is an error, and nothing changes") {
  nn::Linear fc(3, 2), other(3, 2);
  optim::SGD optimizer(fc.parameters(), 0.1);
  const Tensor before = fc.weight.detach().clone(), x = ones({2, 4, 3}), y = ones({2, 4, 2});
  const auto error = [&](const std::vector<DenseLayer>& layers, const Tensor& a, const Tensor& b) {
    return error_of([&] { optimizer.train_steps(layers, a, b); });
  };
  const std::vector<DenseLayer> layers{{fc.weight, fc.bias}};
  REQUIRE(error({}, x, y) == "train_steps: a network needs a layer");
  REQUIRE(
      error(layers, x[0], y) ==
      "train_steps: x must be [steps, batch, in] and y [steps, batch, out]; they are [4, 3] and [2, 4, 2]");
  REQUIRE(error(layers, x, y.to(kDouble)) == "train_steps: x is float32 on cpu, y float64 on cpu");
  REQUIRE(error(layers, ones({2, 4, 5}), y) ==
          "train_steps: the weight of layer 0 must be [out, 5]; it is [2, 3]");
  REQUIRE(error({{Tensor(), {}}}, x, y) ==
          "train_steps: the weight of layer 0 must be [out, 3]; it is undefined");
  REQUIRE(
      error({{fc.weight, fc.weight}}, x, y) == "train_steps: the bias of layer 0 must be [2]; it is [2, 3]");
  REQUIRE(
      error(layers, x, ones({2, 4, 1})) == "train_steps: the last layer has 2 results, y [steps, batch, 1]");
  REQUIRE(error({{fc.weight, other.bias}}, x, y) ==
          "train_steps: the bias of layer 0, [2], is not a parameter of the optimizer");
  REQUIRE(error(layers, x.to(kDouble), y.to(kDouble)) ==
          "train_steps: the weight of layer 0 is float32 on cpu, x float64 on cpu");
  fc.bias.requires_grad_(false);
  REQUIRE(error(layers, x, y) == "train_steps: the bias of layer 0 does not require a gradient");
  REQUIRE(bitwise_equal(fc.weight, before));
}
