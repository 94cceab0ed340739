// Sequential: parts of any type, their names, state and modes.
#include "../support/catch.h"

#include <sstream>

#include <tenon/core/format.h>

#include "../support/files.h"
#include "../support/tensors.h"

using namespace tenon;
using test::at_line;
using test::error_of;
using test::full_error_of;
using test::names;

namespace {

nn::Sequential mlp() { return nn::Sequential{nn::Linear(2, 16), nn::Tanh(), nn::Linear(16, 1)}; }

/// A module as users of PyTorch write one: with forward() alone.
struct Residual : nn::Module {
  nn::Linear inner{2, 2};
  Tensor forward(const Tensor& x) { return x + inner(x); }
  void visit(nn::Visitor& visitor) override { visitor("inner", inner); }
};

}  // namespace

TEST_CASE("sequential: it calls its parts in order") {
  const nn::Sequential model = mlp();
  const Tensor x = randn({5, 2});
  const auto &first = model.at<nn::Linear>(0), &last = model.at<nn::Linear>(-1);
  REQUIRE(equal(model(x), last(tanh(first(x)))));
  REQUIRE(equal(model.forward(x), model(x)));
  REQUIRE(nn::Sequential()(x).is_same(x));
  REQUIRE(nn::Sequential(nn::Identity())(x).is_same(x));
}

TEST_CASE("sequential: a part is a module, a function, a lambda, or another Sequential") {
  nn::Sequential inner{nn::Linear(3, 2)};
  nn::Sequential model(
      Residual(), relu,
      [](const Tensor& x) {
        return cat({x, x.narrow(1, 0, 1)}, 1);
      },
      std::move(inner), nn::Sequential{nn::Linear(2, 1, {.bias = false})});
  const auto twice = [](const Tensor& x) { return 2 * x; };
  model.push_back(twice).push_back("last", nn::Linear(1, 1));
  REQUIRE(names(model.named_parameters()) == std::vector<std::string>{"0.inner.weight", "0.inner.bias",
                                                 "3.0.weight", "3.0.bias", "4.0.weight", "last.weight",
                                                 "last.bias"});
  REQUIRE(model.size() == 7);
  const Tensor x = randn({4, 2}), y = relu(model.at<Residual>(0).forward(x));
  Tensor expected = model.at<nn::Sequential>(3)(cat({y, y.narrow(1, 0, 1)}, 1));
  expected = model.at<nn::Linear>(6)(2 * model.at<nn::Sequential>(4).at<nn::Linear>(0)(expected));
  REQUIRE(equal(model(x), expected));
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<nn::Sequential>);
}

TEST_CASE("sequential: clone() copies every part that can be copied") {
  nn::Sequential model(nn::Linear(2, 3), relu, mlp());
  model.push_back("last", [](const Tensor& x) { return 2 * x; });
  const nn::Sequential copy = nn::clone(model);
  const Tensor x = randn({4, 2});
  REQUIRE(copy.size() == 4);
  REQUIRE(names(nn::clone(copy).named_parameters()) == names(model.named_parameters()));
  REQUIRE(bitwise_equal(copy.at<nn::Sequential>(2)(x), model.at<nn::Sequential>(2)(x)));
  model.at<nn::Linear>(0).weight.detach().zero_();
  REQUIRE(copy.at<nn::Linear>(0).weight.abs().sum().item() > 0);

  model.push_back([only = std::make_unique<int>(2)](const Tensor& y) { return y * *only; });
  REQUIRE(error_of([&] {
    nn::clone(model);
  }).starts_with("clone: a part of a Sequential cannot be copied; it is a"));
  REQUIRE_THROWS([&] { nn::Linear unwanted = model.at<nn::Linear>(0); }());
}

TEST_CASE("sequential: names, state and files are PyTorch's") {
  nn::Sequential model = mlp();
  const std::vector<std::string> expected{"0.weight", "0.bias", "2.weight", "2.bias"};
  REQUIRE(names(model.named_parameters()) == expected);
  REQUIRE(names(model.state_dict()) == expected);
  REQUIRE(model.num_parameters() == 2 * 16 + 16 + 16 + 1);
  const test::TemporaryDirectory directory;
  model.save(directory / "model.safetensors");
  nn::Sequential other = mlp();
  const Tensor x = randn({3, 2});
  REQUIRE_FALSE(equal(other(x), model(x)));
  other.load(directory / "model.safetensors");
  REQUIRE(equal(other(x), model(x)));
  other.to(DType::float64);
  REQUIRE(other(x.to(DType::float64)).dtype() == DType::float64);
  const nn::Sequential moved = std::move(other);
  REQUIRE(moved.size() == 3);
}

TEST_CASE("sequential: it trains, and its modes reach every part") {
  manual_seed(1);
  nn::Sequential model{nn::Linear(2, 32), nn::ReLU(), nn::Sequential{nn::Dropout(0.1), nn::Linear(32, 1)}};
  optim::Adam adam(model.parameters(), 0.01);
  const Tensor x = randn({64, 2}), y = x.narrow(1, 0, 1) * x.narrow(1, 1, 1);
  nn::MSELoss criterion;
  const double before = criterion(model(x), y).item();
  for (int step = 0; step < 100; ++step) {
    adam.zero_grad();
    criterion(model(x), y).backward();
    adam.step();
  }
  model.eval();
  REQUIRE_FALSE(model.at<nn::Sequential>(2)[0].is_training());
  REQUIRE(equal(model(x), model(x)));
  REQUIRE(criterion(model(x), y).item() < 0.2 * before);
  model.train();
  REQUIRE_FALSE(equal(model(x), model(x)));
  nn::check_visit(model, model(x));
}

TEST_CASE("sequential: errors end with the line of the call, and a refused part changes nothing") {
  nn::Sequential model = mlp();
  const std::string text = full_error_of([&] { model(ones({1, 3})); });
  const auto line = CallSite::current().line() - 1;
  REQUIRE(text ==
          "linear: x has 3 features, but weight expects 2; x is [1, 3], weight is [16, 2]" + at_line(line));
  REQUIRE(error_of([&] { model[3]; }) == "sequential: part 3 does not exist; there are 3");
  REQUIRE(error_of([&] { model[-4]; }) == "sequential: part -4 does not exist; there are 3");
  REQUIRE(error_of([&] { model.at<nn::Linear>(1); }) == "at: part 1 has another type; it is a Tanh");
  REQUIRE(error_of([&] { model.push_back("2", nn::ReLU()); }) == "push_back: the name \"2\" is taken");
  REQUIRE(error_of([&] { model.push_back("a.b", nn::ReLU()); }) ==
          "push_back: a name must not be empty or contain a dot; it is \"a.b\"");
  REQUIRE(model.size() == 3);
}

TEST_CASE("module: it prints as in PyTorch") {
  nn::Sequential model{nn::Linear(2, 16), nn::Tanh(), nn::BatchNorm1d(16), nn::LayerNorm(16),
      nn::LayerNorm({4, 4}, {.bias = false}), nn::RMSNorm(16), nn::Embedding(3, 4, {.padding_idx = 0}),
      nn::Embedding(3, 4), nn::Dropout(), nn::Softmax(1), nn::Flatten(),
      nn::Sequential{nn::Linear(2, 1, {.bias = false}), nn::Sequential(nn::ReLU(), relu)}, nn::Sequential(),
      nn::BatchNorm2d(3, {.momentum = {}, .affine = false}), nn::LeakyReLU(), nn::GELU(), nn::Softplus(2),
      nn::Conv2d(1, 16, 3),
      nn::Conv2d(4, 6, {3, 1}, {.stride = 2, .padding = {1, 0}, .dilation = 2, .groups = 2, .bias = false}),
      nn::MaxPool2d(2), nn::AvgPool2d({3, 2}, {.stride = 2}), nn::AdaptiveAvgPool2d({1, 2})};
  const char* const expected = R"(Sequential(
  (0): Linear(in_features=2, out_features=16, bias=true)
  (1): Tanh()
  (2): BatchNorm1d(16, eps=1e-05, momentum=0.1, affine=true, track_running_stats=true)
  (3): LayerNorm((16,), eps=1e-05, elementwise_affine=true, bias=true)
  (4): LayerNorm((4, 4), eps=1e-05, elementwise_affine=true, bias=false)
  (5): RMSNorm((16,), eps=none, elementwise_affine=true)
  (6): Embedding(3, 4, padding_idx=0)
  (7): Embedding(3, 4)
  (8): Dropout(p=0.5)
  (9): Softmax(dim=1)
  (10): Flatten(start_dim=1, end_dim=-1)
  (11): Sequential(
    (0): Linear(in_features=2, out_features=1, bias=false)
    (1): Sequential(
      (0): ReLU()
      (1): Functional()
    )
  )
  (12): Sequential()
  (13): BatchNorm2d(3, eps=1e-05, momentum=none, affine=false, track_running_stats=true)
  (14): LeakyReLU(negative_slope=0.01)
  (15): GELU(approximate=none)
  (16): Softplus(beta=2, threshold=20)
  (17): Conv2d(1, 16, kernel_size=(3, 3), stride=(1, 1))
  (18): Conv2d(4, 6, kernel_size=(3, 1), stride=(2, 2), padding=(1, 0), dilation=(2, 2), groups=2, bias=false)
  (19): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=false)
  (20): AvgPool2d(kernel_size=(3, 2), stride=2, padding=0)
  (21): AdaptiveAvgPool2d(output_size=(1, 2))
))";
  REQUIRE(to_string(model) == expected);
  std::ostringstream out;
  out << model;
  REQUIRE(out.str() == expected);
  REQUIRE(fmt::format("{:>13}|{}", nn::Tanh(), model) == std::string("       Tanh()|") + expected);
  const nn::Linear alone(1, 1);
  REQUIRE(to_string(alone) == "Linear(in_features=1, out_features=1, bias=true)");
  REQUIRE(to_string(nn::CrossEntropyLoss()) == "CrossEntropyLoss()");
  struct Scaled : nn::Module {
    Residual inside;
    void visit(nn::Visitor& visitor) override { visitor("inside", inside); }
    std::string extra_repr() const override { return "factor=2"; }
  };
  REQUIRE(to_string(Scaled()) == R"(Scaled(
  factor=2
  (inside): Residual(
    (inner): Linear(in_features=2, out_features=2, bias=true)
  )
))");
}
