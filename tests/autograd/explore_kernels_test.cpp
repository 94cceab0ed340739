// The tape explorer: which kernels ran for each node.
#include <thread>

#include "../support/catch.h"

#include <tenon/autograd/explore/recording.h>
#include <tenon/kernels/observer.h>

#include "../support/tensors.h"

using namespace tenon;
using test::number;

namespace {

using Kernels = std::vector<std::string>;

/// Those of the first node of this operation.
Kernels kernels_of(const std::string& op, const Tensor& loss) {
  Call call("explore", CallSite::current());
  for (const autograd::RecordedNode& node : autograd::record_backward(call, loss, {}).nodes)
    if (node.op == op) return node.kernels;
  throw std::runtime_error("no node " + op);
}

}  // namespace

TEST_CASE("explore: the kernels of a node's pullbacks, with their sizes", "[explore]") {
  const Options options{.requires_grad = true};
  const Tensor a = ones({2, 3}, options), b = ones({3, 4}, options), row = ones({4}, options);
  REQUIRE(kernels_of("matmul", matmul(a, b).square().sum()) ==
          Kernels{"matmul [2, 4] @ [4, 3]", "matmul [3, 2] @ [2, 4]"});
  REQUIRE(kernels_of("add", (matmul(a, b) + row).square().sum()) == Kernels{"reduce sum [2, 4]"});
  REQUIRE(kernels_of("exp", exp(a).sum()) == Kernels{"binary mul [2, 3]"});
  REQUIRE(kernels_of("mse_loss", mse_loss(a, zeros({2, 3}))) == Kernels{"ternary scaled_difference [2, 3]"});
  REQUIRE(kernels_of("mul", (a * a).sum()) ==
          Kernels{"binary mul [2, 3]", "binary mul [2, 3]", "binary add [2, 3]"});
  const Tensor batch = ones({5, 2, 3}, options), other = ones({5, 3, 4}, options);
  REQUIRE(kernels_of("matmul", matmul(batch, other).square().sum()) ==
          Kernels{"matmul 5 × [2, 4] @ [4, 3]", "matmul 5 × [3, 2] @ [2, 4]"});
}

TEST_CASE("explore: the kernels of gradients of gradients", "[explore]") {
  const Tensor x = number(0.5);
  const Tensor slope = autograd::grad({tanh(x)}, {x}, {.create_graph = true})[0];
  REQUIRE(kernels_of("tanh_backward", slope) == Kernels{"binary mul []", "binary mul []", "binary mul []"});
}

TEST_CASE("explore: the kernels of hooks and of stored gradients belong to no node", "[explore]") {
  const Tensor x = ones({3}, {.requires_grad = true});
  x.sum().backward();  // the next gradient is added to this one
  const Tensor y = x * 2;
  y.register_hook([](const Tensor& g) { return exp(g); });
  x.register_hook([](const Tensor& g) { return exp(g); });
  REQUIRE(kernels_of("mul", y.sum()) == Kernels{"binary mul [3]"});
  REQUIRE(kernels::newest_observer == nullptr);
}

TEST_CASE("explore: a pass that fails stops observing kernels", "[explore]") {
  const Tensor x = number(3);
  const Tensor y = autograd::record("broken", CallSite::current(), x.detach() * 2,
      autograd::Input(x, [](const Tensor&) -> Tensor { throw std::runtime_error("stop"); }));
  REQUIRE_THROWS_WITH(kernels_of("broken", y), "stop");
  REQUIRE(kernels::newest_observer == nullptr);
}

TEST_CASE("explore: an observer gets the kernels of its thread, the newest of several first", "[explore]") {
  const Tensor x = ones({3});
  Kernels outer, inner, other;
  kernels::KernelObserver first(outer);
  std::jthread([&] {
    x.sum();
    const kernels::KernelObserver observer(other);
    std::jthread([&] { exp(x); }).join();
    exp(x);
    {
      const kernels::KernelObserver newer(inner);
      x.sum();
    }
    mul(x, x);
  }).join();
  x.abs();
  REQUIRE(inner == Kernels{"reduce sum [3]"});
  REQUIRE(other == Kernels{"unary exp [3]", "binary mul [3]"});
  REQUIRE(outer == Kernels{"unary abs [3]"});
}
