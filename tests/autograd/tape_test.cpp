// The tape: accumulation, roots, versions, modes, anomalies.
#include "../support/catch.h"

#include <tenon/autograd/tape/node.h>
#include <tenon/autograd/tape/record.h>

#include "../support/tensors.h"

using namespace tenon;
using test::at_line;
using test::error_of;
using test::number;
using test::value;

TEST_CASE("tape: a diamond adds up both ways", "[tape]") {
  const Tensor x = number(3);
  const Tensor y = x * x;
  (y * y + y).backward();
  REQUIRE(value(x.grad()) == 4 * 27 + 2 * 3);
}

TEST_CASE("tape: gradients accumulate over passes until they are cleared", "[tape]") {
  const Tensor x = number(2);
  for (int i = 1; i <= 3; ++i) {
    (x * x).backward();
    REQUIRE(value(x.grad()) == 4.0 * i);
  }
  x.zero_grad();
  REQUIRE_FALSE(x.grad().defined());
}

TEST_CASE("tape: an earlier gradient that someone holds is not overwritten", "[tape]") {
  const Tensor x = number(2);
  (x * x).backward();
  const Tensor held = x.grad();
  (x * x).backward();
  REQUIRE(value(held) == 4);
  REQUIRE(value(x.grad()) == 8);
}

TEST_CASE("tape: gradients never share memory with the upstream gradient or each other", "[tape]") {
  const Tensor a = number(1), b = number(2), upstream = tensor(1.0, {.dtype = DType::float64});
  (a + b).backward(upstream);
  a.grad().fill_(7);
  REQUIRE(value(b.grad()) == 1);
  REQUIRE(value(upstream) == 1);
}

TEST_CASE("tape: requirements on the root of a pass", "[tape]") {
  REQUIRE(error_of([] { ones({2}).backward(); }) ==
          "backward: the tensor does not depend on any that requires a gradient");
  const Tensor x = ones({2, 3}, {.requires_grad = true});
  REQUIRE(error_of([&] { (x * 2).backward(); }) ==
          "backward: a tensor of shape [2, 3] has no implicit gradient; pass one, or reduce it to one "
          "element");
  REQUIRE(error_of([&] {
    (x * 2).backward(ones({3, 2}));
  }) == "backward: the gradient is [3, 2], the tensor [2, 3]");
  REQUIRE(error_of([&] {
    (x * 2).backward(ones({2, 3}, {.dtype = DType::float64}));
  }) == "backward: the gradient is float64 on cpu, the tensor float32 on cpu");
  REQUIRE_FALSE(x.grad().defined());
  REQUIRE(error_of([] { Tensor().backward(); }) ==
          "backward: the tensor does not depend on any that requires a gradient");
}

TEST_CASE("tape: a saved input that changed is an error that names the op and both versions", "[tape]") {
  const Tensor w = ones({3}, {.requires_grad = true});
  const Tensor square = w * w;
  {
    const NoGradGuard no_grad;
    w.mul_(2);
  }
  REQUIRE(error_of([&] { square.sum().backward(); }) ==
          "backward: a tensor of shape [3] that was saved for \"mul\" has been modified in place since; it "
          "is at version 1, saved at version 0");
  REQUIRE_FALSE(w.grad().defined());
  REQUIRE(error_of([&] {
    const Tensor y = exp(w);
    y.detach().zero_();
    y.sum().backward();
  }).find("has been modified in place since") != std::string::npos);
}

TEST_CASE("tape: a conversion of dtype passes the gradient back in the dtype of the input", "[tape]") {
  const Tensor x = tensor({1.5, -2.25}, {.dtype = DType::float64, .requires_grad = true});
  const Tensor y = x.to(DType::float32) * 3;
  const Tensor gradient =
      autograd::grad(y, {x}, {.grad_outputs = {tensor({1.0, 0.5})}, .create_graph = true})[0];
  REQUIRE(equal(gradient, tensor({3.0, 1.5}, {.dtype = DType::float64})));
  REQUIRE_FALSE(x.to(DType::int64).requires_grad());
}

TEST_CASE("tape: grad-mode guards nest and restore", "[tape]") {
  const Tensor x = number(2);
  {
    const NoGradGuard no_grad;
    REQUIRE_FALSE((x * x).requires_grad());
    {
      const EnableGradGuard enable;
      REQUIRE((x * x).requires_grad());
    }
    REQUIRE_FALSE((x * x).requires_grad());
  }
  REQUIRE((x * x).requires_grad());
  REQUIRE_FALSE(x.detach().requires_grad());
}

TEST_CASE("tape: the anomaly mode names the line of the operation that produced a NaN", "[tape]") {
  const Tensor x = tensor({0.0, 1.0}, {.dtype = DType::float64, .requires_grad = true});
  const AnomalyGuard anomaly;
  const auto line = CallSite::current().line() + 1;
  REQUIRE(test::full_error_of([&] { log(x - 1); }) ==
          "anomaly mode: \"log\" produced a NaN; the result has shape [2]" + at_line(line));
  const Tensor root = sqrt(x * 0);
  const std::string text = test::full_error_of([&] { (root * 0).sum().backward(); });
  REQUIRE(text == "anomaly mode: the gradient of \"sqrt\" produced a NaN" + at_line(line + 2));
}

TEST_CASE("tape: operators record their line", "[tape]") {
  const Tensor x = number(2);
  const auto line = CallSite::current().line() + 1;
  const Tensor y = x * 2 + x;
  REQUIRE(autograd::node_of(y)->site.line() == line);
  REQUIRE(std::string(autograd::node_of(y)->name) == "add");
}

TEST_CASE("tape: a wrong pullback of a user's own operation is found by shape", "[tape]") {
  const Tensor x = ones({3}, {.requires_grad = true});
  const auto record_double = [&] {
    return autograd::record("double", CallSite::current(), x.detach() * 2,
        autograd::Input(x, [](const Tensor& g) { return g.sum(); }));
  };
  REQUIRE(error_of([&] { record_double().sum().backward(); }) ==
          "backward: \"double\" gave \"leaf\" a gradient of shape [] and dtype float32; expected [3] and "
          "float32");
}

TEST_CASE("tape: set_requires_grad, set_grad and set_data check", "[tape]") {
  const Tensor x = ones({2}, {.requires_grad = true});
  const Tensor y = x * 2;
  REQUIRE(error_of([&] {
    y.set_requires_grad(false);
  }) == "set_requires_grad: the tensor is the result of \"mul\"; only a leaf can change, detach() it first");
  REQUIRE(error_of([&] { ones({2}, {.dtype = DType::int64}).set_requires_grad(); }) ==
          "set_requires_grad: only floating-point tensors have gradients; the dtype is int64");
  REQUIRE(error_of([&] { x.set_grad(ones({3})); }) == "set_grad: the gradient is [3], the tensor [2]");
  REQUIRE(
      error_of([&] { ones({2}).set_grad(ones({2})); }) == "set_grad: the tensor does not require a gradient");
  REQUIRE(error_of([&] { x.set_data(ones({3})); }) == "set_data: shapes differ; [2] and [3]");
  const Tensor handle = x;
  x.set_data(full({2}, 5));
  REQUIRE(handle.data<float>()[0] == 5);
  REQUIRE(error_of([&] { y.sum().backward(); }).empty());  // mul by a number saved nothing
}

TEST_CASE("tape: dot() draws every node", "[tape]") {
  const Tensor x = ones({2}, {.requires_grad = true});
  const std::string text = autograd::dot((x * x).sum());
  REQUIRE(text.starts_with("digraph tape {\n"));
  REQUIRE(text.find("sum\\n[]\\ntape_test.cpp:") != text.npos);
  REQUIRE(text.find("  n1 -> n2;\n  n1 -> n2;\n") != text.npos);
  REQUIRE(text.find("leaf\\n[2]") != text.npos);
}

TEST_CASE("tape: a tensor cannot own itself as its gradient", "[tape]") {
  const std::string text =
      "set_grad: the gradient depends on the tensor, which would then own itself; detach() it first";
  const Tensor x = ones({2}, {.requires_grad = true});
  REQUIRE(error_of([&] { x.set_grad(x); }) == text);
  REQUIRE(error_of([&] { x.set_grad(x * 2); }) == text);
  REQUIRE(error_of([&] { x.set_grad(x.reshape({2})); }) == text);
  const Tensor y = x * 2;
  REQUIRE(error_of([&] { y.set_grad(exp(y)); }) == text);
  REQUIRE_FALSE(x.grad().defined());
  x.set_grad((x * 2).detach());
  const Tensor other = ones({2}, {.requires_grad = true});
  other.set_grad(x);
  REQUIRE(equal(x.grad(), tensor({2, 2})));
}

TEST_CASE("tape: set_requires_grad on a result that needs a gradient already does nothing", "[tape]") {
  const Tensor x = ones({2}, {.requires_grad = true});
  const Tensor y = x * 2;
  y.set_requires_grad();
  y.set_requires_grad(true);
  REQUIRE_FALSE(y.is_leaf());
  y.sum().backward();
  REQUIRE(equal(x.grad(), tensor({2, 2})));
  REQUIRE(error_of([&] {
    y.set_requires_grad(false);
  }).starts_with("set_requires_grad: the tensor is the result"));
}

TEST_CASE("tape: the output of an operation must not be on the tape already", "[tape]") {
  const Tensor x = tensor({1, 2}, {.requires_grad = true});
  const auto reversed = [](const Tensor& out, const Tensor& in) {
    return autograd::record(
        "reverse", CallSite::current(), out, autograd::Input(in, [](const Tensor& g) { return -g; }));
  };
  REQUIRE(error_of([&] { reversed(x, x); }) ==
          "record: the output of \"reverse\" is on the tape already; return a new tensor, such as a detach() "
          "of it");
  REQUIRE(x.is_leaf());
  reversed(x.detach(), x).sum().backward();
  REQUIRE(equal(x.grad(), tensor({-1, -1})));
}

TEST_CASE("tape: grad_fn shows what a tensor was computed from") {
  const Tensor x = ones({2, 3}, requires_grad()), w = ones({3}, requires_grad());
  REQUIRE_FALSE(x.grad_fn());
  REQUIRE_FALSE((x.detach() * 2).grad_fn());
  std::optional<autograd::GradFn> seen;
  {
    const Tensor product = x * w;
    const Tensor y = relu(product + x);
    seen = y.grad_fn();
    REQUIRE(seen == y.grad_fn());
    REQUIRE_FALSE(seen == product.grad_fn());
    REQUIRE(seen->next_functions()[0].next_functions()[0] == *product.grad_fn());
  }
  // The tensors are gone; the tape is not.
  REQUIRE(seen->name() == "relu");
  REQUIRE(seen->shape() == Shape{2, 3});
  REQUIRE(to_string(seen->site()).find("tape_test.cpp:") != std::string::npos);
  const auto below = seen->next_functions();
  REQUIRE(below.size() == 1);
  REQUIRE(below[0].name() == "add");
  const auto inputs = below[0].next_functions();
  REQUIRE(inputs.size() == 2);
  REQUIRE(inputs[0].name() == "mul");
  REQUIRE(inputs[1].name() == "leaf");
  REQUIRE(inputs[0].next_functions()[0] == inputs[1]);
  REQUIRE(inputs[0].next_functions()[1].shape() == Shape{3});
  REQUIRE(inputs[1].next_functions().empty());
}
