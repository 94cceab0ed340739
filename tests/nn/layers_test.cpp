// Layers: initial values, options, state and modes. What they compute is tested with the operations.
#include <cmath>

#include "../support/catch.h"

#include "../support/tensors.h"

using namespace tenon;
using test::error_of;
using test::names;

namespace {

bool near(const Tensor& found, const TensorData& expected) {
  return allclose(found, tensor(expected, found.options()), 1e-12, 1e-14);
}

}  // namespace

TEST_CASE("layers: functions as modules") {
  const Tensor x = tensor({{-1, 2}, {3, -4}});
  REQUIRE(equal(nn::ReLU()(x), relu(x)));
  REQUIRE(equal(nn::Tanh()(x), tanh(x)));
  REQUIRE(equal(nn::Sigmoid().forward(x), sigmoid(x)));
  REQUIRE(equal(nn::Softmax(0)(x), softmax(x, 0)));
  REQUIRE(equal(nn::SiLU()(x), silu(x)));
  REQUIRE(equal(nn::SELU()(x), selu(x)));
  REQUIRE(equal(nn::GELU()(x), gelu(x)));
  REQUIRE(equal(nn::GELU(GeluApproximate::tanh)(x), gelu(x, GeluApproximate::tanh)));
  REQUIRE(equal(nn::LeakyReLU(0.2)(x), leaky_relu(x, 0.2)));
  REQUIRE(equal(nn::ELU(0.5)(x), elu(x, 0.5)));
  REQUIRE(equal(nn::Softplus(2, 10).forward(x), softplus(x, 2, 10)));
  REQUIRE(equal(nn::Hardtanh(-0.5, 0.25)(x), hardtanh(x, -0.5, 0.25)));
  REQUIRE(equal(nn::LogSoftmax(-1).forward(x), log_softmax(x, 1)));
  REQUIRE(nn::Identity()(x).is_same(x));
  REQUIRE(nn::Flatten()(ones({2, 3, 4})).shape() == Shape{2, 12});
  REQUIRE(nn::Flatten(0, 1)(ones({2, 3, 4})).shape() == Shape{6, 4});
}

TEST_CASE("layers: dropout works in training alone") {
  nn::Dropout layer(0.9);
  const Tensor x = ones({1000});
  REQUIRE(layer(x).sum().item() < 1300);
  REQUIRE((layer(x) == 0).sum().item() > 800);
  layer.eval();
  REQUIRE(layer(x).is_same(x));
  REQUIRE(error_of([] { nn::Dropout(-0.1); }) == "dropout: the probability must be in [0, 1]; it is -0.1");
}

TEST_CASE("layers: Dropout2d drops channels in training alone") {
  nn::Dropout2d layer(0.75);
  const Tensor x = ones({40, 50, 2, 2}), y = layer(x);
  REQUIRE(equal(y, y.slice(3, {.stop = 1}).slice(2, {.stop = 1}).expand_as(y)));
  REQUIRE(std::abs((y == 0).to(DType::float32).mean().item() - 0.75) < 0.05);
  layer.eval();
  REQUIRE(layer.forward(x).is_same(x));
  REQUIRE(to_string(layer) == "Dropout2d(p=0.75)");
  REQUIRE(error_of([] { nn::Dropout2d(2); }) == "dropout2d: the probability must be in [0, 1]; it is 2");
}

TEST_CASE("layers: an embedding starts with normal numbers, and its padding with zeros") {
  manual_seed(1);
  nn::Embedding layer(1000, 20);
  REQUIRE(std::abs(layer.weight.mean().item()) < 0.02);
  REQUIRE(pow(layer.weight, 2).mean().item() == Approx(1).epsilon(0.02));
  REQUIRE(layer.weight.requires_grad());
  REQUIRE(names(layer.state_dict()) == std::vector<std::string>{"weight"});
  const Tensor x = tensor({{1, 999}}, {.dtype = DType::int64});
  REQUIRE(layer(x).shape() == Shape{1, 2, 20});
  REQUIRE(equal(layer(x)[0][1], layer.weight[999]));

  const nn::Embedding padded(4, 3, {.padding_idx = -1, .dtype = DType::float64});
  REQUIRE(padded.padding_idx == 3);
  REQUIRE(equal(padded.weight[3], zeros({3}, {.dtype = DType::float64})));
  REQUIRE_FALSE(equal(padded.weight[2], zeros({3}, {.dtype = DType::float64})));
  padded(tensor({3, 1, 3}, {.dtype = DType::int64})).sum().backward();
  REQUIRE(equal(padded.weight.grad().sum(1), tensor({0, 3, 0, 0}, {.dtype = DType::float64})));

  REQUIRE(
      error_of([] { nn::Embedding(-1, 2); }) == "embedding: sizes must not be negative; they are -1 and 2");
  REQUIRE(error_of([] { nn::Embedding(1, 2, {.dtype = DType::int64}); }) ==
          "embedding: weights are floating-point numbers; the dtype is int64");
  REQUIRE(error_of([] { nn::Embedding(3, 2, {.padding_idx = 3}); }) ==
          "embedding: padding_idx 3 is out of range; there are 3 rows");
}

TEST_CASE("layers: layer_norm and rms_norm start with ones and zeros") {
  nn::LayerNorm layer({2, 3});
  REQUIRE(names(layer.named_parameters()) == std::vector<std::string>{"weight", "bias"});
  REQUIRE(equal(layer.weight, ones({2, 3})));
  REQUIRE(equal(layer.bias, zeros({2, 3})));
  const Tensor x = randn({4, 2, 3});
  REQUIRE(equal(layer(x), layer_norm(x, {2, 3}, layer.weight, layer.bias)));
  REQUIRE_FALSE(nn::LayerNorm(3, {.bias = false}).bias.defined());
  REQUIRE(
      equal(nn::LayerNorm(3, {.eps = 0.5, .elementwise_affine = false})(x), layer_norm(x, 3, {}, {}, 0.5)));
  nn::RMSNorm root(3);
  REQUIRE(names(root.state_dict()) == std::vector<std::string>{"weight"});
  REQUIRE(equal(root(x), rms_norm(x, 3, ones({3}))));
  REQUIRE(equal(nn::RMSNorm(3, {.eps = 0.5, .elementwise_affine = false})(x), rms_norm(x, 3, {}, 0.5)));
  REQUIRE(error_of([] { nn::LayerNorm(3, {.dtype = DType::int64}); }) ==
          "layer_norm: weights are floating-point numbers; the dtype is int64");
  REQUIRE(error_of([] { nn::RMSNorm(Shape{}); }) == "rms_norm: normalized_shape names no dimension");
}

// The numbers of the next two tests were computed with PyTorch 2.15.
TEST_CASE("layers: batch_norm normalises with the batch in training, with running statistics in evaluation") {
  nn::BatchNorm1d layer(2, {.dtype = DType::float64});
  REQUIRE(names(layer.state_dict()) ==
          std::vector<std::string>{"weight", "bias", "running_mean", "running_var", "num_batches_tracked"});
  REQUIRE(names(layer.named_parameters()) == std::vector<std::string>{"weight", "bias"});
  REQUIRE(names(layer.named_buffers()) ==
          std::vector<std::string>{"running_mean", "running_var", "num_batches_tracked"});
  const Tensor x = pow(arange(12, {.dtype = DType::float64}), 2).reshape({2, 2, 3});
  REQUIRE(near(layer(x), {{{-1.0122819829267522, -0.9728424251503852, -0.8545237518212843},
                              {-1.1338095181337573, -0.9740108612155767, -0.768555445177916}},
                             {{0.40754209702245875, 0.9202563481152294, 1.511849714760734},
                                 {0.5098338101675285, 0.94357302180259, 1.4229689925571316}}}));
  REQUIRE(near(layer.running_mean, {2.566666666666667, 5.866666666666667}));
  REQUIRE(near(layer.running_var, {78.04666666666665, 231.1666666666667}));
  REQUIRE(layer.num_batches_tracked.item<int>() == 1);
  layer.eval();
  REQUIRE(near(layer(x), {{{-0.2905308555348318, -0.1773370157160662, 0.16224450374023075},
                              {0.20608386187259048, 0.6664839788219947, 1.2584269863283717}},
                             {{3.7844473779407313, 5.255967295584685, 6.953874892866169},
                                 {4.941627921923606, 6.191285382214846, 7.5724857330630595}}}));
  REQUIRE(layer.num_batches_tracked.item<int>() == 1);
  nn::BatchNorm1d other(2, {.dtype = DType::float64});
  other.load_state_dict(layer.state_dict());
  other.eval();
  REQUIRE(equal(other(x), layer(x)));
  other.to(DType::float32);
  REQUIRE(other.running_var.dtype() == DType::float32);
  REQUIRE(other.num_batches_tracked.dtype() == DType::int64);
}

TEST_CASE("layers: batch_norm without a momentum averages all batches") {
  nn::BatchNorm1d layer(2, {.momentum = {}, .dtype = DType::float64});
  const Tensor x = pow(arange(12, {.dtype = DType::float64}), 2).reshape({2, 2, 3});
  layer(x);
  layer(x * 2);
  REQUIRE(near(layer.running_mean, {38.5, 88.0}));
  REQUIRE(near(layer.running_var, {1928.666666666666, 5756.666666666668}));
  REQUIRE(layer.num_batches_tracked.item<int>() == 2);
}

TEST_CASE("layers: batch_norm with fewer parts, of images, and of wrong shapes") {
  nn::BatchNorm2d layer(3, {.affine = false, .track_running_stats = false});
  REQUIRE(layer.state_dict().empty());
  const Tensor x = randn({2, 3, 4, 5});
  const Tensor y = layer(x);
  REQUIRE(equal(y, batch_norm(x, {}, {}, {}, {}, true)));
  layer.eval();
  REQUIRE(equal(layer(x), y));
  REQUIRE(error_of([&] { layer(x[0]); }) == "batch_norm: the input must be [N, C, H, W]; it is [3, 4, 5]");
  REQUIRE(error_of([&] { layer(x.transpose(1, 2)); }) ==
          "batch_norm: the layer has 3 features; the input is [2, 4, 3, 5]");
  REQUIRE(error_of([&] { nn::BatchNorm1d(3, {.momentum = 2}); }) ==
          "batch_norm: the momentum must be in [0, 1]; it is 2");
  nn::BatchNorm1d tracked(3);
  REQUIRE(error_of([&] {
    tracked(ones({1, 3}));
  }) == "batch_norm: training needs more than one element per channel; the input is [1, 3]");
  REQUIRE(tracked.num_batches_tracked.item<int>() == 0);
}

TEST_CASE("losses: of classification, with a weight that belongs to the module") {
  const Tensor x = tensor({{1, 2, 4}, {0, 3, 1}}), y = tensor({2, 0}, {.dtype = DType::int64});
  const Tensor weight = tensor({1, 2, 3});
  REQUIRE(equal(nn::CrossEntropyLoss()(x, y), cross_entropy(x, y)));
  nn::CrossEntropyLoss loss({.reduction = Reduction::sum, .weight = weight, .label_smoothing = 0.1});
  REQUIRE(equal(loss(x, y),
      cross_entropy(x, y, {.reduction = Reduction::sum, .weight = weight, .label_smoothing = 0.1})));
  REQUIRE(names(loss.state_dict()) == std::vector<std::string>{"weight"});
  REQUIRE(loss.parameters().empty());
  loss.to(DType::float64);
  REQUIRE(weight.dtype() == DType::float32);
  REQUIRE(loss.forward(x.to(DType::float64), y).dtype() == DType::float64);
  REQUIRE(equal(nn::NLLLoss({.ignore_index = 0})(x, y), tensor(-4)));
}
