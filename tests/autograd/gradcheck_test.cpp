// gradcheck itself: what it accepts, and the errors it reports.
#include "../support/catch.h"

#include <tenon/autograd/tape/record.h>

#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

namespace {

using Tensors = std::vector<Tensor>;

Tensor matrix() { return tensor({{0.5, -1.0}, {2.0, 0.25}}, {.dtype = DType::float64}); }

/// x^2 with a gradient that is wrong by a factor.
Tensor wrong_square(const Tensor& x) {
  return autograd::record("wrong_square", CallSite::current(), x.detach() * x.detach(),
      autograd::Input(x, autograd::with(x), [](const Tensor& g, const Tensor& at) { return g * at * 2.5; }));
}

}  // namespace

TEST_CASE("gradcheck: accepts correct gradients and leaves the inputs unchanged", "[gradcheck]") {
  const Tensor x = matrix();
  REQUIRE(autograd::gradcheck([](const Tensors& in) { return in[0] * in[0]; }, {x}));
  REQUIRE(x.version() == 0);
  REQUIRE_FALSE(x.requires_grad());
}

TEST_CASE("gradcheck: the error names the input, the element and both values", "[gradcheck]") {
  const std::string text = error_of([] {
    autograd::gradcheck([](const Tensors& in) { return in[0].sum() + wrong_square(in[1]); },
        {ones({2}, {.dtype = DType::float64}), matrix()});
  });
  REQUIRE(text.starts_with("gradcheck: input 1 [2, 2] at (0, 0): analytic "));
  REQUIRE(text.find(", numeric ") != text.npos);
}

TEST_CASE("gradcheck: finds a result that is detached from the graph", "[gradcheck]") {
  const std::string text =
      error_of([] { autograd::gradcheck([](const Tensors& in) { return in[0].detach() * 3; }, {matrix()}); });
  REQUIRE(text.starts_with("gradcheck: input 0 [2, 2] at (0, 0): analytic 0, numeric "));
  REQUIRE(autograd::gradcheck([](const Tensors& in) { return zeros_like(in[0]); }, {matrix()}));
}

TEST_CASE("gradcheck: a NaN is an error", "[gradcheck]") {
  REQUIRE(error_of([] {
    autograd::gradcheck([](const Tensors& in) { return log(in[0]); }, {matrix()});
  }).starts_with("gradcheck: input 0 [2, 2] at (0, 0): "));
}

TEST_CASE("gradcheck: refuses float32 and a call without inputs to check", "[gradcheck]") {
  REQUIRE(error_of([] { autograd::gradcheck([](const Tensors& in) { return in[0]; }, {ones({2})}); }) ==
          "gradcheck: finite differences need float64; input 0 is float32");
  REQUIRE(error_of([] { autograd::gradcheck([](const Tensors&) { return ones({2}); }, {}); }) ==
          "gradcheck: needs at least one input");
}

TEST_CASE("gradgradcheck: finds a gradient that cannot be differentiated", "[gradcheck]") {
  const auto square = [](const Tensors& in) {
    return autograd::record("square", CallSite::current(), in[0].detach() * in[0].detach(),
        autograd::Input(in[0], autograd::with(in[0]),
            [](const Tensor& g, const Tensor& x) { return g.detach() * x.detach() * 2; }));
  };
  REQUIRE(autograd::gradcheck(square, {matrix()}));
  REQUIRE(error_of([&] {
    autograd::gradgradcheck(square, {matrix()});
  }).starts_with("gradgradcheck: input 0 [2, 2] at (0, 0): analytic 0, numeric "));
}
