// Basics of tensors: creation, elements, views, printing.
#include "../support/catch.h"

#include <cmath>
#include <limits>
#include <sstream>

#include <fmt/format.h>

#include <tenon/core/format.h>

#include <tenon/core/cuda/backend.h>

#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

TEST_CASE("tensor: creation") {
  REQUIRE(equal(zeros({2, 2}), tensor({{0, 0}, {0, 0}})));
  REQUIRE(equal(ones({3}, {.dtype = DType::int64}), tensor({1, 1, 1}, {.dtype = DType::int64})));
  REQUIRE(equal(full({2}, 2.5, {.dtype = DType::float64}), tensor({2.5, 2.5}, {.dtype = DType::float64})));
  REQUIRE(equal(full({2}, 1, {.dtype = DType::boolean}), tensor({1, 1}, {.dtype = DType::boolean})));
  REQUIRE(equal(zeros_like(ones({2})), zeros({2})));
  REQUIRE(equal(ones_like(zeros({2}, {.dtype = DType::int64})), ones({2}, {.dtype = DType::int64})));
  REQUIRE(equal(arange(4), tensor({0, 1, 2, 3})));
  REQUIRE(equal(arange(5, 0, -2), tensor({5, 3, 1})));
  REQUIRE(equal(arange(1, 2, 0.25), tensor({1, 1.25, 1.5, 1.75})));
  REQUIRE(arange(3, 1).numel() == 0);
  REQUIRE(equal(linspace(0, 1, 5), tensor({0, 0.25, 0.5, 0.75, 1})));
  REQUIRE(equal(linspace(3, 9, 1), tensor({3})));
  REQUIRE(equal(eye(2), tensor({{1, 0}, {0, 1}})));
  REQUIRE(equal(eye(2, 3, {}), tensor({{1, 0, 0}, {0, 1, 0}})));
  REQUIRE(equal(eye(3, 2, {}), tensor({{1, 0}, {0, 1}, {0, 0}})));
  REQUIRE(empty({2, 0, 3}).numel() == 0);
  REQUIRE(zeros({}).dim() == 0);
  REQUIRE(ones({2}, {.requires_grad = true}).requires_grad());
}

TEST_CASE("tensor: nested braces") {
  REQUIRE(tensor(5).shape() == Shape{});
  REQUIRE(tensor({{1}, {2}}).shape() == Shape{2, 1});
  REQUIRE(tensor({{{1, 2}, {3, 4}}}).shape() == Shape{1, 2, 2});
  REQUIRE(tensor({9007199254740993}, {.dtype = DType::int64}).item<std::int64_t>() == 9007199254740993);
  REQUIRE(error_of([] {
    tensor({{1, 2}, {3}});
  }) == "tensor: the nested lists differ in length; [2] and [1]");
  REQUIRE(error_of([] { tensor({1.5}, {.dtype = DType::int64}); }) == "tensor: 1.5 is not an int64");
  REQUIRE(error_of([] { tensor({2}, {.dtype = DType::boolean}); }) == "tensor: 2 is not a boolean");
  const float values[] = {1, 2, 3, 4};
  REQUIRE(equal(tensor(values, {2, 2}), tensor({{1, 2}, {3, 4}})));
  REQUIRE(error_of([&] { tensor(values, {3}); }) == "tensor: 4 values for shape [3]");
}

TEST_CASE("tensor: random creation depends only on seed and call") {
  manual_seed(7);
  const Tensor a = randn({5}), b = randn({5});
  manual_seed(7);
  REQUIRE(equal(randn({5}), a));
  REQUIRE(equal(randn({5}), b));
  REQUIRE_FALSE(equal(a, b));
  Generator mine(7);
  REQUIRE(equal(randn({5}, mine), a));
  const Tensor u = rand({1000}, mine);
  REQUIRE(((u >= 0).sum() + (u < 1).sum()).item<std::int64_t>() == 2000);
  const Tensor integers = randint(-2, 3, {1000}, mine);
  REQUIRE(integers.dtype() == DType::int64);
  for (std::int64_t value = -2; value < 3; ++value)
    REQUIRE((integers == static_cast<double>(value)).sum().item<std::int64_t>() > 120);
  REQUIRE(((integers < -2).sum() + (integers > 2).sum()).item<std::int64_t>() == 0);
  const Tensor order = randperm(50, mine);
  REQUIRE(equal(index_select(order, 0, order) * 0, zeros({50}, {.dtype = DType::int64})));
  REQUIRE(order.sum().item<std::int64_t>() == 49 * 25);
  REQUIRE(std::abs(randn({20000}, mine).mean().item<double>()) < 0.03);
}

TEST_CASE("tensor: a longer draw begins with the shorter one") {
  Generator a(3), b(3);
  REQUIRE(equal(randn({1000}, a).narrow(0, 0, 10), randn({10}, b)));
}

TEST_CASE("tensor: creation refuses invalid arguments") {
  REQUIRE(error_of([] { zeros({2, -1}); }) == "zeros: sizes must not be negative; the shape is [2, -1]");
  REQUIRE(error_of([] {
    empty({1 << 30, 1 << 30});
  }) == "empty: the shape [1073741824, 1073741824] has too many elements");
  REQUIRE(error_of([] { empty({std::int64_t{1} << 50}); }) ==
          "empty: out of memory; 4503599627370560 bytes were requested");
  REQUIRE(error_of([] { Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}; }) == "shape: at most 8 dimensions; got 9");
  REQUIRE(error_of([] { ones({2}, {.dtype = DType::int64, .requires_grad = true}); }) ==
          "ones: only floating-point tensors have gradients; the dtype is int64");
  REQUIRE(error_of([] { full({2}, 0.5, {.dtype = DType::int64}); }) ==
          "full: 0.5 is not a whole number that an int64 tensor can hold exactly");
  REQUIRE(error_of([] { full({2}, 2, {.dtype = DType::boolean}); }) == "full: 2 is not a boolean");
  REQUIRE(error_of([] { arange(0, 1, 0); }) ==
          "arange: needs finite bounds and a step that is not 0; they are 0, 1 and 0");
  REQUIRE(error_of([] { arange(0, 2, 0.5, {.dtype = DType::int64}); }) ==
          "arange: int64 needs a whole start and step, and bounds below 2^53; they are 0, 0.5 and 2");
  REQUIRE(error_of([] { linspace(0, 1, 3, {.dtype = DType::int64}); }) ==
          "linspace: needs floating-point numbers; the dtype is int64");
  REQUIRE(error_of([] { linspace(0, 1, -3); }) == "linspace: sizes must not be negative; the shape is [-3]");
  REQUIRE(error_of([] { randn({2}, {.dtype = DType::int64}); }) ==
          "randn: needs floating-point numbers; the dtype is int64");
  REQUIRE(error_of([] { randint(3, 3, {2}); }) == "randint: the range [3, 3) is empty");
  REQUIRE(error_of([] { randperm(3, {.dtype = DType::float32}); }) ==
          "randperm: the result is int64; the requested dtype is float32");
  REQUIRE(error_of([] { randperm(-1); }) == "randperm: sizes must not be negative; the shape is [-1]");
}

TEST_CASE("tensor: CUDA without CUDA is a clear error") {
  if (cuda::is_available()) return tenon::test::skip("this machine has CUDA");
  const std::string text = error_of([] { zeros({2}, {.device = Device::cuda()}); });
  if (cuda::built_with_cuda)
    REQUIRE(text.starts_with("zeros: cuda:0 was requested, but there is no CUDA device: "));
  else REQUIRE(text == "zeros: cuda:0 was requested, but tenon was built without CUDA");
  REQUIRE(error_of([] { ones({2}).to(Device::cuda(1)); }).starts_with("to: cuda:1 was requested"));
}

TEST_CASE("tensor: from_blob borrows memory and calls the deleter") {
  int freed = 0;
  float values[] = {1, 2, 3, 4};
  {
    Tensor view;
    {
      const Tensor a = from_blob(values, {2, 2}, {}, [&](void* p) {
        REQUIRE(p == values);
        ++freed;
      });
      view = a.select(0, 1);
    }
    REQUIRE(freed == 0);
    view.fill_(9);
  }
  REQUIRE(freed == 1);
  REQUIRE(values[3] == 9);
  REQUIRE(error_of([] { from_blob(nullptr, {2}); }) == "from_blob: the pointer is null; the shape is [2]");
  REQUIRE(error_of([&] { from_blob(reinterpret_cast<char*>(values) + 1, {2}); }) ==
          "from_blob: the pointer is not aligned for float32");
  REQUIRE(error_of([&] { from_blob(values, {-2}); }) ==
          "from_blob: sizes must not be negative; the shape is [-2]");
}

TEST_CASE("tensor: data() needs a contiguous tensor of the right type") {
  Tensor a = reshape(arange(6), {2, 3});
  REQUIRE(a.data<float>()[4] == 4);
  const auto version = a.version();
  a.mutable_data<float>()[0] = 7;
  REQUIRE(a.version() == version + 1);
  REQUIRE(error_of([&] { a.data<double>(); }) == "data: the tensor holds float32, not float64");
  REQUIRE(error_of([&] { a.t().data<float>(); }) ==
          "data: the view of shape [3, 2] is not contiguous; call contiguous()");
  REQUIRE(error_of([] { Tensor().shape(); }) ==
          "tensor: a tensor is undefined; assign one to it before it is used");
}

TEST_CASE("tensor: item converts values that fit") {
  REQUIRE(tensor(2.0).item<std::int64_t>() == 2);
  REQUIRE(tensor(3, {.dtype = DType::int64}).item<double>() == 3);
  REQUIRE(tensor({{1.5}}).item<float>() == 1.5f);
  REQUIRE(tensor(1).item<bool>());
  REQUIRE(std::isnan(tensor(std::nan("")).item<double>()));
  REQUIRE(error_of([] { ones({2}).item<float>(); }) == "item: needs one element; the shape is [2]");
  REQUIRE(error_of([] { tensor(2.5).item<std::int64_t>(); }) == "item: 2.5 is not an int64");
  REQUIRE(error_of([] { tensor(std::nan("")).item<std::int64_t>(); }) == "item: nan is not an int64");
  REQUIRE(error_of([] { tensor(1e300, {.dtype = DType::float64}).item<float>(); }) ==
          "item: 1e+300 does not fit a float32");
  REQUIRE(error_of([] { tensor(16777217, {.dtype = DType::int64}).item<float>(); }) ==
          "item: 16777217 does not fit a float32 exactly");
  REQUIRE(error_of([] { tensor(2).item<bool>(); }) == "item: 2 is not a boolean");
}

TEST_CASE("tensor: views share, copies do not") {
  Tensor a = reshape(arange(6), {2, 3});
  a.t().select(0, 0).fill_(9);
  REQUIRE(equal(a, tensor({{9, 1, 2}, {9, 4, 5}})));
  Tensor copy = a.clone();
  copy.fill_(0);
  REQUIRE(a.at({0, 0}).item<float>() == 9);
  REQUIRE(a.contiguous().is_same(a));
  REQUIRE(a.t().contiguous().is_contiguous());
  REQUIRE(a.to(DType::float32).is_same(a));
  const Tensor kept = [] { return arange(4).narrow(0, 2, 2); }();
  REQUIRE(equal(kept, tensor({2, 3})));
}

TEST_CASE("tensor: reshape returns a view where strides allow it and copies otherwise") {
  const Tensor base = reshape(arange(24), {2, 3, 4});
  REQUIRE(reshape(base.narrow(1, 0, 2), {2, 8}).raw() == base.raw());
  REQUIRE(reshape(base.transpose(0, 1), {3, 8}).raw() != base.raw());
  REQUIRE(equal(reshape(base.transpose(0, 1), {3, 8}).select(0, 1), tensor({4, 5, 6, 7, 16, 17, 18, 19})));
  REQUIRE(reshape(base.select(2, 1), {6, 1}).raw() == base.select(2, 1).raw());
}

TEST_CASE("tensor: shape operations refuse invalid arguments") {
  const Tensor a = zeros({2, 3});
  REQUIRE(error_of([&] { reshape(a, {4}); }) == "reshape: [2, 3] has 6 elements, [4] has 4");
  REQUIRE(error_of([&] {
    reshape(a, {-1, -1});
  }) == "reshape: only one size may be -1; the shape is [-1, -1]");
  REQUIRE(error_of([&] { reshape(a, {4, -1}); }) == "reshape: [2, 3] does not fit into [4, -1]");
  REQUIRE(error_of([&] {
    reshape(a, {-2, 3});
  }) == "reshape: sizes must not be negative; the shape is [-2, 3]");
  REQUIRE(error_of([&] { narrow(a, 1, 2, 2); }) ==
          "narrow: elements 2 to 2 + 2 are out of range; dimension 1 of [2, 3] has 3");
  REQUIRE(error_of([&] { narrow(a, 2, 0, 1); }) ==
          "narrow: dimension 2 is out of range for a tensor with 2 dimensions");
  REQUIRE(
      error_of([&] { select(a, 0, 2); }) == "select: index 2 is out of range; dimension 0 of [2, 3] has 2");
  REQUIRE(error_of([&] { slice(a, 0, {.step = 0}); }) == "slice: the step must be positive; it is 0");
  REQUIRE(error_of([&] { expand(a, {2, 2, 4}); }) == "expand: shape [2, 3] does not broadcast to [2, 2, 4]");
  REQUIRE(error_of([&] {
    expand(a, {-1, 2, 3});
  }) == "expand: size -1 of dimension 0 is negative; the shape is [2, 3]");
  REQUIRE(error_of([&] { permute(a, {0}); }) == "permute: 1 dimensions for a tensor of shape [2, 3]");
  REQUIRE(error_of([&] { permute(a, {0, 0}); }) == "permute: dimension 0 is named twice");
  REQUIRE(error_of([] { t(zeros({1, 2, 3})); }) == "t: needs at most two dimensions; the shape is [1, 2, 3]");
  REQUIRE(error_of([&] { flatten(a, 1, 0); }) == "flatten: start_dim 1 comes after end_dim 0");
  REQUIRE(error_of([&] { a.at({1}); }) == "at: needs one index per dimension; 1 were given for shape [2, 3]");
  REQUIRE(error_of([&] { a.size(2); }) == "size: dimension 2 is out of range for a tensor with 2 dimensions");
}

TEST_CASE("tensor: operations refuse incompatible operands") {
  const Tensor a = zeros({2, 3}), d = zeros({2, 3}, {.dtype = DType::float64}),
               i = zeros({2, 3}, {.dtype = DType::int64}), b = zeros({2, 3}, {.dtype = DType::boolean});
  REQUIRE(error_of([&] { a + zeros({2}); }) == "add: shapes [2, 3] and [2] do not broadcast");
  REQUIRE(error_of([&] { a* d; }) == "mul: dtypes differ; float32 and float64; convert one with to(dtype)");
  REQUIRE(error_of([&] { i / i; }) == "div: needs floating-point numbers; the dtype is int64");
  REQUIRE(error_of([&] { b + b; }) == "add: needs numbers; the dtype is boolean");
  REQUIRE(
      error_of([&] { i * 0.5; }) == "mul: 0.5 is not a whole number that an int64 tensor can hold exactly");
  REQUIRE(error_of([&] { exp(i); }) == "exp: needs floating-point numbers; the dtype is int64");
  REQUIRE(error_of([&] { mean(i); }) == "mean: needs floating-point numbers; the dtype is int64");
  REQUIRE(error_of([&] { mean(zeros({0})); }) == "mean: there are no elements to average; the shape is [0]");
  REQUIRE(error_of([&] { sum(a, {0, 0}); }) == "sum: dimension 0 is named twice");
  REQUIRE(
      error_of([&] { sum(a, {2}); }) == "sum: dimension 2 is out of range for a tensor with 2 dimensions");
  REQUIRE(error_of([&] { clamp(a, 2, 1); }) == "clamp: the bounds must be in order; they are 2 and 1");
  REQUIRE(error_of([&] { where(a, a, a); }) == "where: the condition must be boolean; its dtype is float32");
  REQUIRE(error_of([&] { matmul(a, a); }) == "matmul: inner dimensions differ; a is [2, 3], b is [2, 3]");
  REQUIRE(error_of([&] { matmul(a, zeros({})); }) ==
          "matmul: the operands need at least one dimension; a is [2, 3], b is []");
  REQUIRE(error_of([&] { matmul(zeros({2}), zeros({3})); }) ==
          "matmul: inner dimensions differ; a is [2], b is [3]");
  REQUIRE(error_of([&] {
    matmul(zeros({2, 4, 2, 3}), zeros({3, 3, 2}));
  }) == "matmul: the batch dimensions do not broadcast; a is [2, 4, 2, 3], b is [3, 3, 2]");
  REQUIRE(
      error_of([&] { mm(a, zeros({3})); }) == "mm: both operands must be matrices; a is [2, 3], b is [3]");
  REQUIRE(error_of([&] { mv(a, a); }) == "mv: needs a matrix and a vector; a is [2, 3], b is [2, 3]");
  REQUIRE(error_of([&] { bmm(a, a); }) ==
          "bmm: both operands must be batches of matrices; a is [2, 3], b is [2, 3]");
  REQUIRE(error_of([&] {
    bmm(zeros({2, 1, 3}), zeros({1, 3, 1}));
  }) == "bmm: the batches have different sizes; a is [2, 1, 3], b is [1, 3, 1]");
  REQUIRE(error_of([&] {
    linear(zeros({}), zeros({1, 1}));
  }) == "linear: x needs at least one dimension, and weight must be a matrix; x is [], weight is [1, 1]");
  REQUIRE(error_of([&] { matmul(i, i.t()); }) == "matmul: needs floating-point numbers; the dtype is int64");
  REQUIRE(error_of([&] {
    linear(a, zeros({4, 2}));
  }) == "linear: x has 3 features, but weight expects 2; x is [2, 3], weight is [4, 2]");
  REQUIRE(error_of([&] {
    linear(a, zeros({4, 3}), zeros({3}));
  }) == "linear: the bias must be [4]; it is [3], weight is [4, 3]");
  REQUIRE(error_of([] { cat({}); }) == "cat: needs at least one tensor");
  REQUIRE(error_of([&] {
    cat({a, zeros({2, 4})});
  }) == "cat: tensor 1 of shape [2, 4] does not fit [2, 3] along dimension 0");
  REQUIRE(error_of([&] { stack({a, zeros({3, 2})}); }) == "stack: tensor 1 is [3, 2], the first is [2, 3]");
  REQUIRE(error_of([&] { index_select(a, 0, tensor({0.0})); }) ==
          "index_select: the index must be a vector of int64; it is float32 [1]");
  REQUIRE(error_of([&] {
    index_select(a, 1, tensor({0, 3}, {.dtype = DType::int64}));
  }) == "index_select: index 3 at position 1 is out of range; dimension 1 has size 3");
  REQUIRE(error_of([&] {
    mse_loss(a, zeros({3, 2}));
  }) == "mse_loss: shapes differ; the input is [2, 3], the target [3, 2]");
  REQUIRE(error_of([&] { l1_loss(zeros({0}), zeros({0})); }) ==
          "l1_loss: there are no elements to average; the shape is [0]");
}

TEST_CASE("tensor: integers and booleans") {
  const Tensor i = tensor({5, -7, 2}, {.dtype = DType::int64});
  REQUIRE(equal(i * i - 1, tensor({24, 48, 3}, {.dtype = DType::int64})));
  REQUIRE(equal(-i, tensor({-5, 7, -2}, {.dtype = DType::int64})));
  REQUIRE(equal(abs(i), tensor({5, 7, 2}, {.dtype = DType::int64})));
  REQUIRE(equal(clamp(i, -1, 3), tensor({3, -1, 2}, {.dtype = DType::int64})));
  REQUIRE(equal(maximum(i, zeros_like(i)), tensor({5, 0, 2}, {.dtype = DType::int64})));
  REQUIRE(i.sum().item<std::int64_t>() == 0);
  const Tensor positive = i > 0;
  REQUIRE(positive.dtype() == DType::boolean);
  REQUIRE(positive.sum().item<std::int64_t>() == 2);
  REQUIRE(positive.sum().dtype() == DType::int64);
  REQUIRE(equal(where(positive, i, 0.0), tensor({5, 0, 2}, {.dtype = DType::int64})));
  REQUIRE(equal(i.to(DType::float64), tensor({5, -7, 2}, {.dtype = DType::float64})));
  REQUIRE(equal(tensor({1.9, -1.9, 0}).to(DType::int64), tensor({1, -1, 0}, {.dtype = DType::int64})));
}

TEST_CASE("tensor: comparisons, with NaN") {
  const double nan = std::nan("");
  const Tensor a = tensor({1.0, nan, 3.0}), b = tensor({2.0, nan, 3.0});
  const auto is = [](const Tensor& found, std::initializer_list<TensorData> expected) {
    return equal(found, tensor(expected, {.dtype = DType::boolean}));
  };
  REQUIRE(is(a == b, {0, 0, 1}));
  REQUIRE(is(a != b, {1, 1, 0}));
  REQUIRE(is(a < b, {1, 0, 0}));
  REQUIRE(is(a <= b, {1, 0, 1}));
  REQUIRE(is(a > b, {0, 0, 0}));
  REQUIRE(is(a >= b, {0, 0, 1}));
  REQUIRE(is(a >= 2, {0, 0, 1}));
  REQUIRE(is(a == 1, {1, 0, 0}));
  REQUIRE(is(a != 1, {0, 1, 1}));
  REQUIRE(is(a < 2, {1, 0, 0}));
  REQUIRE(is(a <= 1, {1, 0, 0}));
  REQUIRE(is(a > 1, {0, 0, 1}));
  REQUIRE_FALSE(equal(a, a));
  REQUIRE_FALSE(allclose(a, a));
  REQUIRE(allclose(tensor({1.0, 2.0}), tensor({1.0 + 1e-6, 2.0})));
  REQUIRE_FALSE(allclose(tensor({1.0, 2.0}), tensor({1.0 + 1e-4, 2.0})));
  const double inf = std::numeric_limits<double>::infinity();
  REQUIRE(allclose(tensor({inf}), tensor({inf})));
  REQUIRE_FALSE(allclose(tensor({inf}), tensor({-inf})));
  REQUIRE_FALSE(equal(zeros({2}), zeros({2}, {.dtype = DType::float64})));
  REQUIRE_FALSE(equal(zeros({2}), zeros({1, 2})));
}

TEST_CASE("tensor: bitwise_equal") {
  const float next = std::nextafter(1.0f, 2.0f);
  REQUIRE(bitwise_equal(tensor({1.0, 0.0}), tensor({1.0, 0.0})));
  REQUIRE_FALSE(bitwise_equal(tensor({1.0, 0.0}), tensor({1.0, -0.0})));
  REQUIRE_FALSE(bitwise_equal(tensor({1.0, 2.0}), tensor({next, 2.0f})));
  REQUIRE_FALSE(bitwise_equal(zeros({2}), zeros({2}, {.dtype = DType::float64})));
  REQUIRE_FALSE(bitwise_equal(ones({2}), ones({1, 2})));
  // NaN as written by x86 and by NVIDIA GPUs, and a third one.
  std::uint32_t nans[] = {0xffc00000, 0x7fffffff, 0x7f800001};
  const Tensor payloads = from_blob(reinterpret_cast<float*>(nans), {3});
  REQUIRE(bitwise_equal(payloads, full({3}, std::nan(""))));
  REQUIRE_FALSE(bitwise_equal(payloads, full({3}, std::numeric_limits<double>::infinity())));
  REQUIRE_FALSE(bitwise_equal(ones({3}), payloads));
  const Tensor matrix = arange(12).reshape({3, 4});
  REQUIRE(bitwise_equal(matrix.t(), matrix.t().contiguous()));
  REQUIRE(bitwise_equal(slice(matrix, 1, {.start = 1, .step = 2}), tensor({{1, 3}, {5, 7}, {9, 11}})));
  REQUIRE_FALSE(bitwise_equal(matrix.t(), matrix.reshape({4, 3})));
  REQUIRE(bitwise_equal(expand(ones({1}), {2, 3}), ones({2, 3})));
  REQUIRE(bitwise_equal(zeros({0, 3}), ones({0, 3})));
  REQUIRE_FALSE(bitwise_equal(zeros({0, 3}), zeros({3, 0})));
  REQUIRE(bitwise_equal(tensor(2), tensor(2)));
  REQUIRE_FALSE(bitwise_equal(tensor(2), tensor({2})));
  for (const DType dtype : {DType::int64, DType::boolean}) {
    REQUIRE(bitwise_equal(tensor({1, 0}, {.dtype = dtype}), tensor({1, 0}, {.dtype = dtype})));
    REQUIRE_FALSE(bitwise_equal(tensor({1, 0}, {.dtype = dtype}), tensor({1, 1}, {.dtype = dtype})));
  }
  REQUIRE(bitwise_equal(ones({2}, {.requires_grad = true}) * 2, full({2}, 2)));
  REQUIRE(error_of([] { bitwise_equal(ones({2}), Tensor()); }) ==
          error_of([] { equal(ones({2}), Tensor()); }).replace(0, 5, "bitwise_equal"));
}

TEST_CASE("tensor: printing") {
  REQUIRE(to_string(tensor(1.5)) == "tensor(1.5)");
  REQUIRE(to_string(tensor({1, 2}, {.dtype = DType::int64})) == "tensor([1, 2], dtype=int64)");
  REQUIRE(to_string(tensor({{1, 0}, {0, 1}}, {.dtype = DType::boolean})) ==
          "tensor([[true, false],\n        [false, true]], shape=[2, 2], dtype=boolean)");
  REQUIRE(to_string(ones({2}, {.requires_grad = true})) == "tensor([1, 1], requires_grad=true)");
  REQUIRE(to_string(zeros({0, 3})) == "tensor([], shape=[0, 3])");
  REQUIRE(to_string(arange(2000)) == "tensor([0, 1, 2, ..., 1997, 1998, 1999])");
  REQUIRE(to_string(Tensor()) == "tensor(undefined)");
  std::ostringstream out;
  out << tensor({0.1}).t() << " " << Shape{2, 3} << " " << DType::float64 << " " << Device::cuda(1);
  REQUIRE(out.str() == "tensor([0.1]) [2, 3] float64 cuda:1");
  REQUIRE(fmt::format("{} {} {} {}", tensor(2), Shape{1}, DType::boolean, Device::cpu()) ==
          "tensor(2) [1] boolean cpu");
}

TEST_CASE("tensor: blocks of many sizes are reused") {
  for (std::int64_t n = 1; n < 400000; n = n * 3 / 2 + 1) {
    Tensor a = full({n}, 1);
    REQUIRE(a.sum().item<float>() == static_cast<float>(n));
  }
}

TEST_CASE("device: an index that does not fit is refused, not truncated") {
  REQUIRE(to_string(Device::cuda(127)) == "cuda:127");
  for (const int index : {128, 256, -1})
    REQUIRE(error_of([&] { Device::cuda(index); }) ==
            "device: the index of a CUDA device must be from 0 to 127; it is " + std::to_string(index));
  REQUIRE(error_of([] { Device(kCPU, 1); }) == "device: the index of the CPU must be 0; it is 1");
}

TEST_CASE("device: a type and a name convert to it") {
  REQUIRE(Device() == Device::cpu());
  REQUIRE(Device(kCUDA, 3) == Device::cuda(3));
  const Device converted = kCUDA;
  REQUIRE(converted == Device::cuda(0));
  for (const Device device : {Device::cpu(), Device::cuda(), Device::cuda(127)})
    REQUIRE(Device(to_string(device)) == device);
  REQUIRE(Device("cuda") == Device::cuda());
  REQUIRE(ones({2}, {.device = "cpu"}).to("cpu").device() == kCPU);
  for (const std::string name :
      {"", "gpu", "CPU", "cpu:0", "cuda:", "cuda: 1", "cuda:-1", "cuda:+1", "cuda:1x", "cuda:99999999999"})
    REQUIRE(error_of([&] { Device{name}; }) ==
            "device: \"" + name + "\" is not a device; write cpu, cuda or cuda:1");
  REQUIRE(error_of([] { Device("cuda:128"); }) ==
          "device: the index of a CUDA device must be from 0 to 127; it is 128");
}

TEST_CASE("tensor: results that are too large are errors in every operation") {
  const std::int64_t big = std::int64_t{1} << 32;
  REQUIRE(error_of([&] {
    expand(ones({1, 1}), {big, big});
  }) == "expand: the shape [4294967296, 4294967296] has too many elements");
  const Tensor column = expand(ones({1, 1}), {big, 1}), row = expand(ones({1, 1}), {1, big});
  REQUIRE(error_of([&] { column + row; }) == "add: the shape [4294967296, 4294967296] has too many elements");
  REQUIRE(error_of([&] { matmul(column, row); }) ==
          "matmul: the shape [4294967296, 4294967296] has too many elements");
  REQUIRE(error_of([] { tensor(~std::uint64_t{0}, {.dtype = DType::int64}); }) ==
          "tensor: 18446744073709551615 is not an int64");
  REQUIRE(error_of([] {
    arange(1e19, 2e19, 1e18, {.dtype = DType::int64});
  }).starts_with("arange: int64 needs a whole start"));
  REQUIRE(error_of([] {
    linspace(-1.7e308, 1.7e308, 3, {.dtype = DType::float64});
  }).starts_with("linspace: the range must be finite"));
  REQUIRE(
      error_of([] { empty({3}).uniform_(-3e38, 3e38); }).starts_with("uniform_: the bounds must be finite"));
}

TEST_CASE("set_float32_matmul_precision: PyTorch's three words") {
  REQUIRE(get_float32_matmul_precision() == "highest");
  for (const char* precision : {"medium", "high", "highest"}) {
    set_float32_matmul_precision(precision);
    CHECK(get_float32_matmul_precision() == precision);
  }
  CHECK(error_of([] { set_float32_matmul_precision("tf32"); }) ==
        "set_float32_matmul_precision: there is no precision \"tf32\"; write \"highest\", \"high\" or "
        "\"medium\"");
  CHECK(get_float32_matmul_precision() == "highest");
}
