// Tensors as text: special numbers, and limits on the length.
#include "../support/catch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../support/tensors.h"

using namespace tenon;

TEST_CASE("format: special numbers") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  REQUIRE(to_string(tensor({nan, -nan, inf, -inf, -0.0, 1e-45})) ==
          "tensor([nan, nan, inf, -inf, -0, 1.4013e-45])");
  REQUIRE(to_string(tensor({nan, -nan, -inf, 5e-324}, {.dtype = DType::float64})) ==
          "tensor([nan, nan, -inf, 4.94066e-324], dtype=float64)");
  REQUIRE(to_string(tensor(-nan)) == "tensor(nan)");
  REQUIRE(to_string(tensor({INT64_MIN, INT64_MAX}, {.dtype = DType::int64})) ==
          "tensor([-9223372036854775808, 9223372036854775807], dtype=int64)");
  REQUIRE(to_string(tensor({{1, 2}, {3, 4}}).t()) == "tensor([[1, 3],\n        [2, 4]], shape=[2, 2])");
  REQUIRE(
      to_string(tensor({1, 0}, {.dtype = DType::boolean}).select(0, 1)) == "tensor(false, dtype=boolean)");
}

TEST_CASE("format: no elements, no rows") {
  REQUIRE(to_string(zeros({0})) == "tensor([], shape=[0])");
  REQUIRE(to_string(zeros({100000, 0})) == "tensor([], shape=[100000, 0])");
  REQUIRE(to_string(zeros({2, 0, 3}, {.dtype = DType::int64})) == "tensor([], shape=[2, 0, 3], dtype=int64)");
}

TEST_CASE("format: more than a thousand elements are elided, whatever the shape") {
  REQUIRE(to_string(full({1001}, 7)) == "tensor([7, 7, 7, ..., 7, 7, 7])");
  const std::string thousand = to_string(full({1000}, 7));
  REQUIRE(std::count(thousand.begin(), thousand.end(), '7') == 1000);
  const std::string grid = to_string(reshape(arange(10100), {101, 100}));
  REQUIRE(grid ==
          "tensor([[0, 1, 2, ..., 97, 98, 99],\n"
          "        [100, 101, 102, ..., 197, 198, 199],\n"
          "        [200, 201, 202, ..., 297, 298, 299],\n"
          "        ...,\n"
          "        [9800, 9801, 9802, ..., 9897, 9898, 9899],\n"
          "        [9900, 9901, 9902, ..., 9997, 9998, 9999],\n"
          "        [10000, 10001, 10002, ..., 10097, 10098, 10099]], shape=[101, 100])");
  for (const Shape& shape :
      {Shape{6, 6, 6, 6, 6}, {2, 2, 2, 2, 2, 2, 2, 600}, {6, 6, 6, 6, 6, 6, 6, 6}, {7, 7, 7, 7}, {1001, 1},
          {1, 1001}, {1, 1, 1, 1, 1, 1, 1, 1001}, {5, 300}, {2, 501}, {100000, 6, 2}}) {
    const std::string text = to_string(expand(full({}, -7777777), shape));
    INFO(shape);
    // One sign per number.
    REQUIRE(text.find("...") != text.npos);
    REQUIRE(std::count(text.begin(), text.end(), '-') <= 1000);
    REQUIRE(text.size() < 64 * 1024);
  }
  REQUIRE(to_string(full({6, 6, 6, 6, 6}, 7)).find("[7, ..., 7]") != std::string::npos);
  REQUIRE(
      to_string(full({1000, 1, 1, 1, 1, 1, 1, 1}, INT64_MIN, {.dtype = DType::float64})).size() < 64 * 1024);
}
