// Losses of probabilities and of differences where the table of operations does not look: what they refuse,
// weights, and a rule that PyTorch states.
#include <cmath>
#include <limits>

#include "../support/catch.h"
#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

TEST_CASE("losses: what they refuse") {
  const Tensor x = tensor({0.5, 0.25}), y = tensor({1, 0}), none = zeros({0});
  REQUIRE(error_of([&] {
    huber_loss(x, y, Reduction::mean, 0);
  }).starts_with("huber_loss: delta must be positive and finite; it is 0"));
  REQUIRE(
      error_of([&] { huber_loss(x, y, Reduction::mean, 1e300); }).find("it is 1e+300") != std::string::npos);
  REQUIRE(error_of([&] {
    smooth_l1_loss(x, y, Reduction::mean, -1);
  }).starts_with("smooth_l1_loss: beta must not be negative and must be finite; it is -1"));
  REQUIRE(error_of([&] {
    mse_loss(x, y, Reduction::batchmean);
  }).starts_with("mse_loss: batchmean is a reduction of kl_div only"));
  REQUIRE(error_of([&] {
    cross_entropy(x, y, {.reduction = Reduction::batchmean});
  }).starts_with("cross_entropy: batchmean is a reduction of kl_div only"));
  REQUIRE(error_of([&] {
    binary_cross_entropy(x, y, {.weight = ones({2, 2})});
  })
              .starts_with("binary_cross_entropy: the weight of shape [2, 2] does not broadcast to the "
                           "input's shape, [2]"));
  REQUIRE(error_of([&] {
    binary_cross_entropy_with_logits(x, y, {.pos_weight = ones({3})});
  }).starts_with("binary_cross_entropy_with_logits: "));
  REQUIRE(error_of([&] {
    kl_div(none, none, Reduction::batchmean);
  }).starts_with("kl_div: there are no elements to average; the shape is [0]"));
  REQUIRE(huber_loss(none, none, Reduction::sum).item<double>() == 0);
}

TEST_CASE("losses: smooth_l1_loss is huber_loss divided by beta, and l1_loss in the limit") {
  const Tensor x = tensor({-3, -0.5, 0, 0.25, 4}), y = zeros({5});
  for (const double beta : {0.25, 1., 8.})
    REQUIRE(allclose(
        smooth_l1_loss(x, y, Reduction::none, beta), huber_loss(x, y, Reduction::none, beta) / beta));
  for (const double beta : {0., 1e-42, 1e-300})  // float32 holds the first two
    REQUIRE(equal(smooth_l1_loss(x, y, Reduction::none, beta), abs(x)));
  REQUIRE(equal(huber_loss(x, y, Reduction::none, 100), square(x) / 2));
}

TEST_CASE("losses: binary cross entropy with logits is that of sigmoid, and right where sigmoid is not") {
  const Tensor x = tensor({-2, -0.5, 0, 3}), y = tensor({0, 0.25, 1, 1}), weight = tensor({1, 2, 0, 3});
  REQUIRE(allclose(binary_cross_entropy_with_logits(x, y, {.weight = weight}),
      binary_cross_entropy(sigmoid(x), y, {.weight = weight})));
  // The gradient of each element is (sigmoid(x) - y) / n; with pos_weight p it is that of the two parts.
  const Tensor at = tensor({-1000, 1000, -1000, 1000}, {.requires_grad = true});
  const Tensor loss =
      binary_cross_entropy_with_logits(at, tensor({0, 0, 1, 1}), {.pos_weight = tensor({3.0})});
  REQUIRE(loss.item<double>() == (1000 + 3 * 1000) / 4.);
  loss.backward();
  REQUIRE(equal(at.grad(), tensor({0, 0.25, -0.75, 0})));
}

TEST_CASE("losses: weights and targets have gradients") {
  const Tensor x = tensor({0.5, 0.25}), y = tensor({1, 0}).set_requires_grad();
  const Tensor weight = ones({1}).set_requires_grad();
  binary_cross_entropy(x, y, {.reduction = Reduction::sum, .weight = weight}).backward();
  REQUIRE(allclose(y.grad(), log(1 - x) - log(x)));
  REQUIRE(allclose(weight.grad(), (-log(tensor({0.5})) - log(tensor({0.75})))));
}

TEST_CASE("losses: the mean of kl_div is over elements, batchmean over samples") {
  const Tensor p = tensor({{0.5, 0.5}, {0.25, 0.75}}), q = tensor({{0.5, 0.5}, {0.5, 0.5}});
  const double sum = kl_div(log(q), p, Reduction::sum).item<double>();
  REQUIRE(sum == Approx(0.25 * std::log(0.5) + 0.75 * std::log(1.5)));
  REQUIRE(kl_div(log(q), p).item<double>() == Approx(sum / 4));
  REQUIRE(kl_div(log(q), p, Reduction::batchmean).item<double>() == Approx(sum / 2));
  REQUIRE(kl_div(log(q), log(p), Reduction::batchmean, true).item<double>() == Approx(sum / 2));
  REQUIRE(kl_div(tensor(-1), tensor(1), Reduction::batchmean).item<double>() == 1);  // a number is one sample
}
