// The same training steps, written for LibTorch.
#include <torch/torch.h>
#include <torch/version.h>

#include "train_step_model.h"

namespace bench {

namespace {

torch::Tensor from(const std::vector<float>& values, std::vector<std::int64_t> shape) {
  return torch::tensor(values).reshape(shape);
}

struct TorchTrainer final : Trainer {
  TorchTrainer(const StepProblem& problem, bool on_cuda)
      : cuda(on_cuda),
        x(from(problem.x, {problem.batch, problem.sizes.front()}).to(device())),
        y(from(problem.y, {problem.batch, problem.sizes.back()}).to(device())) {
    std::vector<torch::Tensor> weights, biases;
    for (std::size_t i = 0; i < problem.weights.size(); ++i) {
      const std::int64_t in = problem.sizes[i], out = problem.sizes[i + 1];
      layers.push_back(torch::nn::Linear(in, out));
      const torch::NoGradGuard no_grad;
      layers[i]->weight.copy_(from(problem.weights[i], {out, in}));
      layers[i]->bias.copy_(from(problem.biases[i], {out}));
      layers[i]->to(device());
      weights.push_back(layers[i]->weight);
      biases.push_back(layers[i]->bias);
    }
    using Options = torch::optim::SGDOptions;
    std::vector<torch::optim::OptimizerParamGroup> groups;
    groups.emplace_back(
        weights, std::make_unique<Options>(Options(problem.lr).weight_decay(problem.weight_decay)));
    groups.emplace_back(biases);
    optimizer = std::make_unique<torch::optim::SGD>(groups, Options(problem.lr));
  }

  void step() override {
    torch::Tensor h = layers[0](x);
    for (std::size_t i = 1; i < layers.size(); ++i) h = layers[i](torch::relu(h));
    const torch::Tensor loss = criterion(h, y);
    optimizer->zero_grad();
    loss.mean().backward();
    optimizer->step();
  }

  std::vector<std::vector<float>> parameters() override {
    std::vector<std::vector<float>> out;
    for (auto& layer : layers)
      for (const torch::Tensor& parameter : {layer->weight, layer->bias}) {
        const torch::Tensor flat = parameter.detach().cpu().contiguous();
        out.emplace_back(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
      }
    return out;
  }

  void finish() override {
    if (cuda) torch::cuda::synchronize();
  }

  torch::Device device() const { return cuda ? torch::kCUDA : torch::kCPU; }

  bool cuda;
  torch::Tensor x, y;
  std::vector<torch::nn::Linear> layers;
  torch::nn::MSELoss criterion{torch::nn::MSELossOptions().reduction(torch::kNone)};
  std::unique_ptr<torch::optim::SGD> optimizer;
};

}  // namespace

std::unique_ptr<Trainer> make_torch_trainer(
    const StepProblem& problem, int threads, bool cuda, std::string& version) {
  if (cuda && !torch::cuda::is_available()) return nullptr;
  torch::set_num_threads(threads);
  version = "LibTorch " TORCH_VERSION;
  return std::make_unique<TorchTrainer>(problem, cuda);
}

}  // namespace bench
