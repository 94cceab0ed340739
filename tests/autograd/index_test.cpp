// Writing by index, masks, and index() with a list of indices.
#include <cmath>

#include "../support/catch.h"

#include "../support/errors.h"
#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

namespace {

constexpr Options whole{.dtype = DType::int64};

Tensor ints(const TensorData& data) { return tensor(data, whole); }

}  // namespace

TEST_CASE("index: of positions with the same index, the last one is written", "[index]") {
  const Tensor a = zeros({3}, {.requires_grad = true}), src = tensor({1, 2, 3, 4}, {.requires_grad = true});
  const Tensor out = scatter(a, 0, ints({2, 0, 2, 0}), src);
  REQUIRE(equal(out, tensor({4, 0, 3})));
  out.backward(tensor({10, 20, 30}));
  REQUIRE(equal(a.grad(), tensor({0, 20, 0})));
  REQUIRE(equal(src.grad(), tensor({0, 0, 30, 10})));
  // Many threads and many repeats: what the loop leaves.
  constexpr std::int64_t rows = 700, columns = 130, size = 50;
  const Tensor index = randint(size, {rows, columns}), values = randn({rows, columns});
  const Tensor from = randn({size, columns}), written = scatter(from, 0, index, values);
  for (std::int64_t j = 0; j < columns; j += 43) {
    std::vector<float> expected;
    for (std::int64_t k = 0; k < size; ++k) expected.push_back(from.at({k, j}).item<float>());
    for (std::int64_t i = 0; i < rows; ++i)
      expected[index.at({i, j}).item<std::size_t>()] = values.at({i, j}).item<float>();
    REQUIRE(equal(written.select(1, j), tensor(expected)));
  }
}

TEST_CASE("index: scatter() of every dtype, and sums in the order of the positions", "[index]") {
  for (const DType dtype : {DType::float32, DType::float64, DType::int64, DType::boolean}) {
    const Tensor a = tensor({1, 1, 1}).to(dtype), src = tensor({1, 1, 0, 1}).to(dtype);
    REQUIRE(equal(scatter(a, 0, ints({0, 1, 0}), src), tensor({0, 1, 1}).to(dtype)));
    REQUIRE(equal(scatter(a, 0, ints({2}), 0), tensor({1, 1, 0}).to(dtype)));
    REQUIRE(equal(zeros_like(a).index_put_({1}, true), tensor({0, 1, 0}).to(dtype)));
    REQUIRE(equal(a.index({a.to(DType::boolean)}), a));
  }
  // a + (((0 + x0) + x1) + x2), not ((a + x0) + x1) + x2.
  const Tensor a = tensor({1}), x = tensor({1e8, -1e8, 0.25});
  const Tensor expected = a + ((x[0] + x[1]) + x[2]);
  REQUIRE(bitwise_equal(scatter_add(a, 0, ints({0, 0, 0}), x), expected));
  REQUIRE(bitwise_equal(index_add(a, 0, ints({0, 0, 0}), x), expected));
  REQUIRE(bitwise_equal(index_add(a, 0, ints({0, 0, 0}), x, 0.1), a + ((x[0] + x[1]) + x[2]) * 0.1));
}

TEST_CASE("index: sums of integers", "[index]") {
  const Tensor a = ints({{1, 2, 3}, {4, 5, 6}}), at = ints({{2, 0, 2, 2}, {1, 1, 0, 1}});
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const Tensor src = ints({{10, 20, 30, 40}, {1, 2, 3, most}});
  REQUIRE(equal(scatter_add(a, 1, at, src), ints({{21, 2, 83}, {7, -most - 1 + 7, 6}})));
  REQUIRE(equal(index_add(a, 1, ints({0, 0, 2, 0}), src.slice(0, {.stop = 1}).expand({2, 4}), -1),
      ints({{-69, 2, -27}, {-66, 5, -24}})));
  REQUIRE(equal(index_add(ints(3), 0, ints(0), ints(4)), ints(7)));
  REQUIRE(equal(zeros({3}, whole).index_put_({ints({0, 2, 0})}, 1, true), ints({2, 0, 1})));
}

TEST_CASE("index: tensors without dimensions", "[index]") {
  const Tensor a = tensor(3, {.requires_grad = true}), zero = ints(0);
  REQUIRE(equal(scatter(a, 0, zero, tensor(5)), tensor(5)));
  REQUIRE(equal(scatter(a, -1, zero, 5), tensor(5)));
  REQUIRE(equal(scatter_add(a, 0, zero, tensor(5)), tensor(8)));
  REQUIRE(equal(index_add(a, 0, zero, tensor(5), 2), tensor(13)));
  REQUIRE(equal(take_along_dim(a, zero, 0), tensor(3)));
  REQUIRE(equal(take_along_dim(a, ints({0, 0})), tensor({3, 3})));
  REQUIRE(equal(a.index({}), a));
  REQUIRE(equal(a.index({None, Ellipsis}), tensor({3})));
  REQUIRE(equal(index_put(a, {}, 4), tensor(4)));
  REQUIRE(nonzero(a).shape() == Shape{1, 0});
  REQUIRE(nonzero(tensor(0)).shape() == Shape{0, 0});
  REQUIRE(equal(masked_select(a, tensor({1, 0, 1}, {.dtype = DType::boolean})), tensor({3, 3})));
}

TEST_CASE("index: nonzero() gives the places in row-major order", "[index]") {
  const Tensor a = (rand({7, 5, 6, 11}) < 0.3).to(DType::float32) * NAN, at = nonzero(a.isnan());
  std::int64_t next = 0;
  const Tensor mask = isnan(a);
  for (std::int64_t i = 0; i < mask.numel(); ++i) {
    if (!mask.flatten()[i].item<bool>()) continue;
    const Tensor place = ints({i / 330, i / 66 % 5, i / 11 % 6, i % 11});
    REQUIRE(equal(at[next++], place));
  }
  REQUIRE(next == at.size(0));
  REQUIRE(equal(nonzero(tensor({-0.0, 2, NAN, 0})), ints({{1}, {2}})));
  REQUIRE(nonzero(zeros({2, 3})).shape() == Shape{0, 2});
  REQUIRE(nonzero(ones({2, 0, 3})).shape() == Shape{0, 3});
}

TEST_CASE("index: views, and what stands where", "[index]") {
  const Tensor a = arange(2 * 3 * 4 * 5).reshape({2, 3, 4, 5});
  const Tensor view = a.index({1, Slice(None, None, 2), None, Ellipsis, -1});
  REQUIRE(view.shape() == Shape{2, 1, 4});
  REQUIRE(equal(view, a[1].slice(0, {.step = 2}).select(-1, 4).unsqueeze(1)));
  REQUIRE(view.raw() == a.at({1, 0, 0, 4}).raw());
  const Tensor i = ints({0, 1}), j = ints({{2}, {0}, {1}});
  const auto shape_of = [&](const std::vector<TensorIndex>& indices) { return a.index(indices).shape(); };
  REQUIRE(shape_of({i}) == Shape{2, 3, 4, 5});
  REQUIRE(shape_of({Slice(), j}) == Shape{2, 3, 1, 4, 5});
  REQUIRE(shape_of({Slice(), j, i}) == Shape{2, 3, 2, 5});
  REQUIRE(shape_of({i, Slice(), j}) == Shape{3, 2, 3, 5});
  REQUIRE(shape_of({i, None, j}) == Shape{3, 2, 1, 4, 5});
  REQUIRE(shape_of({0, Slice(), j}) == Shape{3, 3, 1, 5});  // as in PyTorch; NumPy gives {3, 1, 3, 5}
  REQUIRE(shape_of({ints(0), Slice(), j}) == Shape{3, 3, 1, 5});
  REQUIRE(shape_of({Ellipsis, zeros({4, 5}, {.dtype = DType::boolean})}) == Shape{2, 3, 0});
  const Tensor mask = a[0] > 30, chosen = a.index({i, mask.index({Slice(), 0, 0})});
  REQUIRE(equal(chosen, stack({a[0][2], a[1][2]})));
  // Every element, against at().
  const Tensor out = a.index({Slice(1, 2), j, Slice(), i});
  for (std::int64_t r = 0; r < 3; ++r)
    for (std::int64_t c = 0; c < 2; ++c)
      REQUIRE(equal(out[r][c][0], a.index({1, j.at({r, 0}).item<int>(), Slice(), i[c].item<int>()})));
}

TEST_CASE("index: of a transposed tensor, and written to one", "[index]") {
  const Tensor a = randn({4, 3}), t = a.t();
  REQUIRE(equal(t.index({ints({2, 0}), ints({1, 3})}),
      tensor(std::vector<float>{a.at({1, 2}).item<float>(), a.at({3, 0}).item<float>()})));
  const Tensor b = a.clone();
  b.t().index_put_({ints({2, 0})}, 5);
  REQUIRE(equal(b.select(1, 2), full({4}, 5)));
  REQUIRE(equal(b.select(1, 1), a.select(1, 1)));
  // The last of two values for one place.
  REQUIRE(equal(index_put(zeros(2), {ints({1, 1, 0})}, tensor({1, 2, 3})), tensor({3, 2})));
}

TEST_CASE("index: mistakes name the dimension and its size, and change nothing", "[index]") {
  const Tensor a = zeros({2, 3});
  REQUIRE(error_of([&] {
    a.index({Ellipsis, None, ints({0, 3})});
  }) == "index: index 3 at position 1 is out of range; dimension 1 has size 3");
  REQUIRE(error_of([&] { a.index({ints({{-3}})}); }) ==
          "index: index -3 at position 0 is out of range; dimension 0 has size 2");
  REQUIRE(error_of([&] {
    a.index({None, Slice(), 3});
  }) == "index: index 3 is out of range; dimension 1 of [2, 3] has 3");
  REQUIRE(
      error_of([&] { a.index({ints(2)}); }) == "index: index 2 is out of range; dimension 0 of [2, 3] has 2");
  REQUIRE(error_of([&] {
    a.index({a > 0, 0});
  }) == "index: too many indices; they use 3 dimensions, the shape is [2, 3]");
  REQUIRE(error_of([&] {
    a.index({"..", 0});
  }) == "index: the only text that is an index is \"...\"; it is \"..\"");
  REQUIRE(error_of([&] { a.index({Slice(), ints({0, 1}), ints({0})}); }).starts_with("index: too many"));
  REQUIRE(error_of([&] {
    a.index({ints({0, 1}), ints({0, 1, 2})});
  }) == "index: shapes [2] and [3] do not broadcast");
  REQUIRE(error_of([&] {
    a.scatter_(1, ints({{0, 1}, {3, 0}}), ones({2, 2}));
  }) == "scatter_: index 3 at position 2 is out of range; dimension 1 has size 3");
  REQUIRE(error_of([&] {
    a.scatter_add_(0, ints({{-1}}), ones({1, 1}));
  }) == "scatter_add_: index -1 at position 0 is out of range; dimension 0 has size 2");
  REQUIRE(error_of([&] {
    a.index_add_(0, ints({2}), ones({1, 3}));
  }) == "index_add_: index 2 at position 0 is out of range; dimension 0 has size 2");
  REQUIRE(error_of([&] {
    scatter(a, 0, ints({{0, 0, 0, 0}}), ones({1, 4}));
  }) == "scatter: the index of shape [1, 4] is larger than the tensor of shape [2, 3]");
  REQUIRE(error_of([&] {
    scatter(a, 0, ints({{0, 0, 0}}), ones({1, 2}));
  }) == "scatter: the index of shape [1, 3] is larger than the source of shape [1, 2]");
  REQUIRE(error_of([&] { (a > 0).index_put_({0}, 2); }) == "index_put_: 2 is not a boolean");
  REQUIRE(equal(a, zeros({2, 3})));
  REQUIRE(a.version() == 0);
}
