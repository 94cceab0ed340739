// Tensors without dimensions, which may be indexed as if of shape [1], and tensors without elements.
#include "../support/catch.h"

#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

namespace {

Tensor indices(std::initializer_list<int> values) {
  return tensor(
      std::vector<std::int64_t>(values.begin(), values.end()), {static_cast<std::int64_t>(values.size())});
}

}  // namespace

TEST_CASE("scalar: dimension 0 or -1 of a scalar tensor", "[scalar]") {
  for (const std::int64_t dim : {0, -1}) {
    const Tensor x = full({}, 5, {.requires_grad = true});
    const std::vector<Tensor> results = {x.sum({dim}), x.sum({dim}, true), x.mean({dim}), squeeze(x, dim),
        x.transpose(dim, 0), x.transpose(-1, dim), flatten(x, dim, -1), flatten(x, 0, dim),
        index_select(x, dim, indices({0})), index_select(x, dim, tensor(0, {.dtype = DType::int64})),
        gather(x, dim, tensor(0, {.dtype = DType::int64}))};
    for (const Tensor& result : results) {
      REQUIRE(result.sum().item<float>() == 5);
      x.zero_grad();
      result.sum().backward();
      REQUIRE(equal(x.grad(), ones({})));
    }
    REQUIRE(x.sum({dim}, true).dim() == 0);
    REQUIRE(flatten(x, dim, dim).shape() == Shape{1});
  }
  const Tensor x = full({}, 5);
  REQUIRE(error_of([&] { x.sum({0, -1}); }) == "sum: dimension -1 is named twice");
  for (const std::int64_t dim : {1, -2, 5}) {
    const std::string end =
        ": dimension " + std::to_string(dim) + " is out of range for a tensor with 0 dimensions";
    REQUIRE(error_of([&] { x.sum({dim}); }) == "sum" + end);
    REQUIRE(error_of([&] { x.mean({dim}); }) == "mean" + end);
    REQUIRE(error_of([&] { squeeze(x, dim); }) == "squeeze" + end);
    REQUIRE(error_of([&] { x.transpose(0, dim); }) == "transpose" + end);
    REQUIRE(error_of([&] { flatten(x, dim); }) == "flatten" + end);
    REQUIRE(error_of([&] { flatten(x, 0, dim); }) == "flatten" + end);
    REQUIRE(error_of([&] { index_select(x, dim, indices({0})); }) == "index_select" + end);
    REQUIRE(error_of([&] { gather(x, dim, tensor(0, {.dtype = DType::int64})); }) == "gather" + end);
  }
  REQUIRE(error_of([&] {
    index_select(x, 0, indices({0, 0}));
  }) == "index_select: a tensor without dimensions takes one index; 2 were given");
  REQUIRE(
      error_of([&] { index_select(x, 0, indices({1})); }).starts_with("index_select: index 1 at position 0"));
  // Operations that take a dimension apart still need one, as in PyTorch.
  REQUIRE(error_of([&] { x.narrow(0, 0, 1); }).starts_with("narrow: dimension 0 is out of range"));
  REQUIRE(error_of([&] { x.select(0, 0); }).starts_with("select: dimension 0 is out of range"));
  REQUIRE(error_of([&] { x.size(0); }).starts_with("size: dimension 0 is out of range"));
  REQUIRE(error_of([&] { cat({x, x}); }).starts_with("cat: dimension 0 is out of range"));
}

TEST_CASE("scalar: gradients of indexing agree with finite differences", "[scalar]") {
  const Tensor x = full({}, 5, {.dtype = DType::float64}), row = arange(3, {.dtype = DType::float64});
  const auto pick = [](const std::vector<Tensor>& in) {
    return index_select(in[0], 0, indices({0})) + gather(in[0], 0, tensor(0, {.dtype = DType::int64}));
  };
  REQUIRE(autograd::gradcheck(pick, {x}));
  REQUIRE(autograd::gradgradcheck(pick, {x}));
  const Tensor chosen = index_select(row, 0, tensor(2, {.dtype = DType::int64}));
  REQUIRE(equal(chosen, tensor({2.0}, {.dtype = DType::float64})));
}

TEST_CASE("empty: narrow counts a negative start from the back", "[empty]") {
  const Tensor x = tensor({0, 1, 2, 3, 4}, {.requires_grad = true});
  REQUIRE(equal(x.narrow(0, -2, 2), tensor({3, 4})));
  REQUIRE(equal(x.narrow(0, -5, 1), tensor({0})));
  x.narrow(0, -2, 1).sum().backward();
  REQUIRE(equal(x.grad(), tensor({0, 0, 0, 1, 0})));
  REQUIRE(error_of([&] { x.narrow(0, -6, 1); }) ==
          "narrow: elements -6 to -6 + 1 are out of range; dimension 0 of [5] has 5");
  REQUIRE(error_of([&] { x.narrow(0, -2, 3); }) ==
          "narrow: elements -2 to -2 + 3 are out of range; dimension 0 of [5] has 5");
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  REQUIRE(error_of([&] { x.narrow(0, least, 1); }).starts_with("narrow: elements"));
  REQUIRE(error_of([&] { x.narrow(0, 1, -(least + 1)); }).starts_with("narrow: elements"));
}

TEST_CASE("empty: cat accepts an empty vector beside any shape", "[empty]") {
  const Tensor nothing = zeros({0}, {.requires_grad = true}), x = ones({2, 3}, {.requires_grad = true});
  for (const std::int64_t dim : {0, 1, -1}) {
    const Tensor joined = cat({nothing, x, nothing}, dim);
    REQUIRE(joined.shape() == Shape{2, 3});
    joined.sum().backward();
    REQUIRE(nothing.grad().shape() == Shape{0});
  }
  REQUIRE(equal(x.grad(), full({2, 3}, 3)));
  REQUIRE(cat({nothing, nothing}).shape() == Shape{0});
  REQUIRE(equal(cat({nothing, ones({2})}), ones({2})));
  REQUIRE(error_of([&] {
    cat({x, zeros({0, 2})});
  }) == "cat: tensor 1 of shape [0, 2] does not fit [2, 3] along dimension 0");
}

TEST_CASE("empty: sizes whose product overflows are refused", "[empty]") {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  REQUIRE(error_of([&] {
    zeros({0}).reshape({0, most, most});
  }) == "reshape: the shape [0, 9223372036854775807, 9223372036854775807] has too many elements");
  REQUIRE(error_of([&] {
    expand(expand(zeros({1, 0}), {most, 0}), {most, most, 0});
  }).starts_with("expand: the shape"));
  REQUIRE(eye(0, most >> 7, {}).shape() == Shape{0, most >> 7});
  REQUIRE(
      error_of([&] { eye(0, most, {}); }) == "eye: the shape [0, 9223372036854775807] has too many elements");
  REQUIRE(slice(ones({3, 4}), 0, {.start = 1, .step = most}).shape() == Shape{1, 4});
  REQUIRE(error_of([&] {
    expand(expand(ones({1}), {most >> 8}), {1 << 4, most >> 8});
  }).starts_with("expand: "));
}

TEST_CASE("empty: from_blob accepts a null pointer for no elements", "[empty]") {
  int released = 0;
  {
    const Tensor none = from_blob(nullptr, {0}, {}, [&](void*) { ++released; });
    REQUIRE(none.numel() == 0);
    REQUIRE(equal(none + 1, zeros({0})));
  }
  REQUIRE(released == 1);
  REQUIRE(from_blob(nullptr, {3, 0}).shape() == Shape{3, 0});
  REQUIRE(error_of([] { from_blob(nullptr, {1}); }) == "from_blob: the pointer is null; the shape is [1]");
}
