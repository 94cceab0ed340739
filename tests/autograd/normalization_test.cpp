// Normalisation, dropout and embedding: PyTorch's values, running statistics, random streams.
#include <cmath>

#include "../support/catch.h"

#include <tenon/autograd/ops/gradients.h>

#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

namespace {

const Options wide{.dtype = DType::float64};

/// Operands whose results below were computed with PyTorch 2.15; g is the gradient of the output.
struct Operands {
  Tensor x = tensor({{1, 2, 4}, {3, -1, 0}}, wide).set_requires_grad();
  Tensor w = tensor({1, 2, -1}, wide).set_requires_grad();
  Tensor b = tensor({.5, 0, 1}, wide).set_requires_grad();
  Tensor g = tensor({{1, 0, 2}, {-1, 3, 1}}, wide);
};

bool near(const Tensor& found, const TensorData& expected) {
  return allclose(found, tensor(expected, found.options()), 1e-12, 1e-14);
}

}  // namespace

TEST_CASE("normalization: layer_norm has PyTorch's values and gradients") {
  const Operands in;
  const Tensor y = layer_norm(in.x, 3, in.w, in.b);
  y.backward(in.g);
  REQUIRE(near(y, {{-0.5690415314502977, -0.5345207657251491, -0.3363019143128718},
                      {1.87281056995105, -1.9611579570729287, 1.3922315914145857}}));
  REQUIRE(near(in.x.grad(), {{6.8723656654334775e-06, 1.718091416247347e-06, -8.59045708190287e-06},
                                {0.4751972618790221, 1.4256155457377626, -1.9008128076167852}}));
  REQUIRE(near(in.w.grad(), {-2.4418521014013477, -2.941736935609393, 2.2803722372111577}));
  REQUIRE(near(in.b.grad(), {0, 3, 3}));
}

TEST_CASE("normalization: rms_norm has PyTorch's values and gradients, and its eps") {
  const Operands in;
  const Tensor y = rms_norm(in.x, 3, in.w);
  y.backward(in.g);
  REQUIRE(near(y, {{0.3779644730092272, 1.5118578920369088, -1.5118578920369088},
                      {1.6431676725154982, -1.0954451150103321, 0}}));
  REQUIRE(near(in.x.grad(), {{0.5039526306789696, 0.2519763153394848, -0.25197631533948484},
                                {0.931128347758782, 2.793385043276347, -0.5477225575051661}}));
  REQUIRE(near(in.w.grad(), {-1.2652031995062711, -1.6431676725154982, 3.0237157840738176}));
  REQUIRE(rms_norm(zeros({1}), 1).item() == 0);
  REQUIRE(rms_norm(full({1}, 1e-4), 1).item() == Approx(1e-4 / std::sqrt(1e-8 + 0x1p-23)));
  REQUIRE(rms_norm(full({1}, 1e-8, wide), 1).item() == Approx(1e-8 / std::sqrt(1e-16 + 0x1p-52)));
}

TEST_CASE("normalization: batch_norm has PyTorch's values, gradients and running statistics") {
  const Operands in;
  const Tensor mean = tensor({.5, 0, 1}, wide), variance = tensor({1, 2, 4}, wide);
  const Tensor y = batch_norm(in.x, mean, variance, in.w, in.b, true);
  y.backward(in.g);
  REQUIRE(near(y, {{-0.49999500003749975, 1.9999955555703703, 1.2499976562718729e-06},
                      {1.4999950000374997, -1.9999955555703703, 1.9999987500023437}}));
  REQUIRE(allclose(in.x.grad(),
      tensor({{9.999850001709384e-06, -8.888829630134287e-06, -6.249976562573832e-07},
                 {-9.999850001709384e-06, 8.888829630134287e-06, 6.249976562573832e-07}},
          wide),
      1e-9, 1e-15));
  REQUIRE(near(in.w.grad(), {-1.9999900000749995, -2.9999933333555555, 0.9999987500023437}));
  REQUIRE(near(mean, {0.65, 0.05, 1.1}));
  REQUIRE(near(variance, {1.1, 2.25, 4.4}));
  for (const Tensor& leaf : {in.x, in.w, in.b}) leaf.zero_grad();
  const Tensor z = batch_norm(in.x, mean, variance, in.w, in.b);
  z.backward(in.g);
  REQUIRE(near(z, {{0.8337103893739984, 2.5999942222414814, -0.3825191833624748},
                      {2.7406269000825607, -1.399996888899259, 1.5244038281719734}}));
  REQUIRE(near(in.x.grad(), {{0.9534582553542812, 0, -0.9534615057672241},
                                {-0.9534582553542812, 3.9999911111407407, -0.47673075288361205}}));
  REQUIRE(near(in.w.grad(), {-1.9069165107085624, -2.0999953333488888, 2.2406345385529765}));
  REQUIRE(near(in.b.grad(), {0, 3, 3}));
  REQUIRE(near(mean, {0.65, 0.05, 1.1}));
}

TEST_CASE("normalization: a failed batch_norm leaves the running statistics as they were") {
  const Tensor mean = zeros({2}), variance = ones({2});
  const Tensor x = tensor({{1, NAN}, {2, 3}});
  REQUIRE(error_of([&] {
    batch_norm(ones({1, 2}), mean, variance, {}, {}, true);
  }) == "batch_norm: training needs more than one element per channel; the input is [1, 2]");
  {
    const AnomalyGuard anomaly;
    REQUIRE(error_of([&] { batch_norm(x, mean, variance, {}, {}, true); }).starts_with("anomaly mode: "));
  }
  REQUIRE(equal(mean, zeros({2})));
  REQUIRE(equal(variance, ones({2})));
  // One of the two may be missing.
  batch_norm(tensor({{1., 4.}, {3., 4.}}), mean, {}, {}, {}, true, 0.5);
  REQUIRE(equal(mean, tensor({1, 2})));
  batch_norm(tensor({{1., 4.}, {3., 4.}}), {}, variance, {}, {}, true, 0.5);
  REQUIRE(equal(variance, tensor({1.5, 0.5})));
}

TEST_CASE("normalization: of large numbers the variance stays exact") {
  const Tensor x = tensor({{1e6, 1e6 + 1, 1e6 + 2, 1e6 + 5}});
  REQUIRE(allclose(layer_norm(x, 4), layer_norm(x - 1e6, 4)));
}

TEST_CASE("normalization: no samples") {
  REQUIRE(layer_norm(zeros({0, 3}), 3).shape() == Shape{0, 3});
  REQUIRE(rms_norm(zeros({0, 3}), 3).shape() == Shape{0, 3});
  REQUIRE(batch_norm(zeros({0, 3}), zeros({3}), ones({3})).shape() == Shape{0, 3});
}

TEST_CASE("normalization: gradients have the same bits with create_graph") {
  manual_seed(3);
  const Tensor x = randn({5, 40}, {.requires_grad = true}), turned = randn({40, 5}, {.requires_grad = true}),
               w = randn({40}, {.requires_grad = true}), b = randn({40}, {.requires_grad = true});
  const auto require_same = [](const Tensor& y, const std::vector<Tensor>& inputs) {
    const auto g = randn({40, 5}).t();
    const auto plain = autograd::grad(y, inputs, {.grad_outputs = {g}, .retain_graph = true});
    const auto recorded = autograd::grad(y, inputs, {.grad_outputs = {g}, .create_graph = true});
    for (std::size_t i = 0; i < inputs.size(); ++i) REQUIRE(bitwise_equal(plain[i], recorded[i]));
  };
  require_same(layer_norm(x, 40), {x});
  require_same(layer_norm(x, 40, w, b), {x, w, b});
  require_same(layer_norm(x, 40, {}, b), {x, b});
  require_same(layer_norm(turned.t(), 40, w), {turned, w});
  require_same(layer_norm(x.detach(), 40, w, b), {w, b});
  require_same(rms_norm(x, 40), {x});
  require_same(rms_norm(turned.t(), 40, w), {turned, w});
  require_same(batch_norm(x, {}, {}, w, b, true), {x, w, b});
}

TEST_CASE("normalization: layer_norm has the bits of the operations that it consists of") {
  manual_seed(4);
  const Tensor w = randn({3, 200}), b = randn({3, 200});
  for (const Tensor& x : {randn({5, 3, 200}), randn({200, 5, 3}).permute({1, 2, 0})}) {
    const Tensor d = x - x.mean({1, 2}, true), v = autograd::mean_of_products(d, d, {1, 2}),
                 y = d * (1 / (v + 1e-5).sqrt());
    REQUIRE(bitwise_equal(layer_norm(x, {3, 200}), y));
    REQUIRE(bitwise_equal(layer_norm(x, {3, 200}, w, b), y * w + b));
    REQUIRE(bitwise_equal(layer_norm(x, {3, 200}, {}, b), y + b));
    // The operations sum what a weight broadcasts, too.
    const Tensor weight = w.clone().set_requires_grad(), g = randn(x.shape());
    layer_norm(x, {3, 200}, weight, b).backward(g);
    REQUIRE(bitwise_equal(weight.grad(), (g * y).sum({0})));
  }
}

TEST_CASE("normalization: rows that are too long for the kernels") {
  manual_seed(5);
  const std::int64_t n = 40000;  // on the CPU
  const Tensor x = randn({2, n}, {.requires_grad = true}), w = randn({n}, {.requires_grad = true}),
               b = randn({n}, {.requires_grad = true}), g = randn({2, n});
  const Tensor d = x.detach() - x.detach().mean({1}, true),
               scale = 1 / (autograd::mean_of_products(d, d, {1}) + 1e-5).sqrt(), y = d * scale;
  REQUIRE(bitwise_equal(layer_norm(x, n), y));
  const Tensor out = layer_norm(x, n, w, b);
  REQUIRE(bitwise_equal(out, y * w.detach() + b.detach()));
  out.backward(g);
  const Tensor h = g * w.detach();
  REQUIRE(
      bitwise_equal(x.grad(), (h - y * autograd::mean_of_products(h, y, {1}) - h.mean({1}, true)) * scale));
  REQUIRE(bitwise_equal(w.grad(), (g * y).sum({0})));
  REQUIRE(bitwise_equal(b.grad(), g.sum({0})));
  const auto plain = autograd::grad(rms_norm(x, n, w), {x, w}, {.grad_outputs = {g}});
  const auto recorded =
      autograd::grad(rms_norm(x, n, w), {x, w}, {.grad_outputs = {g}, .create_graph = true});
  for (std::size_t i = 0; i < 2; ++i) REQUIRE(bitwise_equal(plain[i], recorded[i]));
}

TEST_CASE("normalization: layer_norm and rms_norm are one node on the tape") {
  const Operands in;
  const auto inputs_of = [](const Tensor& y, const std::string& name) {
    REQUIRE(y.grad_fn()->name() == name);
    for (const autograd::GradFn& input : y.grad_fn()->next_functions()) REQUIRE(input.name() == "leaf");
    return y.grad_fn()->next_functions().size();
  };
  REQUIRE(inputs_of(layer_norm(in.x, 3), "layer_norm") == 1);
  REQUIRE(inputs_of(layer_norm(in.x, 3, in.w, in.b), "layer_norm") == 3);
  REQUIRE(inputs_of(layer_norm(in.x.detach(), 3, {}, in.b), "layer_norm") == 1);
  REQUIRE(inputs_of(rms_norm(in.x, 3, in.w), "rms_norm") == 2);
}

TEST_CASE("normalization: what the gradient needs must not change") {
  const auto error_after = [](const auto& change) {
    const Operands in;
    const Tensor x = in.x * 1, w = in.w * 1, y = layer_norm(x, 3, w, in.b), z = layer_norm(x, 3);
    {
      const NoGradGuard no_grad;
      change(x, w, y, z);
    }
    return error_of([&] { (y + z).backward(in.g); });
  };
  const std::string changed = "has been modified in place";
  REQUIRE(error_after([](auto& x, auto&, auto&, auto&) { x.add_(1); }).find(changed) != std::string::npos);
  REQUIRE(error_after([](auto&, auto& w, auto&, auto&) { w.add_(1); }).find(changed) != std::string::npos);
  REQUIRE(error_after([](auto&, auto&, auto&, auto& z) { z.add_(1); }).find(changed) != std::string::npos);
  // With a weight the result is not what the gradient needs.
  REQUIRE(error_after([](auto&, auto&, auto& y, auto&) { y.add_(1); }).empty());
  // An input that needs no gradient is not needed either.
  const Operands in;
  const Tensor x = in.x.clone().detach(), y = layer_norm(x, 3, in.w);
  x.fill_(7);
  y.backward(in.g);
  REQUIRE(near(in.w.grad(), {-2.4418521014013477, -2.941736935609393, 2.2803722372111577}));
}

TEST_CASE("dropout: zeros with the given probability, and the mean stays") {
  manual_seed(0);
  const Tensor x = ones({1000, 100}, {.requires_grad = true});
  const Tensor y = dropout(x, 0.3);
  const double dropped = (y == 0).sum().item() / 1e5;
  REQUIRE(std::abs(dropped - 0.3) < 0.005);
  REQUIRE(equal(where(y == 0, full({}, static_cast<float>(1 / 0.7)), y), full(x.shape(), 1 / 0.7)));
  y.sum().backward();
  REQUIRE(equal(x.grad(), y));
  REQUIRE_FALSE(equal(dropout(x, 0.3), y));
}

TEST_CASE("dropout: the mask depends on the seed and the position alone") {
  const auto mask = [](const Tensor& x) {
    manual_seed(4);
    return dropout(x) != 0;
  };
  const Tensor expected = mask(ones({30, 40}));
  REQUIRE(equal(mask(ones({40, 30}).t()), expected));
  REQUIRE(equal(mask(expand(ones({1}), {30, 40})), expected));
  REQUIRE(equal(mask(ones({30, 40}, wide)), expected));
  REQUIRE(equal(mask(ones({1200})), expected.flatten()));
}

TEST_CASE("dropout: none, all, and in evaluation") {
  const Tensor x = tensor({1, 2, INFINITY});
  REQUIRE(dropout(x, 0).is_same(x));
  REQUIRE(dropout(x, 0.5, false).is_same(x));
  const AnomalyGuard anomaly;
  REQUIRE(equal(dropout(x, 1), zeros(3)));
  REQUIRE(error_of([&] { dropout(x, NAN); }) == "dropout: the probability must be in [0, 1]; it is nan");
}

TEST_CASE("dropout2d: whole channels, by the position of the channel alone") {
  const auto dropped = [](const Tensor& x) {
    manual_seed(4);
    return dropout2d(x, 0.25);
  };
  const Tensor expected = dropped(ones({20, 30}));
  REQUIRE(std::abs((expected == 0).to(DType::float32).mean().item() - 0.25) < 0.08);
  for (const Tensor& x : {ones({20, 30, 3, 2}), ones({2, 30, 20, 3}).transpose(0, 2).transpose(2, 3)}) {
    const Tensor y = dropped(x);
    REQUIRE(equal(y, expected.view({20, 30, 1, 1}).expand_as(x)));
  }
  REQUIRE(equal(dropped(ones({20, 30, 5}, wide)) == 0, (expected == 0).unsqueeze(2).expand({20, 30, 5})));
  manual_seed(4);
  REQUIRE(equal(dropout(ones({20, 30}), 0.25), expected));
  const Tensor x = full({1, 2, 2}, INFINITY, {.requires_grad = true});
  REQUIRE(equal(dropout2d(x, 1), zeros({1, 2, 2})));
  REQUIRE(dropout2d(x, 0).is_same(x));
  REQUIRE(dropout2d(x, 0.5, false).is_same(x));
  REQUIRE(dropout2d(ones({0, 3, 2})).shape() == Shape{0, 3, 2});
  dropout2d(x, 1).sum().backward();
  REQUIRE(equal(x.grad(), zeros({1, 2, 2})));
  REQUIRE(
      error_of([] { dropout2d(ones({3})); }) == "dropout2d: needs channels, [N, C, ...]; the shape is [3]");
  REQUIRE(error_of([] {
    dropout2d(ones({1, 1}, {.dtype = DType::int64}));
  }).starts_with("dropout2d: needs floating-point numbers"));
}

TEST_CASE("embedding: PyTorch's values, and no gradient for the padding") {
  const Tensor index = tensor({{0, 2}, {2, 1}}, {.dtype = DType::int64});
  const Tensor weight = tensor({{1, 2}, {3, 4}, {5, 6}}, {.requires_grad = true});
  const Tensor y = embedding(index, weight, -1);
  REQUIRE(equal(y, tensor({{{1, 2}, {5, 6}}, {{5, 6}, {3, 4}}})));
  y.backward(arange(8).reshape({2, 2, 2}));
  REQUIRE(equal(weight.grad(), tensor({{0, 1}, {6, 7}, {0, 0}})));
  weight.zero_grad();
  embedding(index.t(), weight).backward(arange(8).reshape({2, 2, 2}));
  REQUIRE(equal(weight.grad(), tensor({{0, 1}, {6, 7}, {2 + 4, 3 + 5}})));
  REQUIRE(equal(embedding(index[0][1], weight), tensor({5, 6})));
  REQUIRE(embedding(zeros({0, 4}, {.dtype = DType::int64}), weight).shape() == Shape{0, 4, 2});
  REQUIRE(error_of([&] { embedding(index, weight.narrow(0, 0, 2)); }) ==
          "embedding: index 2 at position 1 is out of range; dimension 0 has size 2");
  REQUIRE(error_of([&] { embedding(index, weight, -4); }) ==
          "embedding: padding_idx -4 is out of range; there are 3 rows");
  embedding(index, weight).add_(1);  // not a view
}
