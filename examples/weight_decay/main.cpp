// Weight decay on a model that can memorise its data: the tutorial experiment, from the command line.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <stdexcept>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "report.h"

namespace {

struct Arguments {
  Settings settings;
  std::string device = "auto", init = "normal", logdir = "runs", plot, json;
};

/// Exit statuses: bad options are told apart from work that failed.
constexpr int ok = 0, failed = 1, usage = 2;

// CLI11 takes a whole number that is too large for the largest there is, and NaN for a number like any other.

CLI::Validator whole_number(std::uint64_t low, std::uint64_t high) {
  return CLI::Validator(
      [low, high](std::string& text) {
        std::uint64_t value = 0;
        const char* const last = text.data() + text.size();
        const auto [end, error] = std::from_chars(text.data(), last, value);
        if (error == std::errc() && end == last && value >= low && value <= high) return std::string();
        return fmt::format("{} is not a whole number from {} to {}", text, low, high);
      },
      "");
}

CLI::Validator rate() {
  return CLI::Validator(
      [](std::string& text) {
        char* end = nullptr;
        const double value = std::strtod(text.c_str(), &end);
        if (*end == '\0' && end != text.c_str() && value >= 0 && std::isfinite(value)) return std::string();
        return text + " is not a finite number from 0 up";
      },
      "");
}

void add_options(CLI::App& app, Arguments& arguments) {
  Settings& settings = arguments.settings;
  const CLI::Validator count = whole_number(1, 1'000'000'000);
  app.add_option("--device", arguments.device, "auto, cpu or cuda")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  app.add_option("--weight-decay", settings.weight_decays, "one run for each")
      ->check(rate())
      ->capture_default_str();
  app.add_option("--epochs", settings.epochs, "passes over the training data")
      ->check(count)
      ->capture_default_str();
  app.add_option("--lr", settings.lr, "learning rate")->check(rate())->capture_default_str();
  app.add_option("--momentum", settings.momentum, "momentum of SGD")->check(rate())->capture_default_str();
  app.add_option("--batch-size", settings.batch_size, "samples a step")->check(count)->capture_default_str();
  app.add_option("--seed", settings.seed, "of data, first weights and batches")
      ->check(whole_number(0, std::numeric_limits<std::uint64_t>::max()))
      ->capture_default_str();
  app.add_option("--init", arguments.init, "first weights: normal is N(0, 1), default the layer's own")
      ->check(CLI::IsMember({"normal", "default"}))
      ->capture_default_str();
  app.add_flag("--decay-bias", settings.decay_bias, "decay the bias too");
  app.add_option("--logdir", arguments.logdir, "where TensorBoard's event files go, in a new expN each time")
      ->capture_default_str();
  app.add_option("--plot", arguments.plot, "draw the curves into this SVG file");
  app.add_option("--json", arguments.json, "write results and curves into this file");
  app.add_flag("--verify", settings.verify,
      "check the gradients of every step against a closed form in double and, on CUDA, every bit against the "
      "CPU");
  app.add_flag("--quiet", settings.quiet, "print nothing but errors");
}

tenon::Device choose_device(const std::string& name) {
  using namespace tenon;
  if (name == "cpu" || (name == "auto" && !cuda::is_available())) return Device::cpu();
  check_available("--device", Device::cuda());
  return Device::cuda();
}

int run(Arguments& arguments) {
  Settings& settings = arguments.settings;
  settings.device = choose_device(arguments.device);
  settings.init = arguments.init == "normal" ? Init::normal : Init::standard;
  const std::string directory = tenon::io::next_run_directory(arguments.logdir, "exp");
  tenon::io::SummaryWriter writer(directory);
  const Outcome outcome = run_experiment(settings, writer);
  writer.close();
  if (!arguments.plot.empty()) save_plot(outcome, arguments.plot);
  if (!arguments.json.empty()) save_json(outcome, settings, arguments.json);
  if (!settings.quiet) {
    fmt::print("\n{}\n{}\n", table(outcome), conclusion(outcome, settings));
    if (const auto& verification = outcome.verification)
      fmt::print(
          "The gradients of {} steps differ from the closed form by at most {:.2g}, {:.2g} of the numbers "
          "they add up.\n",
          verification->steps, verification->largest_difference, verification->largest_relative);
    if (outcome.verification && outcome.verification->compared > 0)
      fmt::print("Of {} losses, gradients and weights {} differ from the CPU's in a bit.\n",
          outcome.verification->compared, outcome.verification->different);
    fmt::print("Curves: tensorboard --logdir {}\n", directory);
  }
  if (outcome.verification && !outcome.verification->passed()) {
    if (outcome.verification->different > 0)
      fmt::print(stderr, "weight_decay: {} of {} values differ from the CPU's in a bit\n",
          outcome.verification->different, outcome.verification->compared);
    else
      fmt::print(stderr,
          "weight_decay: a gradient is wrong; it differs from the closed form by {} of the numbers it "
          "adds up, more than {}\n",
          outcome.verification->largest_relative, Verification::tolerance);
    return failed;
  }
  return ok;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app(
      "Trains 200 weights on 20 samples, with and without weight decay, and shows which model has learned.",
      "weight_decay");
  add_options(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) { return app.exit(help); } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "weight_decay: {}\n", error.what());
    return usage;
  }
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "weight_decay: {}\n", error.what());
    return failed;
  }
}
