#include <cmath>

#include "../support/catch.h"

#include <tenon/tenon.h>

#include "../support/errors.h"

using namespace tenon;
using test::error_of;

TEST_CASE("conv2d: the windows of an image, written out") {
  const Tensor x = arange(9).reshape({1, 1, 3, 3}), weight = tensor({1, 10, 100, 1000}).reshape({1, 1, 2, 2});
  REQUIRE(equal(unfold(x, 2), tensor({{{0, 1, 3, 4}, {1, 2, 4, 5}, {3, 4, 6, 7}, {4, 5, 7, 8}}})));
  REQUIRE(equal(conv2d(x, weight), tensor({{{{4310, 5421}, {7643, 8754}}}})));
  REQUIRE(equal(
      conv2d(x, weight, tensor({1}), {.stride = 2, .padding = 1}), tensor({{{{1, 2101}, {6031, 8755}}}})));
  REQUIRE(equal(conv2d(x, ones({1, 1, 1, 1}), {}, {.stride = 2}), tensor({{{{0, 2}, {6, 8}}}})));
  // As many windows as elements, but not the same ones.
  REQUIRE(equal(conv2d(x, ones({1, 1, 1, 1}), {}, {.stride = 2, .padding = 1}),
      tensor({{{{0, 0, 0}, {0, 4, 0}, {0, 0, 0}}}})));
  REQUIRE(equal(fold(ones({1, 4, 4}), 3, 2), tensor({{{{1, 2, 1}, {2, 4, 2}, {1, 2, 1}}}})));
}

TEST_CASE("conv_transpose2d: each element times the kernel, written out") {
  const Tensor x = tensor({1, 2, 3, 4}).reshape({1, 1, 2, 2}), ones_2x2 = ones({1, 1, 2, 2});
  REQUIRE(equal(conv_transpose2d(x, ones_2x2), tensor({{{{1, 3, 2}, {4, 10, 6}, {3, 7, 4}}}})));
  const Tensor weight = tensor({1, 10, 100, 1000}).reshape({1, 1, 2, 2});
  REQUIRE(equal(conv_transpose2d(x, weight, tensor({5}), {.stride = {2, 1}}),
      tensor({{{{6, 17, 25}, {105, 1205, 2005}, {8, 39, 45}, {305, 3405, 4005}}}})));
  REQUIRE(equal(
      conv_transpose2d(x, weight, {}, {.stride = 2, .padding = 1}), tensor({{{{1000, 200}, {30, 4}}}})));
  REQUIRE(equal(conv_transpose2d(x[0], ones({1, 1, 1, 1}), {}, {.output_padding = {0, 1}, .dilation = 2}),
      tensor({{{1, 2, 0}, {3, 4, 0}}})));
}

TEST_CASE("conv_transpose2d: the gradient of conv2d, and the other way round") {
  manual_seed(8);
  // The sizes are multiples of the stride plus what the windows leave over, which is the output_padding.
  const Tensor x = randn({2, 4, 8, 7}, {.requires_grad = true}), weight = randn({6, 2, 3, 2});
  const Tensor y = conv2d(x, weight, {}, {.stride = {3, 2}, .padding = 1, .dilation = {1, 2}, .groups = 2});
  const Tensor g = randn(y.shape());
  y.backward(g);
  const Tensor back = conv_transpose2d(g, weight, {},
      {.stride = {3, 2}, .padding = 1, .output_padding = {1, 0}, .groups = 2, .dilation = {1, 2}});
  REQUIRE(bitwise_equal(back, x.grad()));
  const Tensor again = g.clone().set_requires_grad();
  conv_transpose2d(again, weight, {},
      {.stride = {3, 2}, .padding = 1, .output_padding = {1, 0}, .groups = 2, .dilation = {1, 2}})
      .backward(x.detach());
  REQUIRE(bitwise_equal(again.grad(), y));
}

TEST_CASE("conv_transpose2d: no images, no channels, a transposed image, and images alone") {
  REQUIRE(conv_transpose2d(ones({0, 2, 2, 2}), ones({2, 3, 2, 2}), ones({3})).shape() == Shape{0, 3, 3, 3});
  REQUIRE(equal(conv_transpose2d(ones({1, 0, 1, 1}), ones({0, 1, 2, 2}), ones({1})), ones({1, 1, 2, 2})));
  REQUIRE(conv_transpose2d(ones({1, 2, 1, 1}), ones({2, 0, 2, 2})).shape() == Shape{1, 0, 2, 2});
  const Tensor x = randn({3, 2, 3, 4}), kernel = randn({2, 2, 2, 2});
  REQUIRE(bitwise_equal(
      conv_transpose2d(x.transpose(2, 3).contiguous().transpose(2, 3), kernel), conv_transpose2d(x, kernel)));
  REQUIRE(bitwise_equal(conv_transpose2d(x[1], kernel), conv_transpose2d(x, kernel)[1]));
}

TEST_CASE("conv2d: no images, no channels, and a transposed image") {
  REQUIRE(conv2d(ones({0, 2, 4, 4}), ones({3, 2, 2, 2}), ones({3})).shape() == Shape{0, 3, 3, 3});
  REQUIRE(equal(conv2d(ones({1, 0, 2, 2}), ones({1, 0, 2, 2}), ones({1})), ones({1, 1, 1, 1})));
  REQUIRE(max_pool2d(ones({0, 2, 4, 4}), 2).shape() == Shape{0, 2, 2, 2});
  REQUIRE(avg_pool2d(ones({2, 0, 4, 4}), 2).shape() == Shape{2, 0, 2, 2});
  const Tensor empty = ones({0, 1, 2, 2}, {.requires_grad = true});
  const Tensor weight = ones({1, 1, 1, 2}, {.requires_grad = true});
  max_pool2d(conv2d(empty, weight), 1).sum().backward();
  REQUIRE(empty.grad().shape() == Shape{0, 1, 2, 2});
  REQUIRE(equal(weight.grad(), zeros({1, 1, 1, 2})));
  const Tensor x = randn({1, 2, 3, 4}), kernel = randn({2, 2, 2, 2});
  const Tensor turned = x.transpose(2, 3).contiguous().transpose(2, 3);
  REQUIRE(bitwise_equal(conv2d(turned, kernel), conv2d(x, kernel)));
  REQUIRE(bitwise_equal(max_pool2d(turned, 2), max_pool2d(x, 2)));
  REQUIRE(bitwise_equal(avg_pool2d(turned, 2), avg_pool2d(x, 2)));
}

TEST_CASE("conv2d: an image has the bits that it has alone") {
  manual_seed(1);
  const nn::Conv2d layer(3, 4, 3, {.padding = 1});
  const Tensor x = randn({5, 3, 7, 6});
  const Tensor together = layer(x);
  for (std::int64_t i = 0; i < 5; ++i) REQUIRE(bitwise_equal(layer(x[i]), together[i]));
}

TEST_CASE("conv2d: images that are convolved in parts have the bits that they have alone") {
  manual_seed(2);
  // The columns of an image have 225 KiB, so that a thread takes two images at a time, and then the fifth.
  const Tensor x = randn({5, 4, 40, 40}, {.requires_grad = true}),
               weight = randn({6, 2, 3, 3}, {.requires_grad = true});
  const Tensor y = conv2d(x, weight, {}, {.padding = 1, .groups = 2}), g = randn(y.shape());
  y.backward(g);
  Tensor of_weight = zeros({5, 6, 2, 3, 3});
  for (std::int64_t i = 0; i < 5; ++i) {
    const Tensor image = x[i].detach().set_requires_grad(), kernel = weight.detach().set_requires_grad();
    const Tensor alone = conv2d(image, kernel, {}, {.padding = 1, .groups = 2});
    REQUIRE(bitwise_equal(alone, y[i]));
    alone.backward(g[i]);
    REQUIRE(bitwise_equal(image.grad(), x.grad()[i]));
    of_weight[i].copy_(kernel.grad());
  }
  REQUIRE(bitwise_equal(of_weight.sum({0}), weight.grad()));
}

TEST_CASE("max_pool2d: ties, NaN, and padding next to -inf") {
  constexpr double inf = std::numeric_limits<double>::infinity(),
                   nan = std::numeric_limits<double>::quiet_NaN();
  const auto pooled = [](const Tensor& x, const MaxPool2dOptions& options = {}) {
    const Tensor y = max_pool2d(x, 2, options);
    y.sum().backward();
    return y;
  };
  Tensor x = tensor({{{1, 3, -0.0, 0}, {3, 3, 0, -1}}}, {.requires_grad = true});
  REQUIRE(equal(pooled(x), tensor({{{3, 0}}})));
  REQUIRE(equal(x.grad(), tensor({{{0, 1, 1, 0}, {0, 0, 0, 0}}})));
  x = tensor({{{1, nan, -inf, -inf}, {nan, inf, -inf, -inf}}}, {.requires_grad = true});
  REQUIRE(bitwise_equal(pooled(x), tensor({{{nan, -inf}}})));
  REQUIRE(equal(x.grad(), tensor({{{0, 1, 1, 0}, {0, 0, 0, 0}}})));
  x = full({1, 1, 1}, -inf, {.requires_grad = true});
  REQUIRE(equal(pooled(x, {.padding = 1}), full({1, 1, 1}, -inf)));
  REQUIRE(equal(x.grad(), ones({1, 1, 1})));
}

TEST_CASE("avg_pool2d: the same bits for tiles and for windows") {
  const Tensor x = randn({2, 3, 9, 12});
  REQUIRE(bitwise_equal(
      avg_pool2d(x, {3, 2}), unfold(x, {3, 2}, {.stride = {3, 2}}).view({2, 3, 6, 3, 6}).mean(2)));
}

TEST_CASE("convolution: a network learns to tell stripes apart") {
  manual_seed(4);
  // Horizontal stripes are class 0, vertical ones class 1, at random offsets.
  const Tensor phase = randint(0, 2, {32, 1, 1, 1}), noise = randn({32, 1, 8, 8}) * 0.3;
  const Tensor rows =
      remainder(arange(8).reshape({8, 1}) + phase.to(DType::float32), 2).expand({32, 1, 8, 8});
  const Tensor classes = randint(0, 2, {32});
  const Tensor x = where((classes == 0).reshape({32, 1, 1, 1}), rows, rows.transpose(2, 3)) + noise;
  nn::Sequential net{nn::Conv2d(1, 4, 3, {.padding = 1}), nn::BatchNorm2d(4), nn::ReLU(), nn::MaxPool2d(2),
      nn::Conv2d(4, 4, 3, {.padding = 1}), nn::ReLU(), nn::AvgPool2d(4), nn::Flatten(), nn::Linear(4, 2)};
  optim::Adam optimizer(net.parameters(), 0.02);
  for (int step = 0; step < 40; ++step) {
    optimizer.zero_grad();
    cross_entropy(net(x), classes).backward();
    optimizer.step();
  }
  net.eval();
  REQUIRE(equal(net(x).argmax(1), classes));
  nn::check_visit(net, net(x));
}

TEST_CASE("Conv2d: initial values and parameters") {
  manual_seed(2);
  nn::Conv2d layer(8, 64, {3, 5}, {.groups = 2});
  REQUIRE(layer.weight.shape() == Shape{64, 4, 3, 5});
  const double bound = 1 / std::sqrt(4 * 3 * 5.0);
  for (const Tensor& parameter : layer.parameters()) {
    REQUIRE(parameter.abs().max().item() <= bound);
    REQUIRE(parameter.abs().max().item() > 0.9 * bound);
  }
  REQUIRE(std::abs(layer.weight.std().item() / (bound / std::sqrt(3.0)) - 1) < 0.05);
  const StateDict state = layer.state_dict();
  REQUIRE(state.size() == 2);
  REQUIRE(state[0].first == "weight");
  REQUIRE(state[1].first == "bias");
  REQUIRE(nn::Conv2d(1, 1, 1, {.bias = false}).parameters().size() == 1);
  REQUIRE(
      nn::Conv2d(1, 1, 1, {.dtype = DType::float64})(ones({1, 2, 2}, {.dtype = DType::float64})).dtype() ==
      DType::float64);
}

TEST_CASE("adaptive_avg_pool2d: PyTorch's windows, and the bits of a mean") {
  const Tensor x = arange(10).reshape({1, 1, 2, 5});
  // Rows 0 and 1; columns 0 and 1, 1 to 3, 3 and 4.
  REQUIRE(equal(adaptive_avg_pool2d(x, {1, 3}), tensor({{{{3, 4.5, 6}}}})));
  REQUIRE(equal(
      adaptive_avg_pool2d(x, {4, 5}), x.index_select(2, tensor({0, 0, 1, 1}, {.dtype = DType::int64}))));
  REQUIRE(adaptive_avg_pool2d(x, {2, 5}).sum().item() == 45);
  const Tensor images = randn({2, 3, 6, 9});
  REQUIRE(bitwise_equal(adaptive_avg_pool2d(images, 1), images.mean({2, 3}, true)));
  REQUIRE(bitwise_equal(adaptive_avg_pool2d(images, {2, 3}), avg_pool2d(images, 3)));
  const Tensor uneven = adaptive_avg_pool2d(images, {4, 2});
  REQUIRE(bitwise_equal(uneven[1], adaptive_avg_pool2d(images[1], {4, 2})));
  REQUIRE(bitwise_equal(
      uneven, adaptive_avg_pool2d(images.transpose(2, 3).contiguous().transpose(2, 3), {4, 2})));
  REQUIRE(adaptive_avg_pool2d(ones({0, 2, 3, 3}), 2).shape() == Shape{0, 2, 2, 2});
  REQUIRE(adaptive_avg_pool2d(ones({2, 0, 3, 3}), {5, 3}).shape() == Shape{2, 0, 5, 3});
  // What is not finite stays in its windows, and so do its gradients.
  Tensor y = tensor({{{INFINITY, 1, 2}}}, {.requires_grad = true});
  const Tensor pooled = adaptive_avg_pool2d(y, {1, 2});
  REQUIRE(equal(pooled, tensor({{{INFINITY, 1.5}}})));
  pooled.backward(tensor({{{NAN, 1}}}));
  REQUIRE(bitwise_equal(y.grad(), tensor({{{NAN, NAN, 0.5}}})));
}

TEST_CASE("ConvTranspose2d: initial values, parameters, and what it undoes") {
  manual_seed(2);
  nn::ConvTranspose2d layer(
      64, 8, {3, 5}, {.stride = 2, .padding = {1, 2}, .output_padding = 1, .groups = 2});
  REQUIRE(layer.weight.shape() == Shape{64, 4, 3, 5});
  REQUIRE(layer.bias.shape() == Shape{8});
  const double bound = 1 / std::sqrt(4 * 3 * 5.0);
  for (const Tensor& parameter : layer.parameters()) {
    REQUIRE(parameter.abs().max().item() <= bound);
    REQUIRE(parameter.abs().max().item() > 0.5 * bound);
  }
  const Tensor x = randn({2, 64, 3, 4});
  REQUIRE(layer(x).shape() == Shape{2, 8, 6, 8});
  REQUIRE(equal(layer(x), conv_transpose2d(x, layer.weight, layer.bias,
                              {.stride = 2, .padding = {1, 2}, .output_padding = 1, .groups = 2})));
  REQUIRE(layer.state_dict().size() == 2);
  REQUIRE(to_string(layer) ==
          "ConvTranspose2d(64, 8, kernel_size=(3, 5), stride=(2, 2), padding=(1, 2), "
          "output_padding=(1, 1), groups=2)");
  const nn::ConvTranspose2d plain(1, 2, 2, {.bias = false, .dilation = 3, .dtype = DType::float64});
  REQUIRE(plain(ones({1, 1, 1}, {.dtype = DType::float64})).shape() == Shape{2, 4, 4});
  REQUIRE(to_string(plain) ==
          "ConvTranspose2d(1, 2, kernel_size=(2, 2), stride=(1, 1), dilation=(3, 3), bias=false)");
  nn::check_visit(layer, layer(x));
}

TEST_CASE("conv_transpose2d: sizes that do not fit") {
  const Tensor x = ones({2, 4, 5, 6}), weight = ones({4, 3, 3, 3});
  const auto error = [&](const Tensor& images, const Tensor& by, const ConvTransposeOptions& options = {}) {
    return error_of([&] { conv_transpose2d(images, by, {}, options); });
  };
  REQUIRE(error(ones({4, 5}), weight).starts_with("conv_transpose2d: the images must be "));
  REQUIRE(error(x, ones({4, 3})) ==
          "conv_transpose2d: the weight must be [C, O / groups, KH, KW] with C = 4; it is [4, 3]");
  REQUIRE(error(x, ones({3, 3, 3, 3})).starts_with("conv_transpose2d: the weight must be "));
  for (const std::int64_t groups : {0, -1, 3})
    REQUIRE(error(x, weight, {.groups = groups}).starts_with("conv_transpose2d: the groups must divide "));
  REQUIRE(error_of([&] { conv_transpose2d(x, weight, ones({4})); }) ==
          "conv_transpose2d: the bias must be [3]; it is [4]");
  REQUIRE(error(x, weight.to(DType::float64)).starts_with("conv_transpose2d: dtypes differ"));
  REQUIRE(error(x.to(DType::int64), weight).starts_with("conv_transpose2d: "));
  REQUIRE(error(x, weight, {.stride = 0}).starts_with("conv_transpose2d: stride must be in [1, "));
  REQUIRE(error(x, ones({4, 3, 0, 3})).starts_with("conv_transpose2d: kernel_size must be in [1, "));
  REQUIRE(error(x, weight, {.stride = {2, 1}, .output_padding = 1}) ==
          "conv_transpose2d: output_padding must be less than the stride or the dilation; it is [1, 1], the "
          "stride [2, 1], the dilation [1, 1]");
  REQUIRE(
      error(x, weight, {.padding = {3, 4}}) ==
      "conv_transpose2d: the padding leaves nothing of the result; the images are [2, 4, 5, 6], kernel_size "
      "[3, 3], stride [1, 1], padding [3, 4]");
  REQUIRE(error(ones({2, 4, 0, 1}), weight) ==
          "conv_transpose2d: the images have no elements; they are [2, 4, 0, 1]");
  REQUIRE(error(x, weight, {.stride = 0x7fffffff, .output_padding = 0x7ffffffe})
              .starts_with("conv_transpose2d: "));
  REQUIRE(error(expand(ones({}), {1, 1, 1ll << 40, 1}), ones({1, 1, 1, 1}), {.stride = 1 << 30})
              .starts_with("conv_transpose2d: "));
  REQUIRE(error_of([] {
    nn::ConvTranspose2d(3, 4, 3, {.groups = 2});
  }).starts_with("conv_transpose2d: the groups must divide the channels"));
  REQUIRE(error_of([] {
    nn::ConvTranspose2d(2, 4, 3, {.output_padding = -1});
  }).starts_with("conv_transpose2d: output_padding must be in [0, "));
}

TEST_CASE("convolution: sizes that do not fit") {
  const Tensor x = ones({2, 4, 5, 6}), weight = ones({6, 4, 3, 3});
  const auto conv_error = [&](const Tensor& images, const Tensor& by, const ConvolutionOptions& options) {
    return error_of([&] { conv2d(images, by, {}, options); });
  };
  REQUIRE(conv_error(ones({4, 5}), weight, {}) ==
          "conv2d: the images must be [N, C, H, W] or [C, H, W]; they are [4, 5]");
  REQUIRE(
      conv_error(x, ones({4, 3}), {}) == "conv2d: the weight must be [O, C / groups, KH, KW]; it is [4, 3]");
  REQUIRE(conv_error(x, ones({6, 3, 3, 3}), {}) ==
          "conv2d: the weight [6, 3, 3, 3] needs 3 channels with groups = 1; the images [2, 4, 5, 6] have 4");
  REQUIRE(conv_error(ones({8, 5, 6}), weight, {}) ==
          "conv2d: the weight [6, 4, 3, 3] needs 4 channels with groups = 1; the images [8, 5, 6] have 8");
  for (const std::int64_t groups : {0, -1, 3, 4})
    REQUIRE(conv_error(x, weight, {.groups = groups})
                .starts_with("conv2d: the groups must divide the channels; there are "));
  REQUIRE(error_of([&] { conv2d(x, weight, ones({5})); }) == "conv2d: the bias must be [6]; it is [5]");
  REQUIRE(error_of([&] { conv2d(x, weight.to(DType::float64)); }).starts_with("conv2d: dtypes differ"));
  REQUIRE(conv_error(x.to(DType::int64), weight, {}).starts_with("conv2d: "));
  REQUIRE(
      conv_error(x, ones({6, 4, 6, 3}), {}) ==
      "conv2d: the kernel is larger than the padded image; kernel_size is [6, 3], dilation [1, 1], padding "
      "[0, 0], the images [2, 4, 5, 6]");
  REQUIRE(
      conv_error(x, weight, {.stride = {1, 0}}) == "conv2d: stride must be in [1, 2147483647]; it is [1, 0]");
  REQUIRE(conv_error(x, weight, {.padding = -1}) == "conv2d: padding must be in [0, 2147483647]; it is [-1]");
  REQUIRE(conv_error(x, weight, {.dilation = {1, 1, 1}}) ==
          "conv2d: dilation must be one number or two; it is [1, 1, 1]");
  REQUIRE(conv_error(x, weight, {.stride = Shape{}}) == "conv2d: stride must be one number or two; it is []");
  REQUIRE(conv_error(x, ones({6, 4, 0, 3}), {}).starts_with("conv2d: kernel_size must be in [1, "));
  REQUIRE(error_of([] {
    conv2d(expand(ones({}), {1, 1, 1ll << 40, 1}), ones({1, 1, 1 << 20, 1}), {}, {.padding = {1 << 20, 0}});
  }).starts_with("conv2d: "));
  REQUIRE(error_of([&] { conv2d(x, weight, {}, {.padding = 0x7fffffff}); }).starts_with("conv2d: "));
  REQUIRE(error_of([&] {
    max_pool2d(x, 2, {.padding = {0, 2}});
  }) == "max_pool2d: the padding may be at most half of the window; padding is [0, 2], kernel_size [2], "
        "dilation [1]");
  REQUIRE(error_of([] {
    max_pool2d(ones({1, 3, 8}), 2, {.padding = 2, .dilation = 4});
  }) == "max_pool2d: a window could lie beside the image; dilation is [4], the images are [1, 1, 3, 8]");
  REQUIRE(error_of([] {
    max_pool2d(ones({1, 0, 2}), 1, {.stride = 3, .ceil_mode = true});
  }).starts_with("max_pool2d: the kernel is larger than the padded image"));
  REQUIRE(equal(max_pool2d(arange(6).reshape({1, 2, 3}), 4, {.ceil_mode = true}), tensor({{{5}}})));
  REQUIRE(error_of([&] { avg_pool2d(x, 2, {.stride = 0}); }).starts_with("avg_pool2d: stride must be in "));
  REQUIRE(error_of([&] {
    fold(ones({5, 4}), 3, 2);
  }) == "fold: the 5 rows are not a multiple of the 4 elements of kernel_size [2, 2]");
  REQUIRE(error_of([&] {
    fold(ones({4, 5}), 3, 2);
  }) == "fold: an image of [3, 3] has 2 x 2 windows; there are 5 columns");
  REQUIRE(error_of([] {
    adaptive_avg_pool2d(ones({1, 0, 2}), 1);
  }) == "adaptive_avg_pool2d: the images have no elements; they are [1, 0, 2]");
  REQUIRE(error_of([&] {
    adaptive_avg_pool2d(x, {1, 0});
  }).starts_with("adaptive_avg_pool2d: output_size must be in [1, "));
  REQUIRE(error_of([&] { adaptive_avg_pool2d(x, 0x7fffffff); }).starts_with("adaptive_avg_pool2d: "));
  REQUIRE(error_of([] {
    nn::AdaptiveAvgPool2d({1, 2, 3});
  }).starts_with("adaptive_avg_pool2d: output_size must be one number or two"));
  REQUIRE(error_of([] { nn::Conv2d(3, 4, 3, {.groups = 2}); }) ==
          "conv2d: the groups must divide the channels; there are 2 groups, 3 channels in and 4 out");
  REQUIRE(error_of([] { nn::Conv2d(-1, 4, 3); }) == "conv2d: sizes must not be negative; they are -1 and 4");
  REQUIRE(error_of([] { nn::Conv2d(1, 4, 3, {.dtype = DType::int64}); }) ==
          "conv2d: weights are floating-point numbers; the dtype is int64");
  REQUIRE(error_of([] { nn::Conv2d(1, 4, 0); }).starts_with("conv2d: kernel_size must be in [1, "));
  REQUIRE(error_of([] { nn::MaxPool2d(0); }).starts_with("max_pool2d: kernel_size must be in [1, "));
  REQUIRE(
      error_of([] { nn::AvgPool2d(2, {.padding = -1}); }).starts_with("avg_pool2d: padding must be in [0, "));
}
