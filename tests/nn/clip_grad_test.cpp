// Clipping of gradients: PyTorch's numbers, and what is refused before anything changes.
#include <cmath>
#include <fstream>

#include <nlohmann/json.hpp>

#include "../support/catch.h"
#include "../support/tensors.h"

using namespace tenon;
using nn::utils::clip_grad_norm_;
using nn::utils::clip_grad_value_;
using test::error_of;
using test::parameter;

namespace {

/// A leaf with this gradient.
Tensor with_grad(const Tensor& grad) {
  const Tensor w = zeros(grad.shape(), {.dtype = grad.dtype(), .requires_grad = true});
  w.set_grad(grad);
  return w;
}

}  // namespace

TEST_CASE("clip_grad_norm_: PyTorch's norms and gradients") {
  std::ifstream file(TENON_SOURCE_DIR "/tests/data/clip_grad_norm.json");
  REQUIRE(file);
  const auto cases = nlohmann::json::parse(file);
  REQUIRE(cases.size() == 6);
  for (const auto& row : cases) {
    INFO(row.dump());
    const double p = row[0]["norm_type"] == "inf" ? INFINITY : row[0]["norm_type"].get<double>();
    constexpr Options wide = {.dtype = DType::float64};
    const Tensor a = with_grad(tensor({0.3, -1.5, 2.0}, wide));
    const Tensor b = with_grad(tensor({{0.5, -0.25}, {1.0, -3.0}}, wide));
    const Tensor handle = a.grad();
    const Tensor total = clip_grad_norm_({a, parameter({1}), b}, row[0]["max_norm"], p);
    REQUIRE(total.dim() == 0);
    REQUIRE(total.item<double>() == Approx(row[1].get<double>()).epsilon(1e-14));
    REQUIRE(allclose(a.grad(), tensor(row[2].get<std::vector<double>>(), {3}), 1e-14, 0));
    REQUIRE(allclose(b.grad(), tensor(row[3].get<std::vector<double>>(), {2, 2}), 1e-14, 0));
    REQUIRE(equal(handle, a.grad()));  // in place
  }
}

TEST_CASE("clip_grad_norm_: a norm within the limit changes no bit") {
  const Tensor w = with_grad(tensor({0.1F, -0.7F}));
  const Tensor before = w.grad().clone();
  REQUIRE(clip_grad_norm_({w}, 5).item<double>() == Approx(std::sqrt(0.5)));
  REQUIRE(bitwise_equal(w.grad(), before));
  REQUIRE(clip_grad_norm_({parameter({1})}, 1).item<double>() == 0);
  REQUIRE(clip_grad_norm_({}, 1).item<double>() == 0);
  const Tensor none = with_grad(zeros({0}));
  REQUIRE(clip_grad_norm_({none, w}, 5, INFINITY).item<double>() == Approx(0.7));
}

TEST_CASE("clip_grad_norm_: a norm that is not finite is PyTorch's zeros or NaN, or an error") {
  const Tensor w = with_grad(tensor({1, INFINITY}));
  REQUIRE(error_of([&] { clip_grad_norm_({w}, 1, 2, true); }) ==
          "clip_grad_norm_: the norm of the gradients is inf, so they cannot be clipped");
  REQUIRE(equal(w.grad(), tensor({1, INFINITY})));
  clip_grad_norm_({w}, 1);
  REQUIRE(w.grad().at({0}).item<double>() == 0);
  REQUIRE(std::isnan(w.grad().at({1}).item<double>()));
  REQUIRE(std::isnan(clip_grad_norm_({w}, 1, INFINITY).item<double>()));
  REQUIRE(std::isnan(w.grad().at({0}).item<double>()));
}

TEST_CASE("clip_grad_value_: each element on its own") {
  const Tensor w = with_grad(tensor({-3, 0.5, 2, NAN})), other = parameter({1});
  const Tensor handle = w.grad();
  clip_grad_value_({w, other}, 1);
  REQUIRE(bitwise_equal(w.grad(), tensor({-1, 0.5, 1, NAN})));
  REQUIRE(bitwise_equal(handle, w.grad()));
  REQUIRE_FALSE(other.grad().defined());
}

TEST_CASE("clip_grad: mistakes are found before the first gradient changes") {
  const Tensor w = with_grad(tensor({3, 4})), wide = with_grad(ones({2}, {.dtype = DType::float64}));
  REQUIRE(error_of([&] { clip_grad_norm_({w}, -1); }) ==
          "clip_grad_norm_: max_norm must not be negative; it is -1");
  REQUIRE(error_of([&] { clip_grad_norm_({w}, NAN); }) ==
          "clip_grad_norm_: max_norm must not be negative; it is nan");
  REQUIRE(error_of([&] { clip_grad_norm_({w}, 1, 0); }) ==
          "clip_grad_norm_: norm_type must be positive or infinity; it is 0");
  REQUIRE(error_of([&] { clip_grad_norm_({w, w}, 1); }) == "clip_grad_norm_: parameter 1 is given twice");
  REQUIRE(error_of([&] {
    clip_grad_value_({w, Tensor()}, 1);
  }) == "clip_grad_value_: parameter 1 is undefined");
  REQUIRE(error_of([&] { clip_grad_value_({w}, -1); }) ==
          "clip_grad_value_: clip_value must not be negative; it is -1");
  REQUIRE(error_of([&] { clip_grad_norm_({w, wide}, 1); }).starts_with("clip_grad_norm_: dtypes differ"));
  const Tensor repeated = zeros({2}, {.requires_grad = true});
  repeated.set_grad(expand(ones({1}), {2}));
  REQUIRE(error_of([&] {
    clip_grad_norm_({w, repeated}, 1);
  }) == "clip_grad_norm_: elements of the gradient of parameter 1, of shape [2], share memory; clone() it "
        "first");
  REQUIRE(equal(w.grad(), tensor({3, 4})));
}
