// Tensors from numbers: which numbers are refused, and the ends of ranges.
#include "../support/catch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

namespace {

constexpr Options whole = {.dtype = DType::int64}, wide = {.dtype = DType::float64};

}  // namespace

TEST_CASE("arange: the end is never an element") {
  struct Row {
    double start, end, step;
    std::int64_t n;
  };
  for (const DType dtype : {DType::float32, DType::float64})
    for (const Row& row : std::initializer_list<Row>{{1, 1.3, 0.1, 3}, {0, 2.1, 0.3, 7}, {1.3, 1, -0.1, 3},
             {2.1, 0, -0.3, 7}, {-3, -0.9, 0.3, 7}, {-2.7, 0, 0.3, 9}, {0, 1, 0.1, 10}, {0.1, 0.8, 0.1, 7},
             {0, 1, 1, 1}, {0, 1.5, 1, 2}, {0, 0, 1, 0}, {1, 0, 1, 0}, {0, 1, -1, 0}, {0, 1e-3, 1e-5, 100},
             {0, 16777216, 4194304, 4}, {5, 0, -2, 3}, {0, 1, 0.3, 4}, {0, 1, 3, 1}}) {
      INFO(row.start << " " << row.end << " " << row.step << " " << dtype);
      const Tensor x = arange(row.start, row.end, row.step, {.dtype = dtype});
      REQUIRE(x.numel() == row.n);
      for (std::int64_t i = 0; i < row.n; ++i)
        REQUIRE(test::value(x.at({i})) ==
                test::value(tensor(std::fma(row.step, static_cast<double>(i), row.start), {.dtype = dtype})));
    }
  // Decimal steps, forwards and backwards.
  for (const DType dtype : {DType::float32, DType::float64})
    for (int start = -30; start <= 30; ++start)
      for (int step = 1; step <= 30; step += 2)
        for (int n = 1; n <= 30; n += 3) {
          const double low = start / 10.0, high = (start + n * step) / 10.0, by = step / 10.0;
          INFO(low << " " << high << " " << by << " " << dtype);
          REQUIRE(arange(low, high, by, {.dtype = dtype}).numel() == n);
          REQUIRE(arange(high, low, -by, {.dtype = dtype}).numel() == n);
        }
  // A value that float32 cannot distinguish from the end counts as the end.
  REQUIRE(arange(0, static_cast<double>(0.3f), static_cast<double>(0.1f)).numel() == 3);
  REQUIRE(arange(0, static_cast<double>(0.3f), static_cast<double>(0.1f), wide).numel() == 4);
  REQUIRE(arange(1e9, 1e9).numel() == 0);
  REQUIRE(arange(-(0x1p53 - 1), 0x1p53 - 1, 0x1p52, whole).numel() == 4);
  REQUIRE(arange(-0x1p52, 0.5, 0x1p52, whole).numel() == 2);
  REQUIRE(arange(0x1p52, -0.5, -0x1p52, whole).numel() == 2);
  REQUIRE(arange(0x1p52, 0x1p52 + 10, 1, wide).numel() == 10);
  REQUIRE(equal(arange(16777213, 16777216, 1), tensor({16777213, 16777214, 16777215})));
}

TEST_CASE("arange: a step that the dtype cannot represent is refused") {
  REQUIRE(error_of([] {
    arange(1e8 - 3, 1e8);
  }) == "arange: float32 numbers near 100000000 are further apart than the step 1; choose a larger step or a "
        "wider dtype");
  REQUIRE(error_of([] {
    arange(16777218);
  }) == "arange: float32 numbers near 16777218 are further apart than the step 1; choose a larger step or a "
        "wider dtype");
  REQUIRE(error_of([] { arange(-1e17, -1e17 + 1024, 0.5, wide); }) ==
          "arange: float64 numbers near 1e+17 are further apart than the step 0.5; choose a larger step or a "
          "wider dtype");
  REQUIRE(
      error_of([] { arange(1e39, 0, -1e38); }) ==
      "arange: float32 numbers near 1e+39 are further apart than the step -1e+38; choose a larger step or a "
      "wider dtype");
  REQUIRE(error_of([] {
    arange(0, 0x1p53, 0x1p52, whole);
  }) == "arange: int64 needs a whole start and step, and bounds below 2^53; they are 0, 4503599627370496 and "
        "9007199254740992");
}

TEST_CASE("linspace: both ends are exact") {
  for (const DType dtype : {DType::float32, DType::float64})
    for (const double end : {0.3, 2.1, -0.7, 1e8, 1e-40})
      for (const std::int64_t n : {2, 3, 4, 7, 1000}) {
        const Tensor x = linspace(0.1, end, n, {.dtype = dtype});
        REQUIRE(equal(x.at({0}), tensor(0.1, {.dtype = dtype})));
        REQUIRE(equal(x.at({n - 1}), tensor(end, {.dtype = dtype})));
      }
}

TEST_CASE("randint: a float dtype accepts only bounds that it represents exactly") {
  const std::int64_t digits24 = 1 << 24, digits53 = std::int64_t{1} << 53;
  REQUIRE(error_of([] { randint(100000000 - 3, 100000000, {2}, {.dtype = DType::float32}); }) ==
          "randint: float32 is exact only up to 16777216; the range is [99999997, 100000000); draw int64 or "
          "float64");
  REQUIRE(error_of([&] {
    randint(-digits24 - 1, 0, {2}, {.dtype = DType::float32});
  }) == "randint: float32 is exact only up to 16777216; the range is [-16777217, 0); draw int64 or float64");
  REQUIRE(error_of([&] { randint(0, digits24 + 2, {2}, {.dtype = DType::float32}); }) != "");
  REQUIRE(error_of([&] { randint(0, digits53 + 2, {2}, wide); }) ==
          "randint: float64 is exact only up to 9007199254740992; the range is [0, 9007199254740994); draw "
          "int64 or float64");
  REQUIRE(error_of([&] { randint(INT64_MIN, INT64_MAX, {2}, wide); }) != "");
  // A refused call does not advance the generator.
  Generator first(3), second(3);
  REQUIRE(error_of([&] { randint(0, digits53, {2}, first, {.dtype = DType::float32}); }) != "");
  REQUIRE(equal(randint(0, 1000, {9}, first), randint(0, 1000, {9}, second)));
  const auto inside = [](const Tensor& x, double low, double high) {
    const Tensor values = reshape(x.to(DType::float64), {x.numel()});
    for (const double v : values.data<double>()) REQUIRE((v >= low && v < high));
  };
  inside(randint(digits24 - 3, digits24 + 1, {1000}, {.dtype = DType::float32}), 0x1p24 - 3, 0x1p24 + 1);
  inside(randint(-digits24, -digits24 + 3, {1000}, {.dtype = DType::float32}), -0x1p24, -0x1p24 + 3);
  inside(randint(digits53 - 3, digits53, {1000}, wide), 0x1p53 - 3, 0x1p53);
  REQUIRE(randint(INT64_MIN, INT64_MAX, {10}).numel() == 10);
}

TEST_CASE("rand, uniform_ and normal_: the upper bound is never drawn, and every number is finite") {
  const auto check_range = [](const Tensor& x, double low, double high) {
    const Tensor values = x.to(DType::float64);
    for (const double v : values.data<double>()) REQUIRE((v >= low && v < high));
  };
  check_range(rand({100000}), 0, 1);
  check_range(empty({100000}).uniform_(16777215, 16777216), 16777215, 16777216);
  check_range(empty({100000}).uniform_(1, 1 + 0x1p-22), 1, 1 + 0x1p-22);
  check_range(empty({100000}, wide).uniform_(1, 1 + 0x1p-51), 1, 1 + 0x1p-51);
  const Tensor normal = randn({100000}).to(DType::float64);
  for (const double v : normal.data<double>()) REQUIRE(std::isfinite(v));
}

TEST_CASE("tensor: int64 accepts only numbers that it can represent") {
  const auto text = [](const TensorData& data) { return error_of([&] { tensor(data, whole); }); };
  REQUIRE(text(18446744073709551615ull) == "tensor: 18446744073709551615 is not an int64");
  REQUIRE(text(18446744073709551615ul) == "tensor: 18446744073709551615 is not an int64");
  REQUIRE(text({{1, 2}, {3, 9223372036854775808ull}}) == "tensor: 9223372036854775808 is not an int64");
  REQUIRE(text(0x1p63) == "tensor: 9.223372036854776e+18 is not an int64");
  REQUIRE(text(-0x1.0000000000001p63) == "tensor: -9.223372036854778e+18 is not an int64");
  REQUIRE(text(0.5) == "tensor: 0.5 is not an int64");
  REQUIRE(text(std::nan("")) == "tensor: nan is not an int64");
  REQUIRE(text(-std::nan("")) == "tensor: nan is not an int64");
  REQUIRE(text(-std::numeric_limits<long double>::infinity()) == "tensor: -inf is not an int64");
  const auto same = [](const TensorData& data, std::int64_t want) {
    REQUIRE(tensor(data, whole).item<std::int64_t>() == want);
  };
  same(9223372036854775807ull, INT64_MAX);
  same(9223372036854775807ll, INT64_MAX);
  same(INT64_MIN, INT64_MIN);
  same(-0x1p63, INT64_MIN);
  same(9007199254740993, 9007199254740993);
  same(9007199254740993.0L, 9007199254740993);
  same(static_cast<unsigned char>(200), 200);
  same(true, 1);
  same(-0.0, 0);
}

TEST_CASE("tensor: floating point accepts any number, rounded once") {
  // Rounding twice, through double, would give the neighbours of these values.
  REQUIRE(tensor(0x7fffff4000000001).item<float>() == 0x1.fffffep62f);
  REQUIRE(tensor(-0x7fffff4000000001).item<float>() == -0x1.fffffep62f);
  REQUIRE(tensor(0x8000008000000001ull).item<float>() == 0x1.000002p63f);
  REQUIRE(tensor(16777217).item<float>() == 16777216.0f);
  REQUIRE(tensor(9007199254740993, wide).item<double>() == 9007199254740992.0);
  REQUIRE(tensor(18446744073709551615ull, wide).item<double>() == 0x1p64);
  REQUIRE(std::isinf(tensor(1e300).item<float>()));
  REQUIRE(tensor(-1e300).item<float>() < 0);
  REQUIRE(tensor(1e-60).item<float>() == 0);
  REQUIRE(std::signbit(tensor(-0.0).item<float>()));
  REQUIRE(std::isinf(full({}, 1e300).item<float>()));
  REQUIRE(error_of([] { tensor(2ull, {.dtype = DType::boolean}); }) == "tensor: 2 is not a boolean");
  REQUIRE(error_of([] { tensor(-0.5, {.dtype = DType::boolean}); }) == "tensor: -0.5 is not a boolean");
  REQUIRE(tensor({true, false}, {.dtype = DType::boolean}).sum().item<std::int64_t>() == 1);
}

TEST_CASE("numbers combined with int64 tensors must be below 2^53") {
  // 2^53 could be a rounded 2^53 + 1.
  const Tensor i = zeros({2}, whole);
  REQUIRE(error_of([&] { i + static_cast<double>(9007199254740993); }) ==
          "add: 9007199254740992 is not a whole number that an int64 tensor can hold exactly");
  REQUIRE(error_of([&] { full({2}, static_cast<double>(9007199254740993), whole); }) ==
          "full: 9007199254740992 is not a whole number that an int64 tensor can hold exactly");
  REQUIRE(error_of([&] { i.fill_(-0x1p53); }) ==
          "fill_: -9007199254740992 is not a whole number that an int64 tensor can hold exactly");
  REQUIRE(error_of([&] { i.fill_(-std::nan("")); }) ==
          "fill_: nan is not a whole number that an int64 tensor can hold exactly");
  REQUIRE(full({}, 9007199254740991.0, whole).item<std::int64_t>() == 9007199254740991);
}

TEST_CASE("from_blob: a tensor without elements needs no memory") {
  int freed = 0;
  {
    const Tensor x = from_blob(nullptr, {0, 3}, {}, [&](void* p) {
      REQUIRE(p == nullptr);
      ++freed;
    });
    REQUIRE(x.numel() == 0);
    REQUIRE(x.data<float>().empty());
    REQUIRE(x.clone().shape() == Shape{0, 3});
    REQUIRE(x.to(DType::float64).t().contiguous().shape() == Shape{3, 0});
    REQUIRE((x + ones({1, 3})).shape() == Shape{0, 3});
    REQUIRE(test::value(x.sum()) == 0);
    REQUIRE(equal(x.sum({0}), zeros({3})));
    REQUIRE(equal(matmul(x.t(), x), zeros({3, 3})));
    REQUIRE(equal(cat({x, ones({2, 3})}), ones({2, 3})));
    x.add_(1).mul_(x).fill_(2).copy_(x);
    REQUIRE(freed == 0);
  }
  REQUIRE(freed == 1);
  REQUIRE(from_blob(nullptr, {0}, {.dtype = DType::int64}).numel() == 0);
  REQUIRE(from_blob(nullptr, {0}, {.requires_grad = true}).requires_grad());
  REQUIRE(error_of([&] { from_blob(nullptr, {}, {}, [&](void*) { ++freed; }); }) ==
          "from_blob: the pointer is null; the shape is []");
  REQUIRE(freed == 1);
}
