// What users of PyTorch and LibTorch type first where they train a model; see typed.cpp.
#include "../support/catch.h"

#include <sstream>

#include <tenon/tenon.h>

#include "../support/files.h"

using namespace tenon;
namespace F = nn::functional;

namespace {

bool is(const Tensor& found, const Tensor& expected) { return equal(found, expected); }
Tensor ints(const TensorData& data) { return tensor(data, {.dtype = DType::int64}); }

const Tensor a = tensor({{1, 2, 3}, {4, 5, 6}});
const Tensor v = tensor({1, 4, 9});

}  // namespace

TEST_CASE("typed: modules") {
  manual_seed(0);
  nn::Sequential model{nn::Linear(3, 16), nn::ReLU(), nn::Dropout(0.5), nn::Linear(16, 2)};
  nn::Sequential also(
      nn::Linear(3, 2), [](const Tensor& x) { return relu(x); }, relu, nn::LogSoftmax(1));
  also.push_back(nn::Identity());
  REQUIRE(is(nn::Functional(relu)(-a), zeros({2, 3})));
  REQUIRE(also.size() == 5);
  REQUIRE(also.forward(a).shape() == Shape{2, 2});
  model.eval();
  REQUIRE(is(model(a), model.forward(a)));
  model.train();
  REQUIRE(model[2].is_training());
  REQUIRE(model.at<nn::Linear>(0).weight.shape() == Shape{16, 3});
  REQUIRE(model.named_parameters()[2].first == "3.weight");
  REQUIRE(model.state_dict()[0].first == "0.weight");
  REQUIRE(model.num_parameters() == 3 * 16 + 16 + 16 * 2 + 2);
  model.apply([](nn::Module& m) {
    if (auto* linear = dynamic_cast<nn::Linear*>(&m)) nn::init::xavier_uniform_(linear->weight);
  });
  for (auto& [name, module] : model.named_children()) REQUIRE(module->is_training() == !name.empty());
  std::ostringstream out;
  out << model;
  REQUIRE(out.str().starts_with("Sequential(\n  (0): Linear(in_features=3, out_features=16, bias=true)\n"));
  nn::CrossEntropyLoss criterion;
  criterion(model(a), ints({0, 1})).backward();
  nn::NLLLoss nll({.ignore_index = 0});
  nll(also(a), ints({0, 1})).backward();
  REQUIRE(is(nn::LayerNorm(3)(a), layer_norm(a, {3})));
  REQUIRE(nn::LayerNorm({2, 3}).weight.shape() == Shape{2, 3});
  REQUIRE(is(nn::RMSNorm(3)(a), rms_norm(a, {3})));
  REQUIRE(is(nn::BatchNorm1d(3)(a), batch_norm(a, {}, {}, {}, {}, /*training=*/true)));
  REQUIRE(nn::BatchNorm2d(3)(randn(2, 3, 4, 4)).dim() == 4);
  REQUIRE(nn::Embedding(10, 4)(ints({{1, 2}})).shape() == Shape{1, 2, 4});
  REQUIRE(nn::Embedding(10, 4, {.padding_idx = 0}).weight[0].sum().item() == 0);
  REQUIRE(is(embedding(ints({2, 0}), v.unsqueeze(1)), tensor({{9}, {1}})));
  REQUIRE(is(dropout(a, 0.5, /*training=*/false), a));
  REQUIRE(is(dropout2d(a, 0.5, /*training=*/false), a));
  const Tensor sequence = randn(2, 3, 4);
  const auto [mixed, weights] =
      nn::MultiheadAttention(4, 2, {.batch_first = true})(sequence, sequence, sequence);
  REQUIRE(mixed.shape() == Shape{2, 3, 4});
  REQUIRE(weights.shape() == Shape{2, 3, 3});
  REQUIRE(scaled_dot_product_attention(sequence, sequence, sequence, {.is_causal = true}).shape() ==
          Shape{2, 3, 4});
  REQUIRE(nn::Flatten()(randn(2, 3, 4)).shape() == Shape{2, 12});
  nn::Sequential copy = nn::clone(model);
  REQUIRE(is(copy.state_dict()[0].second, model.state_dict()[0].second));
  const Tensor images = randn(2, 3, 8, 6);
  REQUIRE(nn::Conv2d(3, 4, 3)(images).shape() == Shape{2, 4, 6, 4});
  REQUIRE(nn::Conv2d(3, 6, {3, 5}, {.stride = 2, .padding = {1, 2}, .groups = 3, .bias = false})(images)
              .shape() == Shape{2, 6, 4, 3});
  REQUIRE(conv2d(images, ones(1, 3, 1, 1)).shape() == Shape{2, 1, 8, 6});
  REQUIRE(conv2d(images[0], ones(1, 3, 2, 2), zeros(1), {.stride = 2}).shape() == Shape{1, 4, 3});
  REQUIRE(is(nn::MaxPool2d(2)(images), max_pool2d(images, 2)));
  REQUIRE(is(nn::MaxPool2d(3, {.stride = 2})(images), max_pool2d(images, {3, 3}, {.stride = {2, 2}})));
  REQUIRE(is(nn::MaxPool2d(3, 2)(images), max_pool2d(images, 3, 2)));
  REQUIRE(is(max_pool2d(images, 3, 2), max_pool2d(images, 3, {.stride = 2})));
  REQUIRE(is(nn::AvgPool2d(2)(images), avg_pool2d(images, 2)));
  REQUIRE(is(nn::AdaptiveAvgPool2d(1)(images), images.mean({2, 3}, true)));
  REQUIRE(adaptive_avg_pool2d(images, {3, 5}).shape() == Shape{2, 3, 3, 5});
  REQUIRE(nn::ConvTranspose2d(3, 4, 2, {.stride = 2})(images).shape() == Shape{2, 4, 16, 12});
  REQUIRE(conv_transpose2d(images, ones(3, 1, 2, 2), zeros(1), {.stride = 2, .padding = 1}).shape() ==
          Shape{2, 1, 14, 10});
  REQUIRE(nn::Dropout2d()(images).shape() == images.shape());
  nn::ModuleList<nn::Linear> layers;
  layers.push_back(nn::Linear(3, 3)).push_back(nn::Linear(3, 3));
  for (nn::Linear& layer : layers) REQUIRE(layer(a).shape() == Shape{2, 3});
  REQUIRE(layers.size() == 2);
  REQUIRE(layers[-1].weight.shape() == Shape{3, 3});
  REQUIRE(is(nn::AvgPool2d(3, 1)(images), F::avg_pool2d(images, 3, 1)));
  REQUIRE(is(F::avg_pool2d(images, 3, 1), avg_pool2d(images, 3, {.stride = 1})));
  REQUIRE(nn::Conv2d(3, 6, 5, 1, 2)(images).shape() == Shape{2, 6, 8, 6});
  REQUIRE(nn::Conv2d(3, 6, 3, 2)(images).shape() == Shape{2, 6, 3, 2});
  REQUIRE(is(F::conv2d(images, ones(1, 3, 2, 2), {}, 2, 1),
      conv2d(images, ones(1, 3, 2, 2), {}, {.stride = 2, .padding = 1})));
  REQUIRE(unfold(images, 3, {.padding = 1}).shape() == Shape{2, 27, 48});
  REQUIRE(is(fold(unfold(images, 2, {.stride = 2}), {8, 6}, 2, {.stride = 2}), images));
  REQUIRE(is(nn::Softmax(1)(a), a.softmax(1)));
}

TEST_CASE("typed: training") {
  manual_seed(0);
  set_float32_matmul_precision("high");
  REQUIRE(get_float32_matmul_precision() == "high");
  set_float32_matmul_precision("highest");
  nn::Linear net(3, 2);
  REQUIRE(is(net.forward(a), net(a)));
  optim::SGD sgd(net.parameters(), 0.1);
  optim::SGD also(net.parameters(), {.lr = 0.1, .momentum = 0.9});
  optim::Adam adam(net.parameters(), 1e-3);
  optim::AdamW adamw({net.weight, net.bias}, 1e-3);
  optim::RMSprop rmsprop(net.parameters(), {.lr = 1e-3, .momentum = 0.9});
  optim::Adagrad adagrad(net.parameters(), 1e-3);
  REQUIRE(sgd.lr(0) == 0.1);
  REQUIRE(adam.lr(0) == 1e-3);
  REQUIRE(adamw.lr(0) == 1e-3);
  REQUIRE(optim::SGD(net.parameters(), {}).lr(0) == 1e-3);

  data::DataLoader loader(data::TensorDataset(a, ints({0, 1})), {.batch_size = 1, .shuffle = true});
  double total = 0;
  for (auto& [x, y] : loader) {
    const Tensor loss = cross_entropy(net.forward(x), y);
    sgd.zero_grad();
    loss.backward();
    sgd.step();
    total += loss.item();
  }
  REQUIRE(total > 0);
  for (optim::Optimizer* optimizer :
      std::initializer_list<optim::Optimizer*>{&sgd, &adam, &rmsprop, &adagrad, &also}) {
    const Tensor before = net.weight.detach().clone(), expected = cross_entropy(net(a), ints({0, 1}));
    const Tensor loss = optimizer->step([&] {
      optimizer->zero_grad();
      const Tensor now = cross_entropy(net(a), ints({0, 1}));
      now.backward();
      return now;
    });
    REQUIRE(is(loss, expected));
    REQUIRE_FALSE(is(net.weight, before));
  }
  {
    const NoGradGuard no_grad;
    const double loss = adam.step([&] {
      adam.zero_grad();
      const Tensor now = net(a).square().mean();
      now.backward();
      return now.item();
    });
    REQUIRE(loss > 0);
  }
  for (auto& batch : loader) {
    const InferenceMode inference;
    const auto data = batch.data.to(kCPU), target = batch.target.to("cpu");
    REQUIRE(F::cross_entropy(net.forward(data), target).item() > 0);
  }
  const auto& fixed = loader;
  int batches = 0;
  for (auto& [x, y] : fixed) batches += x.dim() == 2 && y.dim() == 1;
  for (auto [x, y] : fixed) batches += x.dim() == 2 && y.dim() == 1;
  for (const auto& [x, y] : loader) batches += x.dim() == 2 && y.dim() == 1;
  REQUIRE(batches == 6);
  REQUIRE(loader.epoch() == 5);

  const data::TensorDataset rows(a);
  data::DataLoader ahead(rows, {.batch_size = 2, .sampler = data::RandomSampler(2), .num_workers = 1});
  for (auto& [x] : ahead) REQUIRE(x.dim() == 2);
  const std::vector<std::pair<Tensor, int>> samples{{v, 0}, {v, 1}};
  for (auto& [x, y] : data::DataLoader(samples, {.batch_size = 2})) REQUIRE(x.size(0) + y.size(0) == 4);
  const auto parts = data::random_split(samples, {0.5, 0.5});
  REQUIRE(parts[0].size() == 1);

  const test::TemporaryDirectory directory;
  io::SummaryWriter writer(directory.path());
  writer.add_scalar("loss", tensor(0.5), 0);
  writer.add_scalar("loss", 0.5, 1);
  REQUIRE_THROWS_AS(writer.add_scalar("loss", v, 2), Error);
}
