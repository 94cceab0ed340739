// Histograms of tensors.
#include <tenon/tenon.h>

#include "../support/catch.h"
#include "../support/files.h"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("a tensor of any layout and dtype has the histogram of its elements") {
  const TemporaryDirectory directory;
  const auto bytes = [&](const char* name, auto&& add) {
    io::SummaryWriter writer(directory / name, {.wall_time = [] { return 1700000000.0; }});
    add(writer);
    const auto files = names_below(directory / name);
    REQUIRE(files.size() == 1);
    return read_file(directory / name + "/" + files[0]);
  };
  const double values[] = {0.5, -2, 3, 3};
  const std::string expected = bytes("span", [&](auto& w) { w.add_histogram("w", std::span(values), 7); });
  const Tensor matrix = tensor({{0.5, 3}, {-2, 3}}, {.requires_grad = true});
  REQUIRE(bytes("strided", [&](auto& w) { w.add_histogram("w", matrix.t(), 7); }) == expected);
  REQUIRE(bytes("double", [&](auto& w) { w.add_histogram("w", matrix.to(DType::float64), 7); }) == expected);
  const double other[] = {0.5, -2, 3, 4};
  REQUIRE(bytes("other", [&](auto& w) { w.add_histogram("w", std::span(other), 7); }) != expected);
}
