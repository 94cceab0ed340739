// In-place operations: values, gradients, and the calls that are refused.
#include "../support/catch.h"

#include "../support/op_cases.h"
#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

TEST_CASE("in place: gradients and their gradients", "[in_place]") {
  for (const test::OpCase& row : test::in_place_cases()) {
    INFO(row.name << " " << row.label);
    const auto inputs = test::make_inputs(row, DType::float64);
    REQUIRE(autograd::gradcheck(row.call, inputs));
    REQUIRE(autograd::gradgradcheck(row.call, inputs, {.eps = 1e-5, .atol = 1e-4}));
  }
}

TEST_CASE("in place: values, broadcast and strided", "[in_place]") {
  Tensor base = zeros({2, 3});
  base.t().add_(tensor({1, 2}));
  REQUIRE(equal(base, tensor({{1, 1, 1}, {2, 2, 2}})));
  base.select(1, 2).mul_(10);
  REQUIRE(equal(base, tensor({{1, 1, 10}, {2, 2, 20}})));
  base.narrow(0, 0, 1).zero_();
  REQUIRE(equal(base, tensor({{0, 0, 0}, {2, 2, 20}})));
  base.copy_(tensor({1, 2, 3}, {.dtype = DType::int64}));
  REQUIRE(equal(base, tensor({{1, 2, 3}, {1, 2, 3}})));
  base.div_(2).sub_(0.5);
  REQUIRE(equal(base, tensor({{0, 0.5, 1}, {0, 0.5, 1}})));
  Tensor counts = tensor({5, 7}, {.dtype = DType::int64});
  counts.add_(counts).sub_(1);
  REQUIRE(equal(counts, tensor({9, 13}, {.dtype = DType::int64})));
}

TEST_CASE("in place: overlapping source and destination", "[in_place]") {
  Tensor line = arange(5);
  line.narrow(0, 1, 4).copy_(line.narrow(0, 0, 4));
  REQUIRE(equal(line, tensor({0, 0, 1, 2, 3})));
  Tensor square = reshape(arange(4), {2, 2});
  square.add_(square.t());
  REQUIRE(equal(square, tensor({{0, 3}, {3, 6}})));
}

TEST_CASE("in place: random fills reach strided views and count as a write", "[in_place]") {
  manual_seed(1);
  Tensor a = zeros({4, 4});
  a.select(1, 1).normal_(3, 0.5);
  REQUIRE(equal(a.select(1, 0), zeros({4})));
  REQUIRE((a.select(1, 1) != 0).sum().item<std::int64_t>() == 4);
  const auto before = a.version();
  a.uniform_(2, 3);
  REQUIRE(a.version() == before + 1);
  REQUIRE(((a >= 2).sum() + (a < 3).sum()).item<std::int64_t>() == 32);
}

TEST_CASE("in place: calls that are refused change nothing", "[in_place]") {
  Tensor leaf = ones({2, 3}, {.requires_grad = true});
  REQUIRE(error_of([&] { leaf.add_(1); }) ==
          "add_: a leaf that requires a gradient may change only under NoGradGuard");
  Tensor product = leaf * 2;
  Tensor view = product.narrow(0, 0, 1);
  REQUIRE(error_of([&] { view.mul_(2); }) ==
          "mul_: a view that needs a gradient cannot change in place; build a new tensor with "
          "slice_scatter(), select_scatter(), cat() or where(), or change its base");
  Tensor plain = zeros({2, 3});
  Tensor plain_view = plain.narrow(0, 0, 1);
  REQUIRE(error_of([&] { plain_view.add_(leaf.narrow(0, 0, 1)); }) ==
          "add_: a view that needs a gradient cannot change in place; build a new tensor with "
          "slice_scatter(), select_scatter(), cat() or where(), or change its base");
  const Tensor square = product * product;
  REQUIRE(error_of([&] { product.add_(1); }) ==
          "add_: the tensor was saved for the backward pass of another operation, which this write would "
          "invalidate");
  REQUIRE(error_of([&] {
    expand(plain, {4, 2, 3}).add_(1);
  }) == "add_: elements of this tensor of shape [4, 2, 3] share memory; clone() it first");
  REQUIRE(error_of([&] { plain.add_(ones({4})); }) == "add_: shape [4] does not broadcast to [2, 3]");
  REQUIRE(error_of([&] {
    plain.add_(ones({2, 2, 3}));
  }) == "add_: shape [2, 2, 3] does not broadcast to [2, 3]");
  REQUIRE(error_of([&] { plain.add_(ones({3}, {.dtype = DType::float64})); }) ==
          "add_: dtypes differ; float32 and float64; convert one with to(dtype)");
  REQUIRE(error_of([&] { zeros({2}, {.dtype = DType::int64}).div_(2); }) ==
          "div_: needs floating-point numbers; the dtype is int64");
  REQUIRE(error_of([&] { zeros({2}, {.dtype = DType::int64}).add_(0.5); }) ==
          "add_: 0.5 is not a whole number that an int64 tensor can hold exactly");
  REQUIRE(error_of([&] { zeros({2}, {.dtype = DType::boolean}).fill_(2); }) == "fill_: 2 is not a boolean");
  REQUIRE(error_of([&] { plain.normal_(0, -1); }) ==
          "normal_: the deviation must not be negative, and both finite in float32; mean 0, deviation -1");
  REQUIRE(error_of([&] { plain.uniform_(2, 1); }) ==
          "uniform_: the bounds must be finite and in order; they are 2 and 1");
  REQUIRE(equal(plain, zeros({2, 3})));
  REQUIRE(plain.version() == 0);
  REQUIRE(equal(leaf, ones({2, 3})));
  REQUIRE(equal(product, full({2, 3}, 2)));
}

TEST_CASE("in place: a view is stale once the tape has changed its base", "[in_place]") {
  const Tensor leaf = ones({3}, {.requires_grad = true});
  Tensor base = leaf * 2;
  const Tensor view = base.narrow(0, 0, 2);
  base.mul_(3);
  REQUIRE(error_of([&] { view * 2; }) ==
          "mul: the tensor is a view whose base was changed by a recorded in-place operation; take the view "
          "again");
  base.narrow(0, 0, 2).sum().backward();
  REQUIRE(equal(leaf.grad(), tensor({6, 6, 0})));

  Tensor constant = zeros({3});
  const Tensor window = constant.narrow(0, 0, 2);
  constant.add_(leaf);
  REQUIRE_FALSE(error_of([&] { window + 1; }).empty());
}

TEST_CASE("in place: a leaf changes under NoGradGuard and trains on", "[in_place]") {
  Tensor w = ones({3}, {.requires_grad = true});
  {
    const NoGradGuard no_grad;
    w.sub_(0.5);
  }
  REQUIRE(w.is_leaf());
  (w * w).sum().backward();
  REQUIRE(equal(w.grad(), ones({3})));
}

TEST_CASE("in place: a graph through an in-place operation is freed", "[in_place]") {
  int alive = 1;
  static float storage[] = {1, 2, 3};
  {
    const Tensor x = from_blob(storage, {3}, {}, [&](void*) { --alive; });
    const Tensor w = ones({3}, {.requires_grad = true});
    Tensor a = x * w;
    const Tensor b = a + 1;
    a.add_(b);
    a.mul_(w);
  }
  REQUIRE(alive == 0);
}

TEST_CASE("in place: another handle or a view of the tensor as the operand") {
  const Tensor x = tensor({2, 3, 4}, {.requires_grad = true});
  const auto gradient = [&](auto&& write) {
    x.zero_grad();
    Tensor y = x.clone();
    write(y);
    y.sum().backward();
    return x.grad();
  };
  REQUIRE(equal(gradient([](Tensor& y) { y.mul_(y.detach()); }), tensor({2, 3, 4})));
  REQUIRE(allclose(gradient([](Tensor& y) { y.div_(y.detach()); }), tensor({0.5, 1.0 / 3, 0.25})));
  REQUIRE(equal(gradient([](Tensor& y) { y.mul_(y.narrow(0, 0, 1)); }), tensor({11, 2, 2})));
}

TEST_CASE("in place: retain_grad stays with the tensor") {
  const Tensor x = ones({2}, {.requires_grad = true});
  const Tensor y = x * 2;
  y.retain_grad();
  y.add_(1);
  (y * 3).sum().backward();
  REQUIRE(equal(y.grad(), tensor({3, 3})));
}

TEST_CASE("in place: a stale view is refused as a root too") {
  const Tensor x = ones({1}, {.requires_grad = true});
  Tensor y = x * 2;
  const Tensor view = y.reshape({});
  y.mul_(3);
  REQUIRE(error_of([&] { view.backward(); }) ==
          "backward: the tensor is a view whose base was changed by a recorded in-place operation; take the "
          "view again");
}

TEST_CASE("in place: an empty tensor shares no elements", "[in_place]") {
  for (const Shape& shape : {Shape{3, 0}, Shape{0, 3}, Shape{2, 3, 0, 2}}) {
    const Tensor none = zeros(shape);
    none.add_(1).sub_(none).mul_(2).div_(3).copy_(ones(shape)).fill_(4).zero_().normal_().uniform_();
    expand(none, shape).add_(1);
    REQUIRE(none.shape() == shape);
  }
  const nn::Linear layer(0, 3);
  for (int pass = 0; pass < 3; ++pass) layer(zeros({2, 0})).sum().backward();
  REQUIRE(layer.weight.grad().shape() == Shape{3, 0});
  REQUIRE(equal(layer.bias.grad(), tensor({6, 6, 6})));
}

TEST_CASE("in place: replaced elements stay in the graph, with a gradient of zeros", "[in_place]") {
  const Tensor constant = tensor({5, 6});
  const std::vector<std::function<void(const Tensor&)>> writes = {[](const Tensor& y) { y.fill_(3); },
      [](const Tensor& y) { y.zero_(); }, [](const Tensor& y) { y.normal_(); },
      [](const Tensor& y) { y.uniform_(); }, [&](const Tensor& y) { y.copy_(constant); }};
  for (const auto& write : writes) {
    const Tensor x = tensor({1, 2}, {.requires_grad = true});
    const Tensor y = x * 1;
    write(y);
    REQUIRE(y.requires_grad());
    (y * 2 + x).sum().backward();
    REQUIRE(equal(x.grad(), tensor({1, 1})));
    x.zero_grad();
    const Tensor z = x * 1;
    write(z);
    z.sum().backward();
    REQUIRE(equal(x.grad(), tensor({0, 0})));
  }
  const Tensor x = tensor({1, 2}, {.requires_grad = true}), source = tensor({3, 4}, {.requires_grad = true});
  (x * 1).copy_(source).sum().backward();
  REQUIRE(equal(x.grad(), tensor({0, 0})));
  REQUIRE(equal(source.grad(), tensor({1, 1})));
}

TEST_CASE("in place: writing to an unrecorded view of a recorded base is refused", "[in_place]") {
  const std::string text =
      "mul_: this view is not on the tape, but its base needs a gradient, which would miss the change; take "
      "the view "
      "again, or write under NoGradGuard";
  const Tensor w = ones({2}, {.requires_grad = true});
  const Tensor h = w * 1;
  Tensor row, of_row;
  {
    const NoGradGuard no_grad;
    row = h.narrow(0, 0, 1);
    of_row = row.reshape({1, 1});
  }
  REQUIRE(error_of([&] { row.mul_(10); }) == text);
  REQUIRE(error_of([&] { of_row.mul_(10); }) == text);
  REQUIRE(error_of([&] { of_row.select(0, 0).mul_(10); }) == text);
  REQUIRE(error_of([&] { row.mul_(ones({1})); }) == text);
  for (const auto& write : {std::function<void()>([&] { row.add_(1); }), {[&] { row.zero_(); }},
           {[&] { row.copy_(ones({1})); }}, {[&] { row.normal_(); }}, {[&] { row.add_(w.narrow(0, 0, 1)); }}})
    REQUIRE(error_of(write).find("this view is not on the tape") != std::string::npos);
  REQUIRE(equal(h, ones({2})));
  (row * 2).sum();
  {
    const NoGradGuard no_grad;
    row.mul_(10);
  }
  REQUIRE(equal(h, tensor({10, 1})));
}

TEST_CASE(
    "in place: a view that is older than set_requires_grad() may not write into the leaf", "[in_place]") {
  const Tensor w = ones({2});
  const Tensor view = w.narrow(0, 0, 1), detached = w.detach();
  const Tensor of_detached = detached.narrow(0, 0, 1);
  view.mul_(2);
  w.set_requires_grad();
  REQUIRE(error_of([&] { view.mul_(2); }).find("its base needs a gradient") != std::string::npos);
  of_detached.mul_(3);  // deliberately detached
  detached.mul_(2);
  REQUIRE(equal(w, tensor({12, 2})));
  w.set_requires_grad(false);
  view.mul_(2);
  REQUIRE(equal(w, tensor({24, 2})));
  w.set_requires_grad();
  {
    const NoGradGuard no_grad;
    view.mul_(0.5);
  }
  REQUIRE(equal(w, tensor({12, 2})));
  const Tensor other = zeros({2});
  const Tensor of_other = other.narrow(0, 0, 1);
  w.set_data(other);
  of_other.add_(1);  // not a view of w: set_data() starts afresh
  REQUIRE(equal(w, tensor({1, 0})));
}

TEST_CASE("in place: two tensors over the same external memory may overlap", "[in_place]") {
  float values[] = {0, 1, 2, 3, 4};
  const Tensor front = from_blob(values, {4}), back = from_blob(values + 1, {4});
  back.copy_(front);
  REQUIRE(equal(back, tensor({0, 1, 2, 3})));
  back.add_(front);
  REQUIRE(equal(back, tensor({0, 1, 3, 5})));
  back.mul_(front);
  REQUIRE(equal(back, tensor({0, 0, 3, 15})));
}

TEST_CASE("in place: the parameters of normal_() must fit the dtype", "[in_place]") {
  const Tensor x = zeros({2}), wide = zeros({2}, {.dtype = DType::float64});
  REQUIRE(error_of([&] {
    x.normal_(0, 1e300);
  }) == "normal_: the deviation must not be negative, and both finite in float32; mean 0, deviation 1e+300");
  REQUIRE(error_of([&] {
    x.normal_(-1e39, 1);
  }) == "normal_: the deviation must not be negative, and both finite in float32; mean -1e+39, deviation 1");
  REQUIRE(equal(x, zeros({2})));
  wide.normal_(1e39, 1e30);
  REQUIRE((wide > 1e38).sum().item<std::int64_t>() == 2);
}
