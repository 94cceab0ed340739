// Random choices, and the search that they are made of.
#include <cmath>

#include "../support/catch.h"

#include "../support/errors.h"
#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

namespace {

/// How often each of n categories is in the result.
std::vector<double> shares(const Tensor& drawn, std::int64_t n) {
  const Tensor mean = one_hot(drawn.flatten(), n).to(DType::float64).mean({0});
  return {mean.data<double>().begin(), mean.data<double>().end()};
}

}  // namespace

TEST_CASE("sampling: multinomial() draws in proportion to the weights", "[sampling]") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    Generator generator(1);
    const Tensor weights = tensor({{3, 0, 1, 4}, {0, 0, 5, 0}}).to(dtype);
    const Tensor drawn = multinomial(weights, 20000, true, generator);
    REQUIRE(drawn.shape() == Shape{2, 20000});
    const std::vector<double> first = shares(drawn[0], 4);
    const double expected[] = {3.0 / 8, 0, 1.0 / 8, 4.0 / 8};
    for (std::size_t i = 0; i < 4; ++i) REQUIRE(std::abs(first[i] - expected[i]) < 0.015);
    REQUIRE(first[1] == 0);
    REQUIRE(equal(drawn[1], full_like(drawn[1], 2)));
  }
}

TEST_CASE("sampling: without replacement each category is drawn once, heavy ones earlier", "[sampling]") {
  Generator generator(2);
  const Tensor weights = tensor({1, 0, 2, 1}).unsqueeze(0).expand({20000, 4});
  const Tensor drawn = multinomial(weights, 3, false, generator);
  REQUIRE(equal(tenon::sort(drawn, 1).values, tensor({0, 2, 3}, {.dtype = DType::int64}).expand({20000, 3})));
  const std::vector<double> first = shares(drawn.select(1, 0), 4), second = shares(drawn.select(1, 1), 4);
  const double expected[] = {0.25, 0, 0.5, 0.25},
               then[] = {0.5 * 0.5 + 0.25 / 3, 0, 0.5 * 2 / 3, 0.5 * 0.5 + 0.25 / 3};
  for (std::size_t i = 0; i < 4; ++i) {
    REQUIRE(std::abs(first[i] - expected[i]) < 0.015);
    REQUIRE(std::abs(second[i] - then[i]) < 0.015);
  }
}

TEST_CASE("sampling: extreme weights, and a draw is one random call", "[sampling]") {
  Generator generator(3), other(3);
  const Tensor huge = tensor({1e308, 1e308, 0}, {.dtype = DType::float64});
  REQUIRE(std::abs(shares(multinomial(huge, 4000, true, generator), 3)[1] - 0.5) < 0.05);
  rand({1}, other);
  REQUIRE(equal(rand({5}, generator), rand({5}, other)));
  const Tensor tiny = tensor({0, 5e-324, 0, 5e-324}, {.dtype = DType::float64});
  const Tensor both = tenon::sort(multinomial(tiny, 2, false, generator)).values;
  REQUIRE(equal(both, tensor({1, 3}, {.dtype = DType::int64})));
  REQUIRE(multinomial(ones({0, 3}), 2).shape() == Shape{0, 2});
}

TEST_CASE("sampling: multinomial() refuses weights that are none", "[sampling]") {
  const std::string bad = "multinomial: the weights must be finite and not negative";
  for (const double x : {-1.0, double{INFINITY}, double{NAN}})
    REQUIRE(error_of([&] { multinomial(tensor({1, x}), 1); }) == bad);
  REQUIRE(error_of([] {
    multinomial(tensor({{1, 0}, {0, 0}}), 1, true);
  }) == "multinomial: the weights of a row are all 0");
  REQUIRE(error_of([] {
    multinomial(tensor({1, 0, 1}), 3);
  }) == "multinomial: a row has 2 categories of positive weight; 3 cannot be drawn without replacement");
  REQUIRE(error_of([] {
    multinomial(ones({2, 0}), 1);
  }) == "multinomial: there are no categories; the shape is [2, 0]");
  REQUIRE(error_of([] { multinomial(ones({2}), 0); }) ==
          "multinomial: the number of samples must be positive; it is 0");
  REQUIRE(error_of([] { multinomial(ones({}), 1); }) ==
          "multinomial: needs a vector or a matrix of weights; the shape is []");
}

TEST_CASE("sampling: bernoulli()", "[sampling]") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    Generator generator(4), other(4);
    const Tensor p = tensor({0, 0.25, 1}).to(dtype).expand({10000, 3}), drawn = bernoulli(p, generator);
    REQUIRE(drawn.dtype() == dtype);
    const Tensor mean = drawn.mean({0});
    REQUIRE(mean[0].item() == 0);
    REQUIRE(std::abs(mean[1].item() - 0.25) < 0.015);
    REQUIRE(mean[2].item() == 1);
    REQUIRE(equal(drawn, (rand({10000, 3}, other, {.dtype = dtype}) < p).to(dtype)));
  }
  REQUIRE(error_of([] {
    bernoulli(tensor({0.5, NAN}));
  }) == "bernoulli: the probabilities must be in [0, 1]");
  REQUIRE(bernoulli(zeros({0, 2})).shape() == Shape{0, 2});
}

TEST_CASE("sampling: searchsorted()", "[sampling]") {
  const Options whole{.dtype = DType::int64};
  for (const DType dtype : {DType::float32, DType::float64, DType::int64}) {
    const Tensor line = tensor({1, 3, 3, 7}).to(dtype), x = tensor({{0, 1}, {3, 8}}).to(dtype);
    REQUIRE(equal(searchsorted(line, x), tensor({{0, 0}, {1, 4}}, whole)));
    REQUIRE(equal(searchsorted(line, x, true), tensor({{0, 1}, {3, 4}}, whole)));
    const Tensor lines = stack({line, line * 2});
    REQUIRE(equal(searchsorted(lines, x), tensor({{0, 0}, {1, 3}}, whole)));
    REQUIRE(equal(searchsorted(line.slice(0, {.stop = 0}), x), zeros({2, 2}, whole)));
    REQUIRE(searchsorted(lines, x.slice(1, {.stop = 0})).shape() == Shape{2, 0});
  }
  REQUIRE(equal(searchsorted(tensor({1, 2}), tensor({NAN, -0.0})), tensor({2, 0}, whole)));
  REQUIRE(error_of([] { searchsorted(ones({}), ones({})); }) ==
          "searchsorted: needs a line of elements; the shape is []");
  REQUIRE(error_of([] {
    searchsorted(ones({2, 3}), ones({3, 3}));
  }) == "searchsorted: the shapes [2, 3] and [3, 3] differ before the last dimension");
}
