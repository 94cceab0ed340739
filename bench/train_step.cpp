// One training step, from forward pass to update, of the weight-decay experiment and of a small network.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <tenon/tenon.h>

#include "timing.h"
#include "train_step_model.h"

using namespace tenon;

namespace {

std::vector<float> normal(std::int64_t n, double deviation) {
  const Tensor values = randn({n}) * deviation;
  return {values.data<float>().begin(), values.data<float>().end()};
}

bench::StepProblem make_problem(std::vector<std::int64_t> sizes, std::int64_t batch, double weight_decay) {
  bench::StepProblem problem{std::move(sizes), batch, 0.003, weight_decay, {}, {}, {}, {}};
  for (std::size_t i = 0; i + 1 < problem.sizes.size(); ++i) {
    const std::int64_t in = problem.sizes[i], out = problem.sizes[i + 1];
    problem.weights.push_back(normal(in * out, 1 / std::sqrt(static_cast<double>(in))));
    problem.biases.push_back(normal(out, 0.1));
  }
  problem.x = normal(batch * problem.sizes.front(), 1);
  problem.y = normal(batch * problem.sizes.back(), 1);
  return problem;
}

struct TenonTrainer final : bench::Trainer {
  TenonTrainer(const bench::StepProblem& problem, Device device)
      : x(tensor(problem.x, {problem.batch, problem.sizes.front()}).to(device)),
        y(tensor(problem.y, {problem.batch, problem.sizes.back()}).to(device)) {
    std::vector<Tensor> weights, biases;
    for (std::size_t i = 0; i < problem.weights.size(); ++i) {
      layers.emplace_back(problem.sizes[i], problem.sizes[i + 1], nn::LinearOptions{.device = device});
      const NoGradGuard no_grad;
      layers[i].weight.copy_(tensor(problem.weights[i], layers[i].weight.shape()).to(device));
      layers[i].bias.copy_(tensor(problem.biases[i], layers[i].bias.shape()).to(device));
      weights.push_back(layers[i].weight);
      biases.push_back(layers[i].bias);
    }
    optimizer = std::make_unique<optim::SGD>(
        std::vector<optim::SGDParamGroup>{
            {.params = weights, .weight_decay = problem.weight_decay}, {.params = biases}},
        optim::SGDOptions{.lr = problem.lr});
  }

  void step() override {
    Tensor h = layers[0](x);
    for (std::size_t i = 1; i < layers.size(); ++i) h = layers[i](relu(h));
    const Tensor loss = criterion(h, y);
    optimizer->zero_grad();
    loss.mean().backward();
    optimizer->step();
  }

  std::vector<std::vector<float>> parameters() override {
    std::vector<std::vector<float>> out;
    for (nn::Linear& layer : layers)
      for (const Tensor& parameter : {layer.weight, layer.bias}) {
        const Tensor host = parameter.detach().to(Device::cpu());
        out.emplace_back(host.data<float>().begin(), host.data<float>().end());
      }
    return out;
  }

  void finish() override { x.stream().synchronize(); }

  Tensor x, y;
  std::vector<nn::Linear> layers;
  nn::MSELoss criterion{{.reduction = Reduction::none}};
  std::unique_ptr<optim::SGD> optimizer;
};

/// The parameters after one step, computed by hand in double.
std::vector<std::vector<double>> reference_step(const bench::StepProblem& problem) {
  const std::size_t layers = problem.weights.size();
  std::vector<std::vector<double>> out;
  for (std::size_t l = 0; l < layers; ++l) {
    out.emplace_back(problem.weights[l].begin(), problem.weights[l].end());
    out.emplace_back(problem.biases[l].begin(), problem.biases[l].end());
  }
  const std::vector<std::vector<double>> before = out;
  const double count = static_cast<double>(problem.batch * problem.sizes.back());
  for (std::int64_t row = 0; row < problem.batch; ++row) {
    std::vector<std::vector<double>> values{
        {problem.x.begin() + row * problem.sizes[0], problem.x.begin() + (row + 1) * problem.sizes[0]}};
    for (std::size_t l = 0; l < layers; ++l) {
      const std::size_t in = values[l].size();
      std::vector<double> next(before[2 * l + 1]);
      for (std::size_t o = 0; o < next.size(); ++o)
        for (std::size_t i = 0; i < in; ++i)
          next[o] += before[2 * l][o * in + i] * (l > 0 ? std::max(values[l][i], 0.0) : values[l][i]);
      values.push_back(std::move(next));
    }
    std::vector<double> gradient(values.back().size());
    for (std::size_t o = 0; o < gradient.size(); ++o)
      gradient[o] =
          2 / count * (values.back()[o] - problem.y[static_cast<std::size_t>(row) * gradient.size() + o]);
    for (std::size_t l = layers; l-- > 0;) {
      const std::size_t in = values[l].size();
      std::vector<double> below(in);
      for (std::size_t o = 0; o < gradient.size(); ++o) {
        out[2 * l + 1][o] -= problem.lr * gradient[o];
        for (std::size_t i = 0; i < in; ++i) {
          out[2 * l][o * in + i] -=
              problem.lr * gradient[o] * (l > 0 ? std::max(values[l][i], 0.0) : values[l][i]);
          below[i] += gradient[o] * before[2 * l][o * in + i] * (l > 0 && !(values[l][i] > 0) ? 0 : 1);
        }
      }
      gradient = std::move(below);
    }
  }
  for (std::size_t l = 0; l < layers; ++l)
    for (std::size_t i = 0; i < out[2 * l].size(); ++i)
      out[2 * l][i] -= problem.lr * problem.weight_decay * before[2 * l][i];
  return out;
}

/// The largest error of the change made by a step, relative to the largest change.
double error_of(
    const std::vector<std::vector<float>>& found, const std::vector<std::vector<double>>& expected) {
  double error = 0, scale = 0;
  for (std::size_t p = 0; p < expected.size(); ++p)
    for (std::size_t i = 0; i < expected[p].size(); ++i) {
      const double difference = std::abs(found[p][i] - expected[p][i]);
      if (!(difference <= error)) error = difference;
      scale = std::max(scale, std::abs(expected[p][i]));
    }
  return error / scale;
}

bench::Result measure(
    const std::string& subject, const bench::StepProblem& problem, int threads, Device device) {
  const auto expected = reference_step(problem);
  constexpr double tolerance = 1e-5;
  bench::Result result{subject};
  std::vector<bench::Contender> contenders;
  const auto enter = [&](const std::string& name, bench::Trainer& trainer) {
    trainer.step();
    const double error = error_of(trainer.parameters(), expected);
    check(error <= tolerance, "train_step: {} is wrong; the relative error of a step is {}, more than {}",
        name, error, tolerance);
    result.largest_error = std::max(result.largest_error, error);
    contenders.push_back(bench::on_host(
        name, [&trainer] { trainer.step(); }, [&trainer] { trainer.finish(); }));
  };
  TenonTrainer own(problem, device);
  enter("tenon", own);
  std::string version;
  const auto peer = bench::make_torch_trainer(problem, threads, device.is_cuda(), version);
  if (peer) enter(version, *peer);
  result.timings = bench::race(contenders);
  bench::print(result);
  if (!peer) fmt::print("  LibTorch was not found: no peer\n");
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options = bench::parse(
      argc, argv, "Times one training step, beside LibTorch where it was found.", {"cpu", "cuda"});
  try {
    const Device device = options.device == "cpu" ? Device::cpu() : Device::cuda();
    check_available("--device", device);
    set_num_threads(options.threads);
    manual_seed(0);
    const std::vector<bench::Result> results = {
        measure("weight decay: 200 -> 1, batch 5", make_problem({200, 1}, 5, 3), options.threads, device),
        measure("network: 64 -> 128 -> 10, relu, batch 32", make_problem({64, 128, 10}, 32, 0),
            options.threads, device)};
    if (!options.json.empty()) bench::save_json(results, options.json);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
