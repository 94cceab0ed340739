// Trains a small network to recognise handwritten digits.
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "digits.h"
#include "model.h"

using namespace tenon;

namespace {

struct Settings {
  std::string data = TENON_SOURCE_DIR "/examples/digits/data/digits.csv", model = "conv";
  std::int64_t epochs = 15, batch_size = 32, seed = 0;
  double lr = 0.01;
  std::string device = "auto", logdir, plot, save, explore;
  bool quiet = false;
};

std::string parse(int argc, char** argv, Settings& settings) {
  CLI::App app("Trains a small network to recognise handwritten digits.", "digits");
  const CLI::Range count(1, 1'000'000);
  app.add_option(
      "data", settings.data, "images to learn from, in the format of data/README.md (default: its own)");
  app.add_option("--model", settings.model, "mlp: two hidden layers; conv: three convolutions")
      ->check(CLI::IsMember({"mlp", "conv"}))
      ->capture_default_str();
  app.add_option("--epochs", settings.epochs, "passes over the training images")
      ->check(count)
      ->capture_default_str();
  app.add_option("--batch-size", settings.batch_size, "images per step")->check(count)->capture_default_str();
  app.add_option("--lr", settings.lr, "largest learning rate")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--seed", settings.seed, "of the split, the initial weights and the batches")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--device", settings.device, "auto is cuda if available")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  app.add_option("--logdir", settings.logdir, "where TensorBoard's event files go; none without it");
  app.add_option("--plot", settings.plot, "write the losses as a picture into this SVG file");
  app.add_option("--save", settings.save, "write the weights into this safetensors file");
  app.add_option(
      "--explore", settings.explore, "write a page that shows the first backward pass into this HTML file");
  app.add_flag("--quiet", settings.quiet, "no progress bar");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success&) { return app.help(); }
  return {};
}

Device choose_device(const std::string& name) {
  if (name == "auto") return cuda::is_available() ? kCUDA : kCPU;
  check_available("--device", name);
  return name;
}

/// A fifth of the images, in random order, is for testing only.
struct Split {
  Digits training, testing;
};
Split split(const Digits& all, Device device) {
  const std::int64_t count = all.images.size(0), training = count * 4 / 5;
  check(training > 0 && training < count, "{} images cannot be split into two parts", count);
  const auto parts =
      data::random_split(data::TensorDataset(all.images, all.classes), {training, count - training});
  const auto tensors = [&](const auto& part) {
    const auto [images, classes] = part.dataset().get_batch(part.indices());
    return Digits{images.to(device), classes.to(device)};
  };
  return {tensors(parts[0]), tensors(parts[1])};
}

struct Result {
  double loss;
  std::int64_t right;
  Tensor predicted;  // [N], int64
};
Result evaluate(nn::Sequential& model, const Digits& digits) {
  const NoGradGuard no_grad;
  model.eval();
  const Tensor logits = model(digits.images), predicted = logits.argmax(1);
  model.train();
  return {cross_entropy(logits, digits.classes).item(),
      (predicted == digits.classes).sum().item<std::int64_t>(), predicted};
}

struct Curves {
  std::vector<double> training, testing;  // losses, per epoch
};

Curves train(nn::Sequential& model, const Split& data, const Settings& settings) {
  data::DataLoader loader(data::TensorDataset(data.training.images, data.training.classes),
      {.batch_size = settings.batch_size, .shuffle = true});
  optim::AdamW optimizer(model.parameters(), {.lr = settings.lr, .weight_decay = 0.01});
  optim::OneCycleLR schedule(
      optimizer, settings.lr, settings.epochs * loader.batch_count(), {.cycle_momentum = false});
  std::optional<io::SummaryWriter> log;
  if (!settings.logdir.empty()) log.emplace(settings.logdir);
  Curves curves;
  bool explored = settings.explore.empty();
  io::Track bar = io::track(settings.epochs, settings.model, {.enabled = !settings.quiet});
  for (const std::int64_t epoch : bar) {
    Tensor total = zeros({}, {.device = data.training.images.device()});
    for (const auto& [images, classes] : loader) {
      const Tensor loss = cross_entropy(model(images), classes);
      optimizer.zero_grad();
      if (explored) {
        loss.backward();
      } else {
        autograd::explore(
            loss, settings.explore, {.names = model.named_parameters(), .optimizer = optimizer});
        explored = true;
      }
      optimizer.step();
      schedule.step();
      total += loss.detach() * static_cast<double>(images.size(0));
    }
    const double loss = total.item() / static_cast<double>(data.training.images.size(0));
    const Result test = evaluate(model, data.testing);
    const double accuracy =
        100 * static_cast<double>(test.right) / static_cast<double>(data.testing.images.size(0));
    curves.training.push_back(loss);
    curves.testing.push_back(test.loss);
    bar.set_postfix(fmt::format("loss {:.4f}, test {:.1f}%", loss, accuracy));
    if (log) {
      log->add_scalar("loss/training", loss, epoch);
      log->add_scalar("loss/test", test.loss, epoch);
      log->add_scalar("accuracy/test", accuracy, epoch);
    }
  }
  return curves;
}

/// How many images of each digit (the rows) were predicted to be which one (the columns).
std::string confusion(const Tensor& classes, const Tensor& predicted) {
  const auto marks = [](const Tensor& digits) { return one_hot(digits, 10).to(DType::float32); };
  const Tensor counts = matmul(marks(classes).t(), marks(predicted)).cpu();
  std::string text = "     ";
  for (int column = 0; column < 10; ++column) text += fmt::format("{:4}", column);
  for (int row = 0; row < 10; ++row) {
    text += fmt::format("\n{:4} ", row);
    for (int column = 0; column < 10; ++column) {
      const double count = counts[row][column].item();
      text += count > 0 ? fmt::format("{:4}", count) : "   .";
    }
  }
  return text + "\n";
}

void save_plot(const Curves& curves, const Settings& settings) {
  io::LinePlot plot({.title = fmt::format("Handwritten digits, {}: mean cross entropy", settings.model),
      .x_label = "epoch",
      .y_label = "nats",
      .y_scale = io::Scale::log});
  plot.add({.name = "training", .y = curves.training});
  plot.add({.name = "test", .y = curves.testing});
  plot.save(settings.plot);
}

int run(const Settings& settings) {
  const Device device = choose_device(settings.device);
  const Digits all = read_digits(settings.data);
  manual_seed(static_cast<std::uint64_t>(settings.seed));
  const Split data = split(all, device);
  nn::Sequential model = settings.model == "mlp" ? make_mlp() : make_conv();
  model.to(device);
  const std::int64_t tests = data.testing.images.size(0);
  fmt::print("{} images to learn from, {} to test with; {} parameters\n", data.training.images.size(0), tests,
      model.num_parameters());
  std::fflush(stdout);
  const Curves curves = train(model, data, settings);
  const Result test = evaluate(model, data.testing);
  fmt::print("{} of {} test images right, {:.1f}%; rows: the digit, columns: the prediction\n\n{}",
      test.right, tests, 100 * static_cast<double>(test.right) / static_cast<double>(tests),
      confusion(data.testing.classes, test.predicted));
  if (!settings.plot.empty()) save_plot(curves, settings);
  if (!settings.save.empty()) model.save(settings.save);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  try {
    if (const std::string help = parse(argc, argv, settings); !help.empty()) {
      fmt::print("{}", help);
      return 0;
    }
    return run(settings);
  } catch (const CLI::Error& error) {
    fmt::print(stderr, "digits: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "digits: {}\n", error.what());
    return 1;
  }
}
