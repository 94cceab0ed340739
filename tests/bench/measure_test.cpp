// The benchmarks check what they time.
#include <algorithm>

#include "../../bench/measure.h"
#include "../../bench/report.h"
#include "../../bench/select.h"

#include "../support/catch.h"
#include "../support/errors.h"

using namespace tenon;
using bench::Case, bench::Row, bench::Size, bench::Tensors;
using Catch::Matchers::Contains;

namespace {

const bench::Plan quick{.rounds = 3, .min_time = 1e-5};
const bench::Roofs roofs{.flops = 1e11, .l2_bytes = 1e11, .memory_bytes = 1e10, .sizes = {1 << 20, 1 << 24}};

template <class Function>
Case of(Function f) {
  return {.name = "test/case", .sizes = {{100}}, .inputs = bench::normals(1), .make = bench::function(f)};
}
Row measured(const Case& one, const Size& size = {100}) {
  return bench::measure(one, size, false, quick, roofs);
}

}  // namespace

TEST_CASE("A right result is timed", "[bench]") {
  const Row row = measured(of([](const Tensors& in) { return in[0] + in[0]; }));
  CHECK(row.failure == "");
  CHECK(row.name == "test/case/100");
  REQUIRE(row.timings.size() == 1);
  CHECK(row.timings[0].seconds.size() == 3);
  CHECK(row.timings[0].median() > 0);
  CHECK(row.bytes == 800);
  CHECK(row.limit == "");
}

TEST_CASE("A wrong or missing result is not", "[bench]") {
  const auto failure_of = [](auto f) {
    const Row row = measured(of(f));
    CHECK(row.timings.empty());
    return row.failure;
  };
  // Each differs between float32, which is timed, and float64, the reference.
  CHECK_THAT(failure_of([](const Tensors& in) {
    return in[0].dtype() == DType::float32 ? in[0] * 1.001 : in[0] * 1.0;
  }),
      Contains("tenon is wrong: the relative error of result 0 is 0.001, more than 1e-05"));
  CHECK_THAT(
      failure_of([](const Tensors& in) { return in[0].dtype() == DType::float32 ? in[0] / 0.0 : in[0]; }),
      Contains("tenon is wrong"));
  CHECK_THAT(failure_of([](const Tensors& in) {
    const Tensor zero = in[0] * 0.0;
    return in[0].dtype() == DType::float32 ? zero / zero : in[0];  // NaN
  }),
      Contains("tenon is wrong"));
  CHECK_THAT(failure_of([](const Tensors& in) {
    return in[0].dtype() == DType::float32 ? in[0].narrow(0, 0, 50) : in[0];
  }),
      Contains("tenon returned [50], not [100]"));
  CHECK_THAT(failure_of([](const Tensors& in) -> Tensor {
    check(in[0].dtype() != DType::float32, "this cannot be computed");
    return in[0];
  }),
      Contains("this cannot be computed"));
}

TEST_CASE("A case can check its result itself", "[bench]") {
  Case one = of([](const Tensors& in) { return in[0]; });
  one.check_result = [](const Tensors& found) {
    check(found[0].numel() == 99, "there are {}", found[0].numel());
  };
  CHECK(measured(one).failure == "there are 100");
}

TEST_CASE("Calls take the sets of inputs in turn", "[bench]") {
  std::vector<double> seen;
  const bench::Make make = bench::function([&](const Tensors& in) {
    seen.push_back(in[0].item<double>());
    return in[0];
  });
  const bench::Work work = make({{full({}, 1)}, {full({}, 2)}, {full({}, 3)}});
  work.run(5);
  CHECK(seen == std::vector<double>{1, 2, 3, 1, 2});
}

TEST_CASE("What limits a case", "[bench]") {
  const Case sum = of([](const Tensors& in) { return in[0].sum(); });
  CHECK(measured(sum, {1000}).limit == "");
  CHECK(measured(sum, {100'000}).limit == "caches");
  CHECK(measured(sum, {5'000'000}).limit == "memory");
  Case product = sum;
  product.flops = [](const Size& size) { return 1e6 * static_cast<double>(size[0]); };
  CHECK(measured(product, {1000}).limit == "arithmetic");
  CHECK(bench::has_cold_row(sum, {100'000}, roofs.sizes));
  CHECK_FALSE(bench::has_cold_row(sum, {100}, roofs.sizes));
  CHECK_FALSE(bench::has_cold_row(sum, {5'000'000}, roofs.sizes));
}

TEST_CASE("A slow contender has a ratio above 1", "[bench]") {
  std::vector<bench::Contender> contenders{{"a", [] { return 1.0; }}, {"b", [] { return 3.0; }}};
  const auto timings = bench::race(contenders, 5);
  CHECK(timings[0].ratio == 1);
  CHECK(timings[1].ratio == 3);
  double round = 0;  // a spell in which everything is ten times slower changes no ratio
  contenders = {
      {"a", [&] { return ++round < 3 ? 1.0 : 10.0; }}, {"b", [&] { return round < 3 ? 2.0 : 20.0; }}};
  CHECK(bench::race(contenders, 4)[1].ratio == 2);
}

TEST_CASE("Rows are chosen by name and size", "[bench]") {
  const auto names = [](const bench::Wanted& wanted) {
    std::vector<std::string> all;
    for (const bench::Selected& chosen : bench::select(wanted))
      all.push_back(bench::row_name(chosen.one, chosen.size, chosen.cold));
    return all;
  };
  using Names = std::vector<std::string>;
  CHECK(names({.filter = "^matmul/layer/5"}) == Names{"matmul/layer/5x200x1"});
  CHECK(names({.filter = "elementwise/add/", .sizes = {"7", "3x4"}}) == Names{"elementwise/add/7"});
  CHECK(names({.filter = "elementwise/add/", .sizes = {"100000"}, .cold = true}) ==
        Names{"elementwise/add/100000", "elementwise/add/100000/cold"});
  CHECK(test::error_of([&] { names({.filter = "no such row"}); }) ==
        "no row matches no such row; --list prints all of them");
  CHECK(test::error_of([&] { names({.filter = "("}); }) == "--filter: ( is not a regular expression");
  for (const char* wrong : {"", "x", "3x", "x3", "3xx4", "0", "-1", "3 4", "99999999999999999999"})
    CHECK(test::error_of([&] { names({.sizes = {wrong}}); }) ==
          std::string("--size: ") + wrong + " is not a size; write it as in 1000 or 64x784x256");
}

TEST_CASE("Every case has its own name", "[bench]") {
  std::vector<std::string> names;
  for (const Case& one : bench::all_cases()) {
    INFO(one.name);
    CHECK(std::count(names.begin(), names.end(), one.name) == 0);
    CHECK_FALSE(one.sizes.empty());
    names.push_back(one.name);
  }
}

TEST_CASE("A row as JSON and CSV", "[bench]") {
  Row row{.name = "a/b/1",
      .size = {1},
      .bytes = 12,
      .timings = {{"tenon", {1, 2, 3}, 1}, {"peer", {4, 4, 4}, 2}}};
  row.limit = "memory";
  row.roof = {"roof", {1}, 0.5};
  const bench::Json json = bench::json_of(row, 2);
  CHECK(json["contenders"][1]["ratio"] == 2);
  CHECK(json["contenders"][0]["median_seconds"] == 2);
  CHECK(json["roof"]["share"] == 0.5);
  Row failed{.name = "a/c/1", .size = {1}};
  failed.failure = "wrong";
  CHECK(bench::json_of(failed, 2)["failure"] == "wrong");
  CHECK(bench::csv_of({json, bench::json_of(failed, 2)}) ==
        "name,threads,contender,median_seconds,p10_seconds,p90_seconds,ratio,bytes,flops,share_of_roof\n"
        "a/b/1,2,tenon,2,1,2,1,12,0,0.500\na/b/1,2,peer,4,4,4,2,12,0,\n");
}
