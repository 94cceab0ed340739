// Layers, and what they and their users need besides elementwise work: sorting, running sums, positions of
// maxima.
#include "../case.h"

using namespace tenon;

namespace bench {
namespace {

Case of_sizes(
    const std::string& name, std::vector<Size> sizes, std::function<Tensors(const Size&)> inputs, Make make) {
  return {.name = name, .sizes = std::move(sizes), .inputs = std::move(inputs), .make = std::move(make)};
}

/// Rows, a weight and a bias, and for a gradient that of the result.
auto rows_and_parameters(bool gradient) {
  return [gradient](const Size& size) {
    Tensors all{randn(Shape(size)), randn({size[1]}), randn({size[1]})};
    if (gradient) all.push_back(randn(Shape(size)));
    return all;
  };
}
/// A size is images x channels x height x width x filters; the filters are 3 x 3.
auto images_and_filters(bool gradient) {
  return [gradient](const Size& size) {
    const std::int64_t n = size[0], channels = size[1], h = size[2], w = size[3], filters = size[4];
    Tensors all{randn({n, channels, h, w}), randn({filters, channels, 3, 3}), randn({filters})};
    if (gradient) all.push_back(randn({n, filters, h, w}));
    return all;
  };
}

/// The arithmetic of 3 x 3 filters, or of the gradient of their images.
Case with_products(Case made) {
  made.flops = [](const Size& size) {
    return 18.0 * static_cast<double>(size[0] * size[1] * size[2] * size[3] * size[4]);
  };
  return made;
}

}  // namespace

std::vector<Case> layer_cases() {
  const std::vector<Size> rows{{64, 256}, {512, 1024}}, images{{8, 16, 28, 28, 32}},
      heads{{8, 4, 64, 32}};  // batch x heads x positions x features
  const auto layer = [](const Tensors& in) { return layer_norm(in[0], {in[0].size(1)}, in[1], in[2]); };
  const auto conv = [](const Tensors& in) { return conv2d(in[0], in[1], in[2], 1, 1); };
  const auto attend = [](const Tensors& in) { return scaled_dot_product_attention(in[0], in[1], in[2]); };
  const auto pool = [](const Tensors& in) { return max_pool2d(in[0], 2); };
  return {
      of_sizes("layer/layer_norm", rows, rows_and_parameters(false), function(layer)),
      of_sizes("layer/layer_norm_gradient", rows, rows_and_parameters(true), gradient_of(layer)),
      of_sizes("layer/attention", heads, normals(3), function(attend)),
      of_sizes("layer/attention_gradient", heads, normals(4), gradient_of(attend)),
      with_products(of_sizes("layer/conv2d", images, images_and_filters(false), function(conv))),
      with_products(of_sizes("layer/conv2d_gradient", images, images_and_filters(true), gradient_of(conv))),
      of_sizes("layer/max_pool2d", {{8, 32, 28, 28}}, normals(1), function(pool)),
      of_sizes("order/sort", {{1000, 100}, {1, 100'000}}, normals(1),
          function([](const Tensors& in) { return sort(in[0], -1).values; })),
      of_sizes("order/cumsum", {{1000, 100}, {1, 100'000}}, uniforms(1),
          function([](const Tensors& in) { return cumsum(in[0], -1); })),
      of_sizes("order/argmax", {{1000, 100}, {1, 100'000}}, normals(1),
          function([](const Tensors& in) { return argmax(in[0], -1); })),
  };
}

}  // namespace bench
