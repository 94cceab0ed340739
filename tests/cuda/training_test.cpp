// Modules, optimizers, data loaders and whole training runs on a CUDA device: the same bits as on the CPU in
// every step.
#include "../support/catch.h"
#include "../support/device.h"
#include "../support/tensors.h"

using namespace tenon;
using test::device;

namespace {

/// A two-layer model; losses, gradients and weights are recorded after every step.
std::vector<Tensor> train(Device where, const optim::SGDOptions& options, bool whole_set_there) {
  manual_seed(1);
  const Tensor x = randn({37, 20}), y = randn({37, 3});
  const Device home = whole_set_there ? where : Device::cpu();
  data::DataLoader loader(
      data::TensorDataset(x.to(home), y.to(home)), {.batch_size = 8, .shuffle = true, .device = where});
  nn::Linear first(20, 33, {.device = where}), second(33, 3, {.device = where});
  optim::SGD optimizer({{.params = {first.weight, second.weight}, .weight_decay = 0.01},
                           {.params = {first.bias, second.bias}, .lr = 0.2}},
      options);
  std::vector<Tensor> trace;
  for (int epoch = 0; epoch < 2; ++epoch)
    for (auto [x_batch, y_batch] : loader) {
      REQUIRE(x_batch.device() == where);
      const Tensor loss = mse_loss(second(tanh(first(x_batch))), y_batch);
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
      for (const Tensor& kept :
          {loss, first.weight.grad(), second.bias.grad(), first.weight, first.bias, second.weight})
        trace.push_back(kept.detach().clone());
    }
  return trace;
}

}  // namespace

TEST_CASE("training: every loss, gradient and weight has the bits of the CPU") {
  for (const optim::SGDOptions& options :
      {optim::SGDOptions{.lr = 0.1}, optim::SGDOptions{.lr = 0.1, .momentum = 0.9},
          optim::SGDOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true}})
    for (const bool there : {false, true}) {
      const auto expected = train(Device::cpu(), options, false), found = train(device(), options, there);
      REQUIRE(found.size() == expected.size());
      for (std::size_t i = 0; i < found.size(); ++i) REQUIRE(bitwise_equal(found[i], expected[i]));
    }
}

TEST_CASE("training: many parameters step at once, each with its own options") {
  const int count = GENERATE(3, 150, 550);  // few; many, still passed as launch arguments; too many for that
  std::vector<optim::SGDParamGroup> here, there;
  std::vector<Tensor> host, remote;
  Generator generator(5);
  for (int i = 0; i < count; ++i) {
    const Tensor p = randn({i % 7 == 0 ? 5000 : i % 11 + 1}, generator), g = randn(p.shape(), generator);
    host.push_back(p.clone().set_requires_grad());
    remote.push_back(p.to(device()).set_requires_grad());
    host.back().set_grad(g);
    remote.back().set_grad(g.to(device()));
    const double decay = 0.01 * i, momentum = i % 3 ? 0.9 : 0;
    here.push_back({.params = {host.back()}, .momentum = momentum, .weight_decay = decay});
    there.push_back({.params = {remote.back()}, .momentum = momentum, .weight_decay = decay});
  }
  optim::SGD a(here, {.lr = 0.1}), b(there, {.lr = 0.1});
  for (int step = 0; step < 3; ++step) {
    a.step();
    b.step();
  }
  for (std::size_t i = 0; i < host.size(); ++i) REQUIRE(bitwise_equal(remote[i], host[i].detach()));
}

TEST_CASE("training: a module moves to a device and back, with optimizer and gradients") {
  manual_seed(2);
  nn::Linear net(4, 3);
  optim::SGD optimizer({net.weight, net.bias}, {.lr = 0.1, .momentum = 0.9});
  const Tensor x = randn({5, 4});
  const auto step = [&](Device where) {
    optimizer.zero_grad();
    net(x.to(where)).sum().backward();
    optimizer.step();
  };
  nn::Linear twin(4, 3);
  twin.load_state_dict(net.state_dict());
  optim::SGD twins({twin.weight, twin.bias}, {.lr = 0.1, .momentum = 0.9});
  const auto twin_step = [&] {
    twins.zero_grad();
    twin(x).sum().backward();
    twins.step();
  };
  step(Device::cpu());
  net.to(device());
  REQUIRE(net.weight.device() == device());
  step(device());
  net.to(Device::cpu());
  step(Device::cpu());
  for (int i = 0; i < 3; ++i) twin_step();
  REQUIRE(bitwise_equal(net.weight, twin.weight));
  REQUIRE(bitwise_equal(net.bias.grad(), twin.bias.grad()));
}

TEST_CASE("training: the precomputed gradient of mse_loss is used only where it is valid") {
  const auto gradients = [](Device where) {
    Generator generator(3);
    const Tensor y = randn({9, 4}, generator).to(where);
    const Tensor x = randn({9, 4}, generator).to(where).set_requires_grad();
    std::vector<Tensor> all;
    const auto keep = [&] {
      all.push_back(x.grad());
      x.zero_grad();
    };
    mse_loss(x, y).backward();
    keep();
    (mse_loss(x, y) * 0.3).backward();  // a different upstream gradient
    keep();
    const Tensor twice = mse_loss(x, y);
    twice.backward({.retain_graph = true});
    twice.backward();  // accumulates onto the first pass
    keep();
    const Tensor hooked = mse_loss(x, y);
    hooked.register_hook([](const Tensor& g) { return g * 3; });
    hooked.backward();
    keep();
    mse_loss(x, y).backward(full({}, 0.7, {.device = where}));
    keep();
    (mse_loss(x, y) + mse_loss(x, y)).backward();
    keep();
    return all;
  };
  const auto here = gradients(Device::cpu()), there = gradients(device());
  for (std::size_t i = 0; i < here.size(); ++i) REQUIRE(bitwise_equal(there[i], here[i]));
  // The expected gradients, up to rounding: factors 1, 0.3, 2, 3, 0.7, 2.
  const double factors[] = {1, 0.3, 2, 3, 0.7, 2};
  for (std::size_t i = 0; i < here.size(); ++i) REQUIRE(allclose(here[i], here[0] * factors[i], 1e-6));
}

TEST_CASE("training: printing, histograms and anomaly mode work with tensors on a device") {
  const Tensor x = tensor({1, 2, 3}).to(device());
  REQUIRE(to_string(x) == "tensor([1, 2, 3], device=cuda:0)");
  REQUIRE(x.sum().item<double>() == 6);
  REQUIRE(x.at({1}).item<float>() == 2);
  const AnomalyGuard watch;
  const std::string error = test::error_of([&] { log(x - 2); });
  REQUIRE(error.find("produced a NaN") != std::string::npos);
}
