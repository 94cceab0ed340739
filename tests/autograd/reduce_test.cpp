// Extremes, products, logic, variances and norms where the table of operations does not reach: ties, zeros,
// NaN, integers and tensors without elements.
#include "../support/catch.h"

#include <cmath>
#include <limits>

#include "../support/tensors.h"

using namespace tenon;

namespace {

constexpr Options whole{.dtype = DType::int64}, precise{.dtype = DType::float64};
constexpr double inf = std::numeric_limits<double>::infinity();

Tensor leaf(const Tensor& values) { return values.clone().set_requires_grad(); }

/// d sum(output) / d input.
Tensor slope(const Tensor& output, const Tensor& input) {
  return autograd::grad(output.sum(), {input}, {.retain_graph = true, .create_graph = true})[0];
}

}  // namespace

TEST_CASE("reduce: amin mirrors amax, also for zeros, infinities and the lowest integer") {
  const Tensor x = tensor({{2, -5, -5}, {inf, inf, inf}, {0, -0.0, 0}, {1, NAN, 2}}, precise);
  const Tensor least = x.amin(1);
  REQUIRE(equal(least.narrow(0, 0, 3), tensor({-5, inf, -0.0}, precise)));
  REQUIRE(std::signbit(least[2].item()));
  REQUIRE(std::isnan(least[3].item()));
  constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min(), highest = -(lowest + 1);
  const Tensor ends = tensor(std::vector<std::int64_t>{5, lowest, highest, -1});
  REQUIRE(ends.amin().item<std::int64_t>() == lowest);
  REQUIRE(ends.amax().item<std::int64_t>() == highest);
  REQUIRE(ends.narrow(0, 2, 2).amin().item<std::int64_t>() == -1);
  REQUIRE(equal(ends.argmin(), tensor(1, whole)));
}

TEST_CASE("reduce: elements that tie share the gradient of amin, max and min") {
  const Tensor x = leaf(tensor({3, 1, 3, 1, 1, 2}, precise));
  REQUIRE(equal(slope(6 * x.amin(), x), tensor({0, 2, 0, 2, 2, 0}, precise)));
  REQUIRE(equal(slope(6 * x.min(), x), tensor({0, 2, 0, 2, 2, 0}, precise)));
  REQUIRE(equal(slope(6 * x.max(), x), tensor({3, 0, 3, 0, 0, 0}, precise)));
}

TEST_CASE("reduce: NaN shares the gradient of max and min of all elements") {
  const Tensor x = leaf(tensor({3, NAN, 1, NAN}, precise));
  for (const Tensor& extreme : {x.max(), x.min()}) {
    REQUIRE(std::isnan(extreme.item()));
    REQUIRE(equal(slope(extreme, x), tensor({0, 0.5, 0, 0.5}, precise)));
  }
  REQUIRE(std::isnan(slope(x.amin(), x)[0].item()));
}

TEST_CASE("reduce: max and min along a dimension give the first position, and the gradient to it alone") {
  const Tensor x = leaf(tensor({{1, 5, 5}, {-0.0, 0, -1}, {2, NAN, NAN}, {-inf, -inf, -inf}}, precise));
  const auto [largest, at] = max(x, 1);
  REQUIRE(equal(at, tensor({1, 0, 1, 0}, whole)));
  REQUIRE_FALSE(at.requires_grad());
  REQUIRE(bitwise_equal(largest, tensor({5, -0.0, NAN, -inf}, precise)));
  REQUIRE(equal(slope(largest, x), tensor({{0, 1, 0}, {1, 0, 0}, {0, 1, 0}, {1, 0, 0}}, precise)));
  const auto [least, where_least] = x.min(-1, true);
  REQUIRE(bitwise_equal(least, tensor({{1}, {-1}, {NAN}, {-inf}}, precise)));
  REQUIRE(equal(where_least, tensor({{0}, {2}, {1}, {0}}, whole)));
  REQUIRE(equal(x.argmin(1), tensor({0, 2, 1, 0}, whole)));
  REQUIRE(equal(x.argmin(0), tensor({3, 2, 2}, whole)));
  REQUIRE(equal(x.t().argmin(), tensor(6, whole)));  // in row-major order of the transposed tensor
  REQUIRE(equal(tensor({{3, 7}, {9, 2}}, whole).max(0).values, tensor({9, 7}, whole)));
  const auto [number, place] = max(tensor(4), 0);
  REQUIRE((number.item() == 4 && place.item<std::int64_t>() == 0 && place.dim() == 0));
}

TEST_CASE("reduce: gradients of a product with zeros, of first and second order") {
  for (const std::vector<double>& values :
      {std::vector<double>{2, 0, 3, 4, 5}, {2, 0, 3, 0, 5}, {0, 0, 0, 4, 5}}) {
    const Tensor x = leaf(tensor(values, precise));
    const Tensor first = slope(x.prod(), x);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto without = [&](std::size_t other) {
        double product = 1;
        for (std::size_t k = 0; k < values.size(); ++k)
          if (k != i && k != other) product *= values[k];
        return product;
      };
      const auto at = static_cast<std::int64_t>(i);
      REQUIRE(first[at].item() == without(i));
      const Tensor second = autograd::grad(first[at], {x}, {.retain_graph = true})[0];
      for (std::size_t j = 0; j < values.size(); ++j)
        REQUIRE(second[static_cast<std::int64_t>(j)].item() == (j == i ? 0 : without(j)));
    }
  }
}

TEST_CASE("reduce: products of integers, of nothing and of one element") {
  REQUIRE(equal(tensor({{2, 3}, {4, -5}}, whole).prod(), tensor(-120, whole)));
  REQUIRE(equal(tensor({{2, 3}, {4, -5}}, whole).prod(1), tensor({6, -20}, whole)));
  REQUIRE(equal((tensor({1, 0, 1}) != 0).prod(), tensor(0, whole)));
  REQUIRE(equal(zeros({0, 2}, whole).prod(0, true), ones({1, 2}, whole)));
  const Tensor one = tensor({7});
  const Tensor alone = one.prod(0);
  one.fill_(1);
  REQUIRE(alone.item() == 7);  // a copy
}

TEST_CASE("reduce: a product is multiplied by halves") {
  const Tensor x = rand({7}) + 0.5, pairs = x.narrow(0, 0, 3) * x.narrow(0, 3, 3);
  REQUIRE(bitwise_equal(x.prod(), pairs[0] * pairs[1] * pairs[2] * x[6]));
}

TEST_CASE("reduce: all and any of every dtype") {
  for (const DType dtype : {DType::float32, DType::float64, DType::int64, DType::boolean}) {
    const Tensor x = tensor({{1, 0}, {1, 1}, {0, 0}}).to(dtype);
    REQUIRE(equal(x.all(1), tensor({0, 1, 0}) != 0));
    REQUIRE(equal(x.any(1, true), tensor({{1}, {1}, {0}}) != 0));
    REQUIRE(equal(all(x, 0), tensor({0, 0}) != 0));
    REQUIRE(any(x).item<bool>());
    REQUIRE_FALSE(all(x).item<bool>());
    REQUIRE(x.all().dtype() == DType::boolean);
  }
  REQUIRE(tensor({NAN, -1, inf}).all().item<bool>());
  REQUIRE_FALSE(tensor({-0.0, 0}).any().item<bool>());
  REQUIRE_FALSE(leaf(ones({2})).all().requires_grad());
  REQUIRE(equal(zeros({0, 2}).all(0), ones({2}) != 0));
  REQUIRE(equal(zeros({0, 2}).any(0), zeros({2}) != 0));
}

TEST_CASE("reduce: var and std of equal elements, and of a large mean") {
  const Tensor x = leaf(tensor({{4, 4, 4}, {1, 2, 3}}, precise));
  REQUIRE(equal(x.var(1), tensor({0, 1}, precise)));
  const Tensor first = slope(x.std(1), x);
  REQUIRE(equal(first, tensor({{0, 0, 0}, {-0.5, 0, 0.5}}, precise)));
  const Tensor second = autograd::grad(first[0][0] + first[1][2], {x})[0];
  REQUIRE(equal(second[0], zeros({3}, precise)));
  REQUIRE(allclose(second[1], tensor({1. / 12, -1. / 6, 1. / 12}, precise)));
  REQUIRE(tensor({1e6f + 1, 1e6f + 2, 1e6f + 3}).var().item() == 1);  // one pass would give 0
  REQUIRE(tensor({5}).var(0, {.correction = 0}).item() == 0);
}

TEST_CASE("reduce: norms of zeros, infinities and every p") {
  const Tensor zero = leaf(zeros({3}, precise));
  for (const double p : {2.0, 1.0, 0.5, 1.5, 3.0}) {
    INFO(p);
    REQUIRE(zero.norm(p).item() == 0);
    const Tensor first = slope(zero.norm(p), zero);
    REQUIRE(equal(first, zeros({3}, precise)));
    if (!first.requires_grad()) continue;
    const Tensor second = autograd::grad(first.sum(), {zero}, {.allow_unused = true})[0];
    REQUIRE((!second.defined() || equal(second, zeros({3}, precise))));
  }
  const Tensor x = leaf(tensor({0, -3, 4, 0}, precise));
  REQUIRE(x.norm(2).item() == 5);
  REQUIRE(allclose(slope(x.norm(2), x), tensor({0, -0.6, 0.8, 0}, precise)));
  REQUIRE(equal(slope(x.norm(1), x), tensor({0, -1, 1, 0}, precise)));
  REQUIRE(allclose(slope(x.norm(3), x), tensor({0, -9, 16, 0}, precise) / std::pow(91, 2. / 3)));
  REQUIRE(x.norm(0).item() == 2);
  REQUIRE(x.norm(0).dtype() == DType::float64);
  REQUIRE(equal(slope(x.norm(0), x), zeros({4}, precise)));
  REQUIRE(equal(slope(x.norm(-inf), x), zeros({4}, precise)));
  const Tensor ties = leaf(tensor({-4, 1, 4}, precise));
  REQUIRE(equal(slope(ties.norm(inf), ties), tensor({-0.5, 0, 0.5}, precise)));
  REQUIRE(tensor({inf, 1}).norm().item() == inf);
  REQUIRE(std::isnan(tensor({NAN, 1}).norm(3).item()));
}

TEST_CASE("reduce: sort is stable in both directions, and NaN is the largest") {
  const Tensor x = leaf(tensor({3, NAN, 1, 3, -inf, 1, 0, -0.0}, precise));
  const auto [up, at] = x.sort();
  REQUIRE(equal(at, tensor({4, 6, 7, 2, 5, 0, 3, 1}, whole)));
  REQUIRE(bitwise_equal(up, tensor({-inf, 0, -0.0, 1, 1, 3, 3, NAN}, precise)));
  REQUIRE(equal(x.argsort(0, true), tensor({1, 0, 3, 2, 5, 6, 7, 4}, whole)));
  REQUIRE(equal(slope(up * arange(8, precise), x), tensor({5, 7, 3, 6, 0, 4, 1, 2}, precise)));
  REQUIRE(equal((tensor({1, 0, 1, 0}) != 0).sort().indices, tensor({1, 3, 0, 2}, whole)));
  REQUIRE(equal(tensor(4).sort().values, tensor(4)));
  REQUIRE_FALSE(at.requires_grad());
}

TEST_CASE("reduce: topk of every k") {
  const Tensor x = leaf(tensor({{5, 1, 5}, {2, NAN, 7}}, precise));
  const auto [values, indices] = topk(x, 2);
  REQUIRE(bitwise_equal(values, tensor({{5, 5}, {NAN, 7}}, precise)));
  REQUIRE(equal(indices, tensor({{0, 2}, {1, 2}}, whole)));
  REQUIRE(equal(slope(values, x), tensor({{1, 0, 1}, {0, 1, 1}}, precise)));
  REQUIRE(equal(x.topk(1, 0, false).indices, tensor({{1, 0, 0}}, whole)));
  REQUIRE(x.topk(0).values.shape() == Shape{2, 0});
  REQUIRE(equal(x.topk(3).indices, x.argsort(-1, true)));
  REQUIRE(topk(tensor(4), 1).values.dim() == 0);
}

TEST_CASE("reduce: unique values, where they are, and how many") {
  const auto check = [](const Tensor& a, const Tensor& values, const Tensor& inverse, const Tensor& counts) {
    const auto found = unique(a);
    REQUIRE(bitwise_equal(found.values, values));
    REQUIRE(equal(found.inverse, inverse));
    REQUIRE(equal(found.counts, counts));
  };
  const Options truth{.dtype = DType::boolean};
  check(tensor({{3, -1, 3}, {2, 3, -1}}, whole), tensor({-1, 2, 3}, whole),
      tensor({{2, 0, 2}, {1, 2, 0}}, whole), tensor({2, 1, 3}, whole));
  check(tensor({{1, 0}, {1, 2}}).t(), tensor({0, 1, 2}), tensor({{1, 1}, {0, 2}}, whole),
      tensor({1, 2, 1}, whole));
  check(tensor({1, 0, 1}, truth), tensor({0, 1}, truth), tensor({1, 0, 1}, whole), tensor({1, 2}, whole));
  check(tensor(7), tensor({7}), tensor(0, whole), tensor({1}, whole));
  // The first of the two zeros, and NaN as often as it is there.
  check(tensor({0, -0.0, NAN, -INFINITY, NAN}), tensor({-INFINITY, 0, NAN, NAN}),
      tensor({1, 1, 2, 0, 3}, whole), tensor({1, 2, 1, 1}, whole));
  check(tensor({-0.0, 0}), tensor({-0.0}), tensor({0, 0}, whole), tensor({2}, whole));
  check(ones({2, 0, 3}), ones({0}), zeros({2, 0, 3}, whole), zeros({0}, whole));
  check(ones({1000}), ones({1}), zeros({1000}, whole), tensor({1000}, whole));
  REQUIRE_FALSE(unique(ones({3}, {.requires_grad = true})).values.requires_grad());
}

TEST_CASE("reduce: the median of even counts is the lower one, and NaN propagates") {
  const Tensor x = leaf(tensor({{4, 1, 3, 2}, {1, NAN, 0, NAN}, {7, 7, 7, 7}}, precise));
  const auto [values, indices] = x.median(1);
  REQUIRE(bitwise_equal(values, tensor({2, NAN, 7}, precise)));
  REQUIRE(equal(indices, tensor({3, 1, 1}, whole)));
  REQUIRE(equal(slope(values, x), tensor({{0, 0, 0, 1}, {0, 1, 0, 0}, {0, 1, 0, 0}}, precise)));
  REQUIRE(std::isnan(x.median().item()));
  REQUIRE(equal(slope(x.median(), x), tensor({{0, 0, 0, 0}, {0, 0.5, 0, 0.5}, {0, 0, 0, 0}}, precise)));
  const Tensor ties = leaf(tensor({3, 2, 3, 9}, precise));
  REQUIRE(ties.median().item() == 3);
  REQUIRE(equal(slope(ties.median(), ties), tensor({0.5, 0, 0.5, 0}, precise)));
  REQUIRE(equal(tensor({{3, 9}, {1, 2}}, whole).median(0, true).values, tensor({{1, 2}}, whole)));
}

TEST_CASE("reduce: cumsum starts from +0, counts booleans, and has the reversed sums as its gradient") {
  REQUIRE_FALSE(std::signbit(tensor({-0.0}).cumsum(0)[0].item()));
  REQUIRE(equal((tensor({1, 0, 1}) != 0).cumsum(0), tensor({1, 1, 2}, whole)));
  REQUIRE(equal(tensor(4).cumsum(0), tensor(4)));
  const Tensor x = leaf(rand({3, 300}, precise));
  REQUIRE(equal(slope(x.cumsum(0), x)[0], full({300}, 3, precise)));
  REQUIRE(bitwise_equal(x.t().cumsum(0), x.cumsum(1).t()));
}
