// The optimizer, the loader, and whole training steps.
#include <cmath>

#include <tenon/core/cuda.h>

#include "../case.h"

using namespace tenon;

namespace bench {
namespace {

/// size[0] parameters of size[1] numbers, then their gradients.
Tensors parameters_and_gradients(const Size& size) {
  Tensors all;
  for (std::int64_t i = 0; i < 2 * size[0]; ++i) all.push_back(randn({size[1]}));
  return all;
}

Case sgd(const std::string& name, double momentum) {
  return {.name = "optimizer/" + name,
      .sizes = {{2, 100}, {100, 10'000}, {1, 10'000'000}},
      .inputs = parameters_and_gradients,
      .make = work([momentum](const Tensors& in) {
        Tensors params;
        const std::size_t count = in.size() / 2;
        for (std::size_t i = 0; i < count; ++i) {
          params.push_back(in[i].clone().set_requires_grad());
          params.back().set_grad(in[count + i]);
        }
        const auto optimizer = std::make_shared<optim::SGD>(
            params, optim::SGDOptions{.lr = 0.1, .momentum = momentum, .weight_decay = 0.01});
        return [optimizer, params] {
          optimizer->step();
          return params[0];
        };
      }),
      .traffic =
          [buffers = momentum == 0 ? 1 : 2](const Size& size) {
            const double bytes = 4.0 * static_cast<double>(size[0] * size[1]);
            return Traffic{(buffers + 1) * bytes, buffers * bytes, true};  // the gradient is only read
          },
      .cuda_sizes = {{100, 10'000}, {1, 16 << 20}}};
}

/// Samples and targets, then weight [out, in] and bias of each layer; a size is batch x in x ... x out.
Tensors network(const Size& size) {
  const std::size_t layers = size.size() - 2;
  Tensors all{randn({size[0], size[1]}), randn({size[0], size.back()})};
  for (std::size_t i = 1; i <= layers; ++i) {
    all.push_back(randn({size[i + 1], size[i]}) * (1 / std::sqrt(static_cast<double>(size[i]))));
    all.push_back(randn({size[i + 1]}) * 0.1);
  }
  return all;
}

struct Trainer {
  explicit Trainer(const Tensors& in) : x(in[0]), y(in[1]), start(in.begin() + 2, in.end()) {
    Tensors weights, biases;
    for (std::size_t i = 2; i < in.size(); i += 2) {
      const Tensor &weight = in[i], &bias = in[i + 1];
      layers.emplace_back(
          weight.size(1), weight.size(0), nn::LinearOptions{.device = x.device(), .dtype = x.dtype()});
      const NoGradGuard no_grad;
      layers.back().weight.copy_(weight);
      layers.back().bias.copy_(bias);
      weights.push_back(layers.back().weight);
      biases.push_back(layers.back().bias);
    }
    optimizer = std::make_unique<optim::SGD>(
        std::vector<optim::SGDParamGroup>{{.params = weights, .weight_decay = 3}, {.params = biases}},
        optim::SGDOptions{.lr = 0.003});
  }

  void step() {
    Tensor h = layers[0](x);
    for (std::size_t i = 1; i < layers.size(); ++i) h = layers[i](relu(h));
    const Tensor loss = mse_loss(h, y);
    optimizer->zero_grad();
    loss.backward();
    optimizer->step();
  }

  /// Steps with the same batch, in one launch on a CUDA device.
  void steps_at_once(std::int64_t count) {
    std::vector<optim::DenseLayer> network;
    for (const nn::Linear& layer : layers)
      network.push_back({layer.weight, layer.bias, optim::Activation::relu});
    network.back().activation = optim::Activation::none;
    const auto repeated = [count](const Tensor& t) {
      return expand(t, {count, t.size(0), t.size(1)}).contiguous();
    };
    if (!batches.defined()) batches = repeated(x), targets = repeated(y);
    optimizer->train_steps(network, batches, targets);
  }

  /// What the steps so far changed in each parameter. The parameters themselves would hide a wrong gradient.
  Tensors changes() const {
    Tensors all;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      all.push_back(layers[i].weight.detach() - start[2 * i]);
      all.push_back(layers[i].bias.detach() - start[2 * i + 1]);
    }
    return all;
  }

  Tensor x, y, batches, targets;
  Tensors start;
  std::vector<nn::Linear> layers;
  std::unique_ptr<optim::SGD> optimizer;
};

}  // namespace

std::vector<Case> training_cases() {
  return {
      sgd("sgd", 0),
      sgd("sgd_momentum", 0.9),
      {.name = "loader/epoch",  // shuffled batches of 32, of size[0] samples with size[1] numbers
          .sizes = {{1000, 64}, {10'000, 784}},
          .inputs =
              [](const Size& size) {
                return Tensors{randn({size[0], size[1]}), randn({size[0], 1})};
              },
          .make = work([](const Tensors& in) {
            const auto loader = std::make_shared<data::DataLoader<2>>(data::TensorDataset<2>(in[0], in[1]),
                data::DataLoaderOptions{.batch_size = 32, .shuffle = true});
            return [loader] {
              Tensor last;
              for (const auto& [x, y] : *loader) last = x;
              return last;
            };
          }),
          .check_result = [](const Tensors& found) { check(found[0].defined(), "there was no batch"); }},
      {.name = "step/mlp",  // forward, backward and SGD with decay of the weights
          .sizes = {{5, 200, 1}, {32, 64, 128, 10}, {64, 784, 256, 10}, {64, 512, 512, 512, 512}},
          .inputs = network,
          .make = work(
              [](const Tensors& in) {
                return [trainer = std::make_shared<Trainer>(in)] {
                  trainer->step();
                  return trainer.get();
                };
              },
              [](Trainer* trainer) { return trainer->changes(); }),
          .flops =
              [](const Size& size) {  // forward, and backward without the gradient of the samples
                double products = 0;
                for (std::size_t i = 1; i + 1 < size.size(); ++i)
                  products += (i == 1 ? 4.0 : 6.0) * static_cast<double>(size[0] * size[i] * size[i + 1]);
                return products;
              },
          .tolerance = 1e-3,  // a change is the difference of much larger numbers
          .cuda_sizes = {{5, 200, 1}, {32, 64, 128, 10}},
          .whole_calls = true},
      {.name = "step/mlp_graph",  // a step, and then replays of a graph that recorded another
          .sizes = {{5, 200, 1}, {32, 64, 128, 10}},
          .inputs = network,
          .make = work(
              [](const Tensors& in) {
                const auto trainer = std::make_shared<Trainer>(in);
                trainer->step();
                std::shared_ptr<cuda::Graph> graph;
                if (trainer->x.device().is_cuda())
                  graph = std::make_shared<cuda::Graph>([&] { trainer->step(); });
                return [trainer, graph] {
                  if (graph) graph->replay();
                  else trainer->step();  // the reference
                  return trainer.get();
                };
              },
              [](Trainer* trainer) { return trainer->changes(); }),
          .tolerance = 1e-3,
          .cuda_sizes = {{5, 200, 1}, {32, 64, 128, 10}},
          .whole_calls = true,
          .only_cuda = true},
      {.name = "step/mlp_40_at_once",  // 40 steps in one launch
          .sizes = {{5, 200, 1}, {32, 64, 128, 10}},
          .inputs = network,
          .make = work(
              [](const Tensors& in) {
                return [trainer = std::make_shared<Trainer>(in)] {
                  trainer->steps_at_once(40);
                  return trainer.get();
                };
              },
              [](Trainer* trainer) { return trainer->changes(); }),
          .tolerance = 1e-3,
          .cuda_sizes = {{5, 200, 1}, {32, 64, 128, 10}},
          .whole_calls = true,
          .only_cuda = true},
  };
}

}  // namespace bench
