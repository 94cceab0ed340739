// Modules: names, conversion, state.
#include "../support/catch.h"

#include <cmath>

#include "../support/tensors.h"

using namespace tenon;
using test::error_of;
using test::names;

namespace {

struct Net : nn::Module {
  nn::Linear first{3, 4}, second{4, 2, {.bias = false}};
  Tensor scale = ones({2});
  Tensor operator()(const Tensor& x) { return second(tanh(first(x))) * scale; }
  void visit(nn::Visitor& visitor) override {
    visitor("first", first);
    visitor("second", second);
    visitor.buffer("scale", scale);
  }
};

struct Tied : nn::Module {
  nn::Linear encoder{3, 3};
  Tensor decoder = encoder.weight;
  void visit(nn::Visitor& visitor) override {
    visitor("encoder", encoder);
    visitor("decoder", decoder);
  }
};

}  // namespace

TEST_CASE("module: parameters and state under dotted names, in order") {
  Net net;
  REQUIRE(names(net.named_parameters()) ==
          std::vector<std::string>{"first.weight", "first.bias", "second.weight"});
  REQUIRE(names(net.state_dict()) ==
          std::vector<std::string>{"first.weight", "first.bias", "second.weight", "scale"});
  REQUIRE(net.parameters()[2].is_same(net.second.weight));
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<Net>);
  STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<Net>);
}

TEST_CASE("module: only clone() copies") {
  Net net;
  const std::string refused =
      "module: a copy would share the weights of the original; pass it by reference, or copy it with "
      "nn::clone()";
  REQUIRE(error_of([&] { Net copy(net); }) == refused);
  net.eval();
  net.second.weight.requires_grad_(false);
  net.first(ones({1, net.first.weight.size(1)})).sum().backward();
  Net copy = nn::clone(net);
  REQUIRE(error_of([&] { Net another(copy); }) == refused);
  REQUIRE_FALSE(copy.is_training());
  REQUIRE_FALSE(copy.first.is_training());
  REQUIRE(copy.first.weight.requires_grad());
  REQUIRE_FALSE(copy.second.weight.requires_grad());
  REQUIRE_FALSE(copy.first.weight.grad().defined());
  const StateDict before = net.state_dict(), copied = copy.state_dict();
  REQUIRE(before.size() == copied.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    REQUIRE(bitwise_equal(before[i].second, copied[i].second));
    REQUIRE(before[i].second.raw() != copied[i].second.raw());
  }
  copy.train();
  REQUIRE_FALSE(net.is_training());

  const Tied tied;
  Tied both = nn::clone(tied);
  REQUIRE(both.decoder.is_same(both.encoder.weight));
  REQUIRE_FALSE(both.decoder.is_same(tied.decoder));
}

TEST_CASE("module: tied weights are one parameter with two names in the state") {
  Tied tied;
  REQUIRE(names(tied.named_parameters()) == std::vector<std::string>{"encoder.weight", "encoder.bias"});
  REQUIRE(names(tied.state_dict()) == std::vector<std::string>{"encoder.weight", "encoder.bias", "decoder"});
  Tied other;
  other.load_state_dict(tied.state_dict());
  REQUIRE(equal(other.decoder, tied.encoder.weight));
  REQUIRE(other.decoder.is_same(other.encoder.weight));
}

TEST_CASE("module: an added layer does not change other random numbers") {
  manual_seed(5);
  const Tensor without = randn({4});
  manual_seed(5);
  const nn::Linear layer(3, 3);
  REQUIRE(equal(randn({4}), without));
}

TEST_CASE("module: loading is strict and all or nothing") {
  Net net, other;
  const Tensor before = other.first.weight.detach().clone();
  StateDict state = net.state_dict();
  state[1].second = zeros({5});
  state[2].first = "second.wait";
  REQUIRE(error_of([&] { other.load_state_dict(state); }) ==
          "load_state_dict: \"second.wait\" is not in the module; \"first.bias\" is float32 [5], the module "
          "has float32 [4]; \"second.weight\" is missing");
  REQUIRE(equal(other.first.weight, before));
  other.load_state_dict(net.state_dict());
  for (std::size_t i = 0; i < 4; ++i)
    REQUIRE(equal(other.state_dict()[i].second, net.state_dict()[i].second));
  REQUIRE_FALSE(other.state_dict()[0].second.requires_grad());
  state = net.state_dict();
  state.push_back(state[0]);
  REQUIRE(
      error_of([&] { other.load_state_dict(state); }) == "load_state_dict: \"first.weight\" is given twice");
  net.load_state_dict(net.state_dict());
}

TEST_CASE("module: to() keeps the tensors, their gradients and the optimizer") {
  Net net;
  optim::SGD optimizer(net.parameters(), {.lr = 0.5});
  const Tensor handle = net.first.weight;
  const Tensor x = ones({2, 3});
  net(x).sum().backward();
  net.to(DType::float64);
  REQUIRE(handle.dtype() == DType::float64);
  REQUIRE(handle.grad().dtype() == DType::float64);
  REQUIRE(handle.is_same(net.first.weight));
  REQUIRE(net.scale.dtype() == DType::float64);
  const Tensor before = handle.detach().clone();
  optimizer.step();
  REQUIRE_FALSE(equal(handle, before));
  net.zero_grad();
  REQUIRE_FALSE(handle.grad().defined());
  net(x.to(DType::float64)).sum().backward();
  REQUIRE(handle.grad().dtype() == DType::float64);
  net.to(Device::cpu());
  REQUIRE(error_of([&] { net.to(DType::int64); }) ==
          "to: a module holds floating-point numbers; the dtype is int64");
}

TEST_CASE("module: a backward pass after to() of saved weights is an error") {
  Net net;
  const Tensor y = net(ones({2, 3})).sum();
  net.to(DType::float64);
  REQUIRE(error_of([&] { y.backward(); }) != "");
}

TEST_CASE("losses: the module forms") {
  const Tensor x = tensor({1, 2, 4}), y = tensor({1, 0, 1});
  REQUIRE(nn::MSELoss()(x, y).item<double>() == Approx(13.0 / 3));
  REQUIRE(nn::MSELoss({.reduction = Reduction::sum})(x, y).item<double>() == 13);
  REQUIRE(equal(nn::MSELoss({.reduction = Reduction::none})(x, y), tensor({0, 4, 9})));
  REQUIRE(nn::L1Loss()(x, y).item<double>() == Approx(5.0 / 3));
  REQUIRE(equal(nn::L1Loss({.reduction = Reduction::none})(x, y), tensor({0, 2, 3})));
  REQUIRE(equal(
      nn::HuberLoss({.reduction = Reduction::none, .delta = 2.5})(x, y), tensor({0, 2, 2.5 * 3 - 3.125})));
  REQUIRE(nn::SmoothL1Loss({.reduction = Reduction::sum, .beta = 4})(x, y).item<double>() == 13.0 / 8);
  REQUIRE(equal(nn::KLDivLoss({.reduction = Reduction::none})(x, y), tensor({-1, 0, -4})));
  REQUIRE(nn::KLDivLoss({.reduction = Reduction::batchmean, .log_target = true})
              .forward(zeros({2, 3}), zeros({2, 3}))
              .item<double>() == 0);
}

TEST_CASE("losses: the weights of binary cross entropy are buffers of the module") {
  const Tensor x = tensor({0.5, 0.25}), y = tensor({1, 0});
  const Tensor weight = tensor({2, 4}), pos_weight = tensor({3, 1});
  REQUIRE(equal(nn::BCELoss()(x, y), binary_cross_entropy(x, y)));
  nn::BCELoss weighted({.reduction = Reduction::none, .weight = weight});
  REQUIRE(equal(weighted(x, y), binary_cross_entropy(x, y, {.reduction = Reduction::none}) * weight));
  nn::BCEWithLogitsLoss both({.reduction = Reduction::sum, .weight = weight, .pos_weight = pos_weight});
  REQUIRE(equal(both(x, y), binary_cross_entropy_with_logits(x, y,
                                {.reduction = Reduction::sum, .weight = weight, .pos_weight = pos_weight})));
  REQUIRE(both.state_dict().size() == 2);
  both.to(DType::float64);
  REQUIRE(both.options.pos_weight.dtype() == DType::float64);
  REQUIRE(pos_weight.dtype() == DType::float32);
  REQUIRE(nn::BCEWithLogitsLoss().state_dict().empty());
}

TEST_CASE("module: to() that changes nothing keeps graphs valid") {
  Net net;
  const Tensor y = net(ones({2, 3})).sum();
  net.to(Device::cpu());
  net.to(DType::float32);
  y.backward();
  REQUIRE(net.first.weight.grad().defined());
}

TEST_CASE("module: an error names what cannot be loaded or moved, and nothing changes") {
  Net net;
  StateDict state = net.state_dict();
  const Tensor weight = net.first.weight.detach().clone();
  state[0].second = zeros({4, 3});
  state[3].second = Tensor();
  REQUIRE(error_of([&] { net.load_state_dict(state); }) == "load_state_dict: \"scale\" is undefined");
  state[3].second = zeros({2});
  net.scale = expand(ones({1}), {2});
  REQUIRE(error_of([&] { net.load_state_dict(state); }) ==
          "load_state_dict: elements of \"scale\" share memory in the module");
  REQUIRE(equal(net.first.weight, weight));
  net.scale = ones({2}, {.requires_grad = true}) * 2;
  REQUIRE(error_of([&] { net.to(DType::float64); }) ==
          "to: \"scale\" is the result of an operation; give the module a detach() of it");
  REQUIRE(net.first.weight.dtype() == DType::float32);
}

TEST_CASE("module: in anomaly mode a NaN is found before anything is loaded") {
  Net net;
  StateDict state = net.state_dict();
  state[0].second = zeros({4, 3});
  state[3].second = full({2}, NAN);
  const AnomalyGuard anomaly;
  const Tensor weight = net.first.weight.detach().clone();
  REQUIRE(
      error_of([&] { net.load_state_dict(state); }).starts_with("anomaly mode: \"clone\" produced a NaN"));
  REQUIRE(equal(net.first.weight, weight));
}

TEST_CASE("module: train() and eval() reach every submodule") {
  struct Outer : nn::Module {
    Net left, right;
    void visit(nn::Visitor& visitor) override {
      visitor("left", left);
      visitor("right", right);
    }
  } outer;
  const auto training = [&] {
    const bool on = outer.is_training();
    for (const nn::Module* module : {static_cast<nn::Module*>(&outer.left),
             static_cast<nn::Module*>(&outer.right.first), static_cast<nn::Module*>(&outer.right.second)})
      REQUIRE(module->is_training() == on);
    return on;
  };
  REQUIRE(training());
  outer.eval();
  REQUIRE_FALSE(training());
  outer.train();
  REQUIRE(training());
  outer.train(false);
  REQUIRE_FALSE(training());
  const Outer moved = std::move(outer);
  REQUIRE_FALSE(moved.is_training());
  REQUIRE_FALSE(moved.left.first.is_training());
  Net part;
  part.first.eval();
  REQUIRE(part.is_training());
  REQUIRE(part.second.is_training());
}

TEST_CASE("module: buffers, modules and children") {
  struct Outer : nn::Module {
    Net left, right;
    Tensor own = ones({1});
    void visit(nn::Visitor& visitor) override {
      visitor("left", left);
      visitor("right", right);
      visitor("again", left);
      visitor.buffer("own", own);
      visitor.buffer("alias", own);
    }
  } outer;
  REQUIRE(names(outer.named_buffers()) == std::vector<std::string>{"left.scale", "right.scale", "own"});
  REQUIRE(outer.buffers()[2].is_same(outer.own));
  REQUIRE(names(outer.named_modules()) == std::vector<std::string>{"", "left", "left.first", "left.second",
                                              "right", "right.first", "right.second"});
  REQUIRE(outer.modules()[0] == &outer);
  REQUIRE(outer.modules()[6] == &outer.right.second);
  REQUIRE(names(outer.named_children()) == std::vector<std::string>{"left", "right"});
  REQUIRE(outer.children() == std::vector<nn::Module*>{&outer.left, &outer.right});
  REQUIRE(outer.right.first.children().empty());
  REQUIRE(outer.num_parameters() == 2 * (12 + 4 + 8));
}

TEST_CASE("module: apply() reaches the inner modules first") {
  Net net;
  std::vector<nn::Module*> order;
  net.apply([&](nn::Module& module) {
    order.push_back(&module);
    if (auto* const linear = dynamic_cast<nn::Linear*>(&module)) nn::init::ones_(linear->weight);
  });
  REQUIRE(order == std::vector<nn::Module*>{&net.first, &net.second, &net});
  REQUIRE(equal(net.second.weight, ones({2, 4})));
}

TEST_CASE("module: requires_grad_() freezes all parameters or none") {
  Net net;
  net.first.requires_grad_(false);
  REQUIRE_FALSE(net.first.weight.requires_grad());
  REQUIRE(net.second.weight.requires_grad());
  net(ones({1, 3})).sum().backward();
  REQUIRE_FALSE(net.first.weight.grad().defined());
  net.requires_grad_();
  REQUIRE(net.first.bias.requires_grad());
  net.second.weight = net.second.weight * 2;
  REQUIRE(error_of([&] {
    net.requires_grad_(false);
  }) == "requires_grad_: \"second.weight\" is the result of an operation; give the module a detach() of it");
  REQUIRE(net.first.weight.requires_grad());
  net.first.bias = ones({4}, {.dtype = DType::int64});
  net.second.weight = zeros({2, 4});
  REQUIRE(error_of([&] { net.requires_grad_(); }) ==
          "requires_grad_: \"first.bias\" is int64; only floating-point tensors have gradients");
  REQUIRE_FALSE(net.second.weight.requires_grad());
}
