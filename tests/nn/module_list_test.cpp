// ModuleList: its modules, their names and state.
#include "../support/catch.h"

#include <tenon/tenon.h>

#include "../support/errors.h"
#include "../support/tensors.h"

using namespace tenon;
using test::error_of;
using test::names;

namespace {

struct Stack : nn::Module {
  nn::ModuleList<nn::Linear> layers;
  explicit Stack(int depth) {
    for (int i = 0; i < depth; ++i) layers.push_back(nn::Linear(4, 4));
  }
  Tensor operator()(Tensor x) {
    for (const nn::Linear& layer : layers) x = relu(layer(x));
    return x;
  }
  void visit(nn::Visitor& visitor) override { visitor("layers", layers); }
};

}  // namespace

TEST_CASE("module_list: its modules are parts, named by their position") {
  Stack stack(2);
  REQUIRE(names(stack.named_parameters()) ==
          std::vector<std::string>{"layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"});
  const Tensor x = randn({3, 4}), y = stack(x);
  REQUIRE(equal(y, relu(stack.layers[1](relu(stack.layers[0](x))))));
  nn::check_visit(stack, y);
  Stack other(2);
  other.load_state_dict(stack.state_dict());
  REQUIRE(equal(other(x), y));
  stack.eval();
  REQUIRE_FALSE(stack.layers[-1].is_training());
  REQUIRE(to_string(stack.layers) == R"(ModuleList(
  (0): Linear(in_features=4, out_features=4, bias=true)
  (1): Linear(in_features=4, out_features=4, bias=true)
))");
}

TEST_CASE("module_list: it grows, moves and can be empty") {
  nn::ModuleList<nn::Linear> list;
  REQUIRE(list.is_empty());
  REQUIRE(list.parameters().empty());
  std::vector<Tensor> weights;
  for (int i = 0; i < 20; ++i) {
    list.push_back(nn::Linear(1, 1));
    weights.push_back(list[-1].weight);
  }
  nn::ModuleList<nn::Linear> moved = std::move(list);
  REQUIRE(moved.size() == 20);
  for (std::int64_t i = 0; i < 20; ++i)
    REQUIRE(moved[i].weight.is_same(weights[static_cast<std::size_t>(i)]));
  const nn::ModuleList<nn::Linear> copy = nn::clone(moved);
  REQUIRE(equal(copy[19].weight, moved[19].weight));
  REQUIRE_FALSE(copy[19].weight.is_same(moved[19].weight));
  std::vector<nn::ModuleList<nn::Linear>> lists;
  lists.push_back(std::move(moved));
  nn::ModuleList<nn::ModuleList<nn::Linear>> nested(std::move(lists));
  REQUIRE(names(nested.named_parameters())[39] == "0.19.bias");
  REQUIRE(error_of([&] { nested[1]; }) == "module_list: module 1 does not exist; there are 1");
  REQUIRE(
      error_of([&] { std::as_const(nested)[-2]; }) == "module_list: module -2 does not exist; there are 1");
}
