// Initial values of parameters: the linear layer and the init functions.
#include "../support/catch.h"

#include <cmath>

#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

TEST_CASE("linear: it is initialised as in PyTorch") {
  manual_seed(1);
  const nn::Linear net(200, 50);
  const double bound = 1 / std::sqrt(200.0);
  for (const Tensor& p : {net.weight, net.bias}) {
    REQUIRE((abs(p) > bound).sum().item<std::int64_t>() == 0);
    REQUIRE((abs(p) > 0.9 * bound).sum().item<std::int64_t>() > 0);
    REQUIRE(p.requires_grad());
  }
  REQUIRE(std::abs(net.weight.mean().item<double>()) < bound / 20);
  REQUIRE_FALSE(nn::Linear(2, 3, {.bias = false}).bias.defined());
  REQUIRE(nn::Linear(2, 3, {.dtype = DType::float64}).weight.dtype() == DType::float64);
  REQUIRE(error_of([] { nn::Linear(-1, 2); }) == "linear: sizes must not be negative; they are -1 and 2");
  REQUIRE(error_of([] { nn::Linear(1, 2, {.dtype = DType::int64}); }) ==
          "linear: weights are floating-point numbers; the dtype is int64");
  REQUIRE(error_of([] { nn::Linear(std::int64_t{1} << 40, std::int64_t{1} << 40); }) ==
          "linear: the shape [1099511627776, 1099511627776] has too many elements");
  REQUIRE(error_of([] {
    nn::Linear(1, 2, {.device = Device::cuda(99)});
  }).starts_with("linear: cuda:99 was requested"));
}

TEST_CASE("init: moments and bounds") {
  manual_seed(2);
  const Tensor w = empty({300, 100}, {.requires_grad = true});
  const auto deviation = [&] { return std::sqrt((w.detach() * w.detach()).mean().item<double>()); };
  const auto largest = [&](double bound) {
    return (abs(w) > bound).sum().item<std::int64_t>() == 0 &&
           (abs(w) > 0.99 * bound).sum().item<std::int64_t>() > 0;
  };
  nn::init::normal_(w, 0, 2);
  REQUIRE(deviation() == Approx(2).epsilon(0.02));
  nn::init::uniform_(w, -3, 3);
  REQUIRE(largest(3));
  nn::init::kaiming_uniform_(w);
  REQUIRE(largest(std::sqrt(6.0 / 100)));
  nn::init::kaiming_uniform_(w, {.a = std::sqrt(5.0)});
  REQUIRE(largest(1 / std::sqrt(100.0)));
  nn::init::kaiming_normal_(w, {.mode = nn::init::Fan::out, .nonlinearity = nn::init::Nonlinearity::relu});
  REQUIRE(deviation() == Approx(std::sqrt(2.0 / 300)).epsilon(0.02));
  nn::init::xavier_uniform_(w, 2);
  REQUIRE(largest(2 * std::sqrt(6.0 / 400)));
  nn::init::xavier_normal_(w);
  REQUIRE(deviation() == Approx(std::sqrt(2.0 / 400)).epsilon(0.02));
  nn::init::constant_(w, 4);
  REQUIRE(equal(w, full({300, 100}, 4)));
  nn::init::zeros_(w);
  REQUIRE(equal(w, zeros({300, 100})));
  nn::init::ones_(w);
  REQUIRE(equal(w, ones({300, 100})));
  REQUIRE(w.is_leaf());
}

TEST_CASE("init: gains are PyTorch's calculate_gain, with its default slope") {
  using nn::init::gain;
  using nn::init::Nonlinearity;
  REQUIRE(gain(Nonlinearity::leaky_relu) == 1.4141428569978354);
  REQUIRE(gain(Nonlinearity::leaky_relu, 0.2) == 1.3867504905630728);
  REQUIRE(gain(Nonlinearity::leaky_relu, 0) == 1.4142135623730951);
  REQUIRE(gain(Nonlinearity::relu) == 1.4142135623730951);
  REQUIRE(gain(Nonlinearity::tanh) == 1.6666666666666667);
  REQUIRE(gain(Nonlinearity::linear) == 1);
  REQUIRE(gain(Nonlinearity::sigmoid) == 1);
  // kaiming_* has slope 0 by default: bound sqrt(6 / 6), not sqrt(6 / 6 / 1.0001).
  const Tensor unit = empty({1, 6}), plain = empty({1, 6}), leaky = empty({1, 6});
  Generator a(1), b(1), c(1);
  nn::init::uniform_(unit, -1, 1, a);
  nn::init::kaiming_uniform_(plain, {}, b);
  nn::init::kaiming_uniform_(leaky, {.a = 0.01}, c);
  REQUIRE(allclose(plain, unit, 1e-6, 0));
  REQUIRE_FALSE(allclose(leaky, unit, 1e-6, 0));
  REQUIRE(allclose(leaky, unit * 0.99995, 1e-6, 0));
}

TEST_CASE("init: a tensor without elements stays unchanged and uses no random numbers") {
  Generator used(1), fresh(1);
  for (const Shape& shape : {Shape{0, 3}, Shape{3, 0}, Shape{0, 0}, Shape{2, 3, 0}}) {
    const Tensor w = empty(shape, {.requires_grad = true});
    REQUIRE(nn::init::kaiming_uniform_(w, {}, used).is_same(w));
    REQUIRE(nn::init::kaiming_normal_(w, {.mode = nn::init::Fan::out}, used).is_same(w));
    REQUIRE(nn::init::xavier_uniform_(w, 1, used).is_same(w));
    REQUIRE(nn::init::xavier_normal_(w, 1, used).is_same(w));
    REQUIRE(nn::init::uniform_(w, 0, 1, used).is_same(w));
    REQUIRE(nn::init::normal_(w, 0, 1, used).is_same(w));
    REQUIRE(nn::init::zeros_(w).is_same(w));
  }
  REQUIRE(used.next(RandomDomain::init).stream == fresh.next(RandomDomain::init).stream);
  REQUIRE(error_of([] { nn::init::kaiming_normal_(empty({0})); }) ==
          "kaiming_normal_: needs at least two dimensions; the shape is [0]");
  const nn::Linear no_inputs(0, 3), no_outputs(3, 0);
  REQUIRE(no_inputs.weight.shape() == Shape{3, 0});
  REQUIRE(equal(no_inputs.bias, zeros({3})));
  REQUIRE(no_outputs.bias.shape() == Shape{0});
  const Tensor y = no_inputs(ones({2, 0}));
  REQUIRE(equal(y, zeros({2, 3})));
  y.sum().backward();
  REQUIRE(equal(no_inputs.bias.grad(), full({3}, 2)));
  REQUIRE(no_inputs.weight.grad().shape() == Shape{3, 0});
}

TEST_CASE("init: an error names the called function") {
  const Tensor w = empty({2, 3}), whole = zeros({2, 3}, {.dtype = DType::int64});
  const auto each = [](const Tensor& tensor, const std::string& rest) {
    using namespace nn::init;
    REQUIRE(error_of([&] { normal_(tensor); }) == "normal_: " + rest);
    REQUIRE(error_of([&] { uniform_(tensor); }) == "uniform_: " + rest);
    REQUIRE(error_of([&] { kaiming_uniform_(tensor); }) == "kaiming_uniform_: " + rest);
    REQUIRE(error_of([&] { kaiming_normal_(tensor); }) == "kaiming_normal_: " + rest);
    REQUIRE(error_of([&] { xavier_uniform_(tensor); }) == "xavier_uniform_: " + rest);
    REQUIRE(error_of([&] { xavier_normal_(tensor); }) == "xavier_normal_: " + rest);
  };
  each(whole, "needs floating-point numbers; the dtype is int64");
  each(Tensor(), "the tensor is undefined");
  const Tensor repeated = expand(ones({3}), {2, 3});
  const std::string shared = "elements of this tensor of shape [2, 3] share memory; clone() it first";
  each(repeated, shared);
  REQUIRE(error_of([&] { nn::init::zeros_(repeated); }) == "zeros_: " + shared);
  REQUIRE(error_of([&] { nn::init::ones_(Tensor()); }) == "ones_: the tensor is undefined");
  REQUIRE(error_of([&] { nn::init::constant_(whole, 0.5); }) ==
          "constant_: 0.5 is not a whole number that an int64 tensor can hold exactly");
  REQUIRE(error_of([] { nn::init::constant_(empty({1}, {.dtype = DType::boolean}), 2); }) ==
          "constant_: 2 is not a boolean");
  REQUIRE(error_of([] { nn::init::kaiming_normal_(ones({3})); }) ==
          "kaiming_normal_: needs at least two dimensions; the shape is [3]");
  REQUIRE(error_of([&] { nn::init::kaiming_uniform_(w, {.a = NAN}); }) ==
          "kaiming_uniform_: the slope a must be finite; it is nan");
  REQUIRE(error_of([&] { nn::init::xavier_uniform_(w, -1); }) ==
          "xavier_uniform_: the gain must not be negative and must be finite; it is -1");
  REQUIRE(error_of([&] { nn::init::xavier_normal_(w, INFINITY); }) ==
          "xavier_normal_: the gain must not be negative and must be finite; it is inf");
}

TEST_CASE("init: numbers must be finite in the dtype of the tensor") {
  const Tensor w = zeros({2, 3}), d = zeros({2, 3}, {.dtype = DType::float64});
  REQUIRE(error_of([&] {
    nn::init::normal_(w, 0, 1e300);
  }) == "normal_: the deviation must not be negative, and both finite in float32; mean 0, deviation 1e+300");
  REQUIRE(error_of([&] {
    nn::init::normal_(w, -1e300, 1);
  }) == "normal_: the deviation must not be negative, and both finite in float32; mean -1e+300, deviation 1");
  REQUIRE(error_of([&] { nn::init::normal_(w, 0, -1); }) ==
          "normal_: the deviation must not be negative, and both finite in float32; mean 0, deviation -1");
  REQUIRE(error_of([&] { nn::init::uniform_(w, -3e38, 3e38); }) ==
          "uniform_: the bounds must be finite in float32 and in order, and their distance finite; they are "
          "-3e+38 and 3e+38");
  REQUIRE(error_of([&] {
    nn::init::uniform_(w, 1, 0);
  }) == "uniform_: the bounds must be finite in float32 and in order, and their distance finite; they are 1 "
        "and 0");
  REQUIRE(error_of([&] {
    nn::init::xavier_normal_(w, 1e300);
  }).starts_with("xavier_normal_: the deviation must not be negative, and both finite in float32; "));
  REQUIRE(
      error_of([&] { nn::init::constant_(w, 1e300); }) == "constant_: 1e+300 exceeds the range of float32");
  REQUIRE(equal(w, zeros({2, 3})));
  nn::init::constant_(w, -INFINITY);
  REQUIRE(w.at({1, 2}).item<float>() == -INFINITY);
  nn::init::constant_(d, 1e300);
  REQUIRE(d.at({1, 2}).item<double>() == 1e300);
}
