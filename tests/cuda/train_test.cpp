// SGD::train_steps on a CUDA device: one launch, with the bits of the loop on the CPU.
#include "../support/catch.h"

#include <tenon/tenon.h>

#include "../support/device.h"
#include "../support/errors.h"

using namespace tenon;
using optim::Activation, optim::DenseLayer;
using test::device;

namespace {

struct Network {
  std::vector<DenseLayer> layers;
  std::vector<Tensor> weights, biases;
};

Network network(const std::vector<std::int64_t>& sizes, const std::vector<Activation>& activations,
    bool with_bias, DType dtype) {
  Network made;
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
    Tensor weight = randn({sizes[l + 1], sizes[l]}, {.dtype = dtype}) * 0.3, bias;
    weight.requires_grad_();
    made.weights.push_back(weight);
    if (with_bias) {
      bias = randn({sizes[l + 1]}, {.dtype = dtype, .requires_grad = true});
      made.biases.push_back(bias);
    }
    made.layers.push_back({weight, bias, activations[l]});
  }
  return made;
}

/// The same network on a device.
Network moved(const Network& from) {
  Network made;
  const auto copy = [](const Tensor& t) { return t.detach().to(device()).requires_grad_(); };
  for (const DenseLayer& layer : from.layers) {
    DenseLayer there{copy(layer.weight), {}, layer.activation};
    made.weights.push_back(there.weight);
    if (layer.bias.defined()) made.biases.push_back(there.bias = copy(layer.bias));
    made.layers.push_back(there);
  }
  return made;
}

optim::SGD optimizer_of(const Network& net, const optim::SGDOptions& options) {
  std::vector<optim::SGDParamGroup> groups{{.params = net.weights}};
  if (!net.biases.empty()) groups.push_back({.params = net.biases, .weight_decay = 0});
  return optim::SGD(groups, options);
}

/// What a user would write.
Tensor loop(optim::SGD& optimizer, const std::vector<DenseLayer>& layers, const Tensor& x, const Tensor& y) {
  Tensor losses = empty({x.size(0)}, {.dtype = x.dtype(), .device = x.device()});
  for (std::int64_t s = 0; s < x.size(0); ++s) {
    Tensor value = x[s];
    for (const DenseLayer& layer : layers) {
      value = linear(value, layer.weight, layer.bias);
      if (layer.activation == Activation::relu) value = relu(value);
      if (layer.activation == Activation::tanh) value = tanh(value);
      if (layer.activation == Activation::sigmoid) value = sigmoid(value);
    }
    const Tensor loss = mse_loss(value, y[s]);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    losses[s].copy_(loss.detach());
  }
  return losses;
}

void require_same(const StateDict& a, const StateDict& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].first == b[i].first);
    REQUIRE(bitwise_equal(a[i].second, b[i].second));
  }
}

void compare(const Network& here, const optim::SGDOptions& options, std::int64_t batch, std::int64_t steps) {
  const Network there = moved(here), also = moved(here);
  const std::int64_t in = here.weights[0].size(1), out = here.weights.back().size(0);
  const Options like{.dtype = here.weights[0].dtype()};
  const Tensor x = randn({steps, batch, in}, like), y = randn({steps, batch, out}, like);
  optim::SGD one = optimizer_of(here, options), two = optimizer_of(there, options);
  for (int round = 0; round < 2; ++round) {  // the second one continues with the momentum of the first
    const Tensor expected = loop(one, here.layers, x, y);
    REQUIRE(bitwise_equal(two.train_steps(there.layers, x.to(device()), y.to(device())), expected));
    for (std::size_t i = 0; i < here.weights.size(); ++i) {
      INFO("round " << round << ", layer " << i);
      REQUIRE(bitwise_equal(there.weights[i], here.weights[i]));
      REQUIRE_FALSE(there.weights[i].grad().defined());
    }
    for (std::size_t i = 0; i < here.biases.size(); ++i)
      REQUIRE(bitwise_equal(there.biases[i], here.biases[i]));
    require_same(two.state_dict(), one.state_dict());
  }
}

const optim::SGDOptions plain{.lr = 0.05},
    everything{.lr = 0.05, .momentum = 0.9, .dampening = 0.1, .weight_decay = 0.3},
    nesterov{.lr = 0.05, .momentum = 0.9, .weight_decay = 0.3, .nesterov = true},
    up{.lr = 0.01, .weight_decay = 0.1, .maximize = true};

}  // namespace

TEST_CASE("train_steps: a linear model, as in the experiment") {
  manual_seed(1);
  compare(network({200, 1}, {Activation::none}, true, DType::float32), everything, 5, 400);
  for (const auto& options : {plain, nesterov, up})
    compare(network({200, 1}, {Activation::none}, false, DType::float32), options, 5, 4);
  compare(network({17, 1}, {Activation::none}, true, DType::float64), everything, 20, 3);
  compare(network({1, 1}, {Activation::sigmoid}, true, DType::float32), everything, 1, 3);
  compare(network({1, 3}, {Activation::none}, true, DType::float32), everything, 40,
      3);  // the weight's gradient in order R
  compare(network({600, 2}, {Activation::none}, true, DType::float32), everything, 3, 3);  // two chunks
}

TEST_CASE("train_steps: networks with layers of every activation") {
  manual_seed(2);
  compare(network({20, 33, 1}, {Activation::tanh, Activation::none}, true, DType::float32), everything, 8, 4);
  compare(
      network({9, 7, 20, 3}, {Activation::relu, Activation::sigmoid, Activation::tanh}, true, DType::float64),
      nesterov, 6, 4);
  compare(network({5, 1, 4}, {Activation::relu, Activation::relu}, false, DType::float32), plain, 19, 4);
  compare(
      network({64, 64, 10}, {Activation::relu, Activation::none}, true, DType::float32), everything, 33, 2);
}

TEST_CASE("train_steps: what does not fit, and what somebody watches, is trained step by step") {
  manual_seed(3);
  compare(network({300, 300, 300, 1}, {Activation::tanh, Activation::tanh, Activation::none}, true,
              DType::float64),
      everything, 4, 2);
  compare(network({2, 1200}, {Activation::none}, true, DType::float32), plain, 2, 2);
  Network tied = network({4, 4, 4}, {Activation::tanh, Activation::none}, false, DType::float32);
  tied.layers[1].weight = tied.layers[0].weight;
  tied.weights.pop_back();
  const Tensor x = randn({3, 2, 4}), w = tied.weights[0].detach().to(device()).requires_grad_();
  optim::SGD here(tied.weights, everything), there({w}, everything);
  loop(here, tied.layers, x, x);
  there.train_steps({{w, {}, Activation::tanh}, {w}}, x.to(device()), x.to(device()));
  REQUIRE(bitwise_equal(w, tied.weights[0]));
  optim::SGD unused({w}, everything);
  const Tensor nothing = zeros({0, 2, 4}, device());
  REQUIRE(unused.train_steps({{w}}, nothing, nothing).numel() == 0);
  REQUIRE(unused.state_dict().size() == optim::SGD({w}, everything).state_dict().size());
  const Network net = moved(network({4, 1}, {Activation::none}, true, DType::float32));
  optim::SGD optimizer = optimizer_of(net, plain);
  int calls = 0;
  const HookHandle hook = net.weights[0].register_hook([&](const Tensor&) { ++calls; });
  optimizer.train_steps(net.layers, zeros({3, 2, 4}, device()), zeros({3, 2, 1}, device()));
  REQUIRE(calls == 3);
}
