// visit(): the names of members, and members that it omits.
#include "../support/catch.h"

#include <algorithm>
#include <functional>
#include <memory>

#include "../support/device.h"
#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

namespace {

/// A module whose visit() is a lambda.
struct Shown : nn::Module {
  explicit Shown(std::function<void(nn::Visitor&)> show) : show_(std::move(show)) {}
  void visit(nn::Visitor& visitor) override { show_(visitor); }
  std::function<void(nn::Visitor&)> show_;
};

std::string error_of_showing(std::function<void(nn::Visitor&)> show) {
  Shown module(std::move(show));
  const std::string text = error_of([&] { module.parameters(); });
  REQUIRE(error_of([&] { module.named_parameters(); }) == text);
  REQUIRE(error_of([&] { module.state_dict(); }) == text);
  REQUIRE(error_of([&] { module.load_state_dict({}); }) == text);
  REQUIRE(error_of([&] { module.to(DType::float64); }) == text);
  return text;
}

/// A module with `count` parameters.
struct Layers : nn::Module {
  explicit Layers(int count) {
    for (int i = 0; i < count; ++i) names.push_back("layer" + std::to_string(i));
    for (int i = 0; i < count; ++i) weights.push_back(zeros({}, {.requires_grad = true}));
  }
  void visit(nn::Visitor& visitor) override {
    for (std::size_t i = 0; i < weights.size(); ++i) visitor(names[i].c_str(), weights[i]);
  }
  std::vector<std::string> names;
  std::vector<Tensor> weights;
};

struct Forgetful : nn::Module {
  nn::Linear first{2, 3}, second{3, 1};
  Tensor scale = ones({1}, {.requires_grad = true}), shift = zeros({1}, {.dtype = DType::float32});
  Tensor operator()(const Tensor& x) { return second(tanh(first(x))) * scale + shift; }
  void visit(nn::Visitor& visitor) override {
    visitor("first", first);
    if (names_second) visitor("second", second);
    if (names_scale) visitor("scale", scale);
    else visitor.buffer("scale", scale);
  }
  bool names_second = true, names_scale = true;
};

}  // namespace

TEST_CASE("visit: a name must be unique, not empty and without a dot") {
  Tensor a = ones({1}), b = ones({1}), none;
  nn::Linear layer(1, 1), other(1, 1);
  Shown inner([&](nn::Visitor& visitor) { visitor("", a); });
  REQUIRE(error_of_showing([&](nn::Visitor& visitor) { visitor("", a); }) ==
          "visit: a name is empty; the module is \"\"");
  REQUIRE(error_of_showing([&](nn::Visitor& visitor) { visitor("inner", inner); }) ==
          "visit: a name is empty; the module is \"inner\"");
  REQUIRE(error_of_showing([&](nn::Visitor& visitor) { visitor("", layer); }) ==
          "visit: a name is empty; the module is \"\"");
  REQUIRE(error_of_showing([&](nn::Visitor& visitor) { visitor.buffer("", none); }) ==
          "visit: a name is empty; the module is \"\"");
  REQUIRE(error_of_showing([&](nn::Visitor& visitor) { visitor(nullptr, a); }) ==
          "visit: a name is null; the module is \"\"");
  REQUIRE(error_of_showing([&](nn::Visitor& visitor) { visitor(nullptr, layer); }) ==
          "visit: a name is null; the module is \"\"");
  REQUIRE(error_of_showing([&](nn::Visitor& visitor) { visitor("a.b", a); }) ==
          "visit: the name \"a.b\" contains a dot, which may only separate names");
  REQUIRE(error_of_showing([&](nn::Visitor& visitor) { visitor("layer.", layer); }) ==
          "visit: the name \"layer.\" contains a dot, which may only separate names");
  REQUIRE(error_of_showing([&](nn::Visitor& visitor) {
    visitor("a", a);
    visitor.buffer("a", b);
  }) == "visit: the name \"a\" is used twice");
  REQUIRE(error_of_showing([&](nn::Visitor& visitor) {
    visitor("a", layer);
    visitor("a", b);
  }) == "visit: the name \"a\" is used twice");
  REQUIRE(error_of_showing([&](nn::Visitor& visitor) {
    visitor("a", none);
    visitor("a", layer);
  }) == "visit: the name \"a\" is used twice");
  Shown twins([&](nn::Visitor& visitor) {
    visitor("same", layer);
    visitor("same", other);
  });
  REQUIRE(error_of_showing([&](nn::Visitor& visitor) { visitor("twins", twins); }) ==
          "visit: the name \"twins.same\" is used twice");
  Shown tied([&](nn::Visitor& visitor) {
    visitor("left", layer);
    visitor("right", layer);
  });
  REQUIRE(tied.state_dict().size() == 4);
}

TEST_CASE("visit: a module that contains itself is an error, not a stack overflow") {
  Shown* inner = nullptr;
  Shown self([&](nn::Visitor& visitor) { visitor("self", *inner); });
  inner = &self;
  REQUIRE(error_of([&] { self.parameters(); }) == "visit: a module contains itself; it is \"self.self\"");
  REQUIRE(error_of([&] { self.zero_grad(); }) == "visit: a module contains itself; it is \"\"");
}

TEST_CASE("visit: a tensor that is a buffer first and a parameter later is a parameter") {
  Tensor a = ones({1}, {.requires_grad = true});
  Shown module([&](nn::Visitor& visitor) {
    visitor.buffer("first", a);
    visitor("second", a);
  });
  REQUIRE(module.named_parameters().size() == 1);
  REQUIRE(module.named_parameters()[0].first == "second");
}

TEST_CASE("visit: a tensor handle local to visit() works as well") {
  const Tensor a = ones({1}, {.requires_grad = true});
  Shown module([&](nn::Visitor& visitor) {
    Tensor handle = a;
    visitor("a", handle);
  });
  module.load_state_dict({{"a", full({1}, 3)}});
  module.to(DType::float64);
  REQUIRE(test::value(a) == 3);
  REQUIRE(a.dtype() == DType::float64);
}

TEST_CASE("visit: collecting many parameters is not quadratic") {
  const int count = test::thorough ? 100000 : 10000;  // a quadratic algorithm would take minutes
  Layers net(count);
  REQUIRE(net.parameters().size() == static_cast<std::size_t>(count));
  for (const Tensor& weight : net.weights) weight.set_grad(ones({}));
  net.zero_grad();
  REQUIRE(std::none_of(
      net.weights.begin(), net.weights.end(), [](const Tensor& w) { return w.grad().defined(); }));
  StateDict state = net.state_dict();
  std::reverse(state.begin(), state.end());
  net.load_state_dict(state);
  net.to(DType::float64);
  REQUIRE(net.weights.back().dtype() == DType::float64);
}

TEST_CASE("check_visit: it finds parameters that visit() does not name") {
  Forgetful net;
  const Tensor x = ones({4, 2});
  nn::check_visit(net, net(x));
  net.names_second = false;
  REQUIRE(
      error_of([&] { nn::check_visit(net, net(x).sum()); }) ==
      "check_visit: visit() does not name each parameter that the result depends on; missing are float32 [1, "
      "3], float32 [1]");
  net.names_second = true;
  net.names_scale = false;
  const Tensor loss = net(x).mean();
  const std::string text =
      "check_visit: visit() does not name each parameter that the result depends on; missing are float32 [1]";
  REQUIRE(error_of([&] { nn::check_visit(net, loss); }) == text);
  loss.backward();
  REQUIRE(error_of([&] { nn::check_visit(net, loss); }) == text);
  REQUIRE(error_of([&] { nn::check_visit(net, net.scale); }) == text);
  REQUIRE(error_of([&] { nn::check_visit(net, x); }) ==
          "check_visit: the result does not depend on any tensor that requires a gradient");
  REQUIRE(error_of([&] { nn::check_visit(net, Tensor()); }) == "check_visit: the result is undefined");
  net.scale.set_requires_grad(false);
  nn::check_visit(net, net(x));
}
