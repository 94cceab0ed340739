#include "experiment.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include <fmt/format.h>

#include "verify.h"

using namespace tenon;

namespace {

/// y = x w + b + noise
struct Data {
  Tensor x, y;
};

Data make_data(std::int64_t samples) {
  const Tensor x = randn({samples, features});
  const Tensor y = matmul(x, full({features, 1}, true_weight)) + 0.05 + 0.01 * randn({samples, 1});
  return {x, y};
}

// Normalises NaNs, so that their sign does not depend on the machine.
double plain(double value) { return std::isnan(value) ? std::nan("") : value; }

/// Mean squared errors, of both sets of samples. They are read together, because each reading waits for the
/// device.
struct Losses {
  double train, test;
};
Losses mean_losses(const Data& train, const Data& test, nn::Linear& net) {
  const NoGradGuard no_grad;
  const Tensor losses =
      stack({mse_loss(net(train.x), train.y), mse_loss(net(test.x), test.y)}).to(Device::cpu());
  return {plain(losses.data<float>()[0]), plain(losses.data<float>()[1])};
}

/// The weight is one parameter group, the bias another, which usually does not decay.
std::unique_ptr<optim::Optimizer> make_optimizer(
    const Settings& settings, const nn::Linear& net, double weight_decay) {
  const double of_weight = settings.penalty == Penalty::l2 ? weight_decay : 0;
  const double of_bias = settings.decay_bias ? of_weight : 0;
  const auto groups = [&]<class Group>() {
    return std::vector<Group>{
        {.params = {net.weight}, .weight_decay = of_weight}, {.params = {net.bias}, .weight_decay = of_bias}};
  };
  switch (settings.optimizer) {
    case Optimizer::adam:
      return std::make_unique<optim::Adam>(
          groups.operator()<optim::AdamParamGroup>(), optim::AdamOptions{.lr = settings.lr});
    case Optimizer::adamw:
      return std::make_unique<optim::AdamW>(
          groups.operator()<optim::AdamParamGroup>(), optim::AdamWOptions{.lr = settings.lr});
    case Optimizer::sgd: break;
  }
  return std::make_unique<optim::SGD>(groups.operator()<optim::SGDParamGroup>(),
      optim::SGDOptions{.lr = settings.lr, .momentum = settings.momentum});
}

/// A model and its optimizer on one device.
struct Learner {
  Learner(const Settings& settings, double weight_decay, Device device)
      : net(features, 1, {.device = device}),
        optimizer(make_optimizer(settings, net, weight_decay)),
        l1(settings.penalty == Penalty::l1 ? weight_decay : 0),
        l1_of_bias(settings.decay_bias ? l1 : 0) {}

  /// Returns the loss of each sample, after computing the gradients of their mean and of an L1 penalty. An L2
  /// penalty is the optimizer's weight decay. The explorer, if there is one, records how.
  Tensor learn(const Tensor& x, const Tensor& y, autograd::Explorer* explorer = nullptr) {
    const Tensor loss = criterion(net(x), y);
    Tensor total = loss.mean();
    if (l1 > 0) total = total + l1 * net.weight.abs().sum();
    if (l1_of_bias > 0) total = total + l1_of_bias * net.bias.abs().sum();
    optimizer->zero_grad();
    if (explorer) explorer->backward(total, {{"x", x}, {"y", y}, {"loss", total}});
    else total.backward();
    return loss;
  }

  nn::Linear net;
  nn::MSELoss criterion{{.reduction = Reduction::none}};
  std::unique_ptr<optim::Optimizer> optimizer;
  double l1, l1_of_bias;
};

/// The share of decay in the next update of the weights: its norm, divided by the sum of the norms of all
/// parts.
double decay_share(const optim::Optimizer& optimizer) {
  const optim::UpdateNorms norms = optimizer.update_norms().front();
  const double parts = norms.gradient + norms.decay + norms.momentum;
  return parts > 0 ? plain(norms.decay / parts) : 0;
}

Run train(
    const Settings& settings, double weight_decay, const Data& data, Log& log, Verification* verification) {
  // Every run starts from the seed, with the same initial weights and batches; only the decay differs.
  manual_seed(settings.seed);
  // The samples move to the device once, where the loader makes the batches.
  const auto part = [&](std::int64_t start, std::int64_t samples) {
    return Data{data.x.narrow(0, start, samples).to(settings.device),
        data.y.narrow(0, start, samples).to(settings.device)};
  };
  const Data seen = part(0, train_samples), unseen = part(train_samples, test_samples);
  data::DataLoader train(
      data::TensorDataset(seen.x, seen.y), {.batch_size = settings.batch_size, .shuffle = true});

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

  std::optional<autograd::Explorer> explorer;
  if (!settings.explore.empty() && weight_decay == settings.weight_decays.back())
    explorer.emplace(
        autograd::ExploreOptions{.names = net.named_parameters(), .optimizer = *learner.optimizer});

  Run run{.weight_decay = weight_decay};
  const Losses first = mean_losses(seen, unseen, net);
  run.first_train_loss = first.train;
  run.first_test_loss = first.test;
  const std::string name = fmt::format("{}={}", settings.penalty == Penalty::l1 ? "l1" : "wd", weight_decay);
  log.begin(name);
  log.add_weights(net.weight, 0);
  const auto start = std::chrono::steady_clock::now();
  for (const std::int64_t epoch : io::track(settings.epochs, name, {.enabled = !settings.quiet})) {
    for (const auto& [x, y] : train) {
      const Tensor loss = learner.learn(x, y, explorer && epoch < explored_epochs ? &*explorer : nullptr);
      if (verification) verify_gradients(net, x, y, learner.l1, learner.l1_of_bias, *verification);
      if (twin) {
        compare_bits(loss, twin->learn(x.cpu(), y.cpu()));
        compare_bits(net.weight.grad(), twin->net.weight.grad());
        compare_bits(net.bias.grad(), twin->net.bias.grad());
      }
      if (settings.penalty == Penalty::l2 && run.steps % train.batch_count() == 0)
        log.add_decay_share(decay_share(*learner.optimizer), epoch);
      learner.optimizer->step();
      if (twin) {
        twin->optimizer->step();
        compare_bits(net.weight, twin->net.weight);
        compare_bits(net.bias, twin->net.bias);
      }
      ++run.steps;
    }
    const Losses losses = mean_losses(seen, unseen, net);
    run.train_curve.push_back(losses.train);
    run.test_curve.push_back(losses.test);
    log.add(run.train_loss(), run.test_loss(), epoch);
  }
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (explorer) explorer->write(settings.explore);
  const NoGradGuard no_grad;
  const Tensor magnitudes =
      sort(net.weight.abs().flatten().to(Device::cpu()), -1, /*descending=*/true).values;
  for (const float magnitude : magnitudes.data<float>()) run.magnitudes.push_back(plain(magnitude));
  run.weight_norm = plain(std::sqrt((net.weight * net.weight).sum().item<double>()));
  run.bias = plain(net.bias.item<double>());
  if (std::isfinite(run.weight_norm)) log.add_weights(net.weight, settings.epochs);
  return run;
}

}  // namespace

std::int64_t Run::small_weights() const {
  return std::count_if(magnitudes.begin(), magnitudes.end(), [](double w) { return w < true_weight; });
}

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
