#include "experiment.h"

#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "verify.h"

using namespace tenon;

namespace {

/// y = x w + b + noise, with every true weight 0.01
struct Data {
  Tensor x, y;
};

Data make_data(std::int64_t samples) {
  const Tensor x = randn({samples, features});
  const Tensor y = matmul(x, full({features, 1}, 0.01)) + 0.05 + 0.01 * randn({samples, 1});
  return {x, y};
}

// Normalises NaNs, so that their sign does not depend on the machine.
double plain(double value) { return std::isnan(value) ? std::nan("") : value; }

double mean_loss(const Data& data, nn::Linear& net) {
  const NoGradGuard no_grad;
  return plain(mse_loss(net(data.x), data.y).item<double>());
}

/// A model and its optimizer on one device.
struct Learner {
  Learner(const Settings& settings, double weight_decay, Device device)
      : net(features, 1, {.device = device}),
        optimizer({{.params = {net.weight}, .weight_decay = weight_decay},
                      {.params = {net.bias}, .weight_decay = settings.decay_bias ? weight_decay : 0}},
            {.lr = settings.lr, .momentum = settings.momentum}) {}

  /// Returns the loss of each sample, after computing the gradients of their mean.
  Tensor learn(const Tensor& x, const Tensor& y) {
    const Tensor loss = criterion(net(x), y);
    optimizer.zero_grad();
    loss.mean().backward();
    return loss;
  }

  nn::Linear net;
  nn::MSELoss criterion{{.reduction = Reduction::none}};
  optim::SGD optimizer;
};

Run train(
    const Settings& settings, double weight_decay, const Data& data, Log& log, Verification* verification) {
  // Every run starts from the seed, with the same initial weights and batches; only the decay differs.
  manual_seed(settings.seed);
  const auto part = [&](std::int64_t start, std::int64_t samples, Device device) {
    return Data{data.x.narrow(0, start, samples).to(device), data.y.narrow(0, start, samples).to(device)};
  };
  const Data samples = part(0, train_samples, Device::cpu());
  data::DataLoader train(
      data::TensorDataset(samples.x, samples.y), {.batch_size = settings.batch_size, .shuffle = true});
  // Losses are evaluated on all samples at once.
  const Data seen = part(0, train_samples, settings.device),
             unseen = part(train_samples, test_samples, settings.device);

  Learner learner(settings, weight_decay, settings.device);
  nn::Linear& net = learner.net;
  if (settings.init == Init::normal) {
    nn::init::normal_(net.weight);
    nn::init::zeros_(net.bias);
  }
  std::optional<Learner> twin;  // on the CPU, in lockstep
  if (verification && !settings.device.is_cpu()) {
    twin.emplace(settings, weight_decay, Device::cpu());
    twin->net.load_state_dict(net.state_dict());
  }
  const auto compare_bits = [&](const Tensor& found, const Tensor& expected) {
    ++verification->compared;
    verification->different += !bitwise_equal(found, expected);
  };

  Run run{.weight_decay = weight_decay};
  run.first_train_loss = mean_loss(seen, net);
  run.first_test_loss = mean_loss(unseen, net);
  const std::string name = fmt::format("wd={}", weight_decay);
  log.begin(name);
  const auto start = std::chrono::steady_clock::now();
  for (const std::int64_t epoch : io::track(settings.epochs, name, {.enabled = !settings.quiet})) {
    for (auto [x_batch, y_batch] : train) {
      const Tensor x = x_batch.to(settings.device), y = y_batch.to(settings.device);
      const Tensor loss = learner.learn(x, y);
      if (verification) verify_gradients(net, x, y, *verification);
      if (twin) {
        compare_bits(loss, twin->learn(x_batch, y_batch));
        compare_bits(net.weight.grad(), twin->net.weight.grad());
        compare_bits(net.bias.grad(), twin->net.bias.grad());
      }
      learner.optimizer.step();
      if (twin) {
        twin->optimizer.step();
        compare_bits(net.weight, twin->net.weight);
        compare_bits(net.bias, twin->net.bias);
      }
      ++run.steps;
    }
    run.train_curve.push_back(mean_loss(seen, net));
    run.test_curve.push_back(mean_loss(unseen, net));
    log.add(run.train_loss(), run.test_loss(), epoch);
  }
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const NoGradGuard no_grad;
  run.weight_norm = plain(std::sqrt((net.weight * net.weight).sum().item<double>()));
  run.bias = plain(net.bias.item<double>());
  return run;
}

}  // namespace

Outcome run_experiment(const Settings& settings, Log& log) {
  manual_seed(settings.seed);
  const Data data = make_data(train_samples + test_samples);
  Outcome outcome;
  if (settings.verify) outcome.verification.emplace();
  for (const double weight_decay : settings.weight_decays)
    outcome.runs.push_back(
        train(settings, weight_decay, data, log, settings.verify ? &*outcome.verification : nullptr));
  return outcome;
}
