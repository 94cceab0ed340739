#include "options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

namespace {

// CLI11 clamps a whole number that is too large, and accepts NaN like any other number.

template <class Number>
bool parses(const std::string& text, Number& value) {
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  return error == std::errc() && end == last && text[0] != '-';
}

CLI::Validator whole_number(std::uint64_t low, std::uint64_t high) {
  return CLI::Validator(
      [low, high](std::string& text) {
        std::uint64_t value = 0;
        if (parses(text, value) && value >= low && value <= high) return std::string();
        return fmt::format("{} is not a whole number from {} to {}", text, low, high);
      },
      "");
}

CLI::Validator number() {
  return CLI::Validator(
      [](std::string& text) {
        double value = 0;
        if (parses(text, value) && std::isfinite(value)) return std::string();
        return text + " is not a finite number from 0 up";
      },
      "");
}

CLI::Validator one_of(const std::vector<std::string>& names) {
  return CLI::Validator(
      [names](std::string& text) {
        if (std::find(names.begin(), names.end(), text) != names.end()) return std::string();
        return fmt::format("{} is not one of {}", text, fmt::join(names, ", "));
      },
      fmt::format("{{{}}}", fmt::join(names, ",")));
}

CLI::Validator path() {
  return CLI::Validator(
      [](std::string& text) {
        if (text.empty()) return std::string("the path is empty");
        return text.starts_with("--") ? text + " is an option, not a path" : std::string();
      },
      "");
}

tenon::Device choose_device(const std::string& name) {
  using namespace tenon;
  if (name == "auto") return cuda::is_available() ? kCUDA : kCPU;
  check_available("--device", name);
  return name;
}

// Two different paths can be the same file. Both may write to a device such as /dev/null.
bool is_same_file(const std::string& a, const std::string& b) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  return !fs::is_other(fs::status(a, ignored)) &&
         fs::weakly_canonical(fs::absolute(a), ignored) == fs::weakly_canonical(fs::absolute(b), ignored);
}

constexpr std::uint64_t most = 1'000'000'000, most_seed = std::numeric_limits<std::uint64_t>::max();

void add_options(CLI::App& app, Arguments& arguments) {
  Settings& settings = arguments.settings;
  const auto add = [&app](const char* name, auto& value, const char* kind, const CLI::Validator& check,
                       const char* text) {
    return app.add_option(name, value, text)->type_name(kind)->check(check);
  };
  const CLI::Validator count = whole_number(1, most);
  add("--device", arguments.device, "NAME", one_of({"auto", "cpu", "cuda"}),
      "where to train; auto is cuda if available")
      ->capture_default_str();
  add("--weight-decay", settings.weight_decays, "NUMBER", number(), "one run for each")
      ->capture_default_str();
  add("--penalty", arguments.penalty, "NAME", one_of({"l2", "l1"}),
      "what decays: l2 is the optimizer's weight decay, l1 a multiple of the magnitudes in the loss")
      ->capture_default_str();
  add("--optimizer", arguments.optimizer, "NAME", one_of({"sgd", "adam", "adamw"}), "what takes the steps")
      ->capture_default_str();
  add("--epochs", settings.epochs, "COUNT", count, "passes over the training data")->capture_default_str();
  add("--lr", settings.lr, "NUMBER", number(), "learning rate")->capture_default_str();
  add("--momentum", settings.momentum, "NUMBER", number(), "momentum of SGD")->capture_default_str();
  add("--batch-size", settings.batch_size, "COUNT", count, "samples per step")->capture_default_str();
  add("--seed", settings.seed, "SEED", whole_number(0, most_seed),
      "seed for data, initial weights and batches")
      ->capture_default_str();
  add("--init", arguments.init, "NAME", one_of({"normal", "default"}),
      "initial weights: normal is N(0, 1), default the layer's own")
      ->capture_default_str();
  app.add_flag("--decay-bias", settings.decay_bias, "decay the bias too");
  add("--logdir", arguments.logdir, "PATH", path(),
      "where TensorBoard's event files go, in a new expN each time")
      ->capture_default_str();
  add("--plot", arguments.plot, "PATH", path(), "draw the curves into this SVG file");
  add("--plot-weights", arguments.weights, "PATH", path(), "draw the sorted weights into this SVG file");
  add("--explore", settings.explore, "PATH", path(),
      "write a page that shows the last run's first backward pass and the optimizer's steps into this HTML "
      "file");
  add("--json", arguments.json, "PATH", path(), "write results and curves into this file");
  app.add_flag("--verify", settings.verify,
      "check the gradients of every step against a closed form in double and, on CUDA, every bit against the "
      "CPU");
  app.add_flag("--quiet", settings.quiet, "print nothing but errors");
  app.set_version_flag("--version", "weight_decay " TENON_VERSION, "print the version and exit");
  app.footer(fmt::format(
      "COUNT is a whole number from 1 to {}, SEED one from 0 to {}, NUMBER a finite number from 0 up.", most,
      most_seed));
}

// Checks that concern several options or this machine.
void settle(Arguments& arguments) {
  Settings& settings = arguments.settings;
  std::vector<double> decays = settings.weight_decays;
  std::sort(decays.begin(), decays.end());
  const auto twice = std::adjacent_find(decays.begin(), decays.end());
  if (twice != decays.end())
    throw CLI::ValidationError("--weight-decay", fmt::format("{} is given twice", *twice));
  const std::pair<const char*, const std::string&> files[] = {{"--plot", arguments.plot},
      {"--plot-weights", arguments.weights}, {"--explore", settings.explore}, {"--json", arguments.json}};
  for (const auto& [option, file] : files)
    for (const auto& [earlier, other] : files) {
      if (&other == &file) break;
      if (!file.empty() && !other.empty() && is_same_file(file, other))
        throw CLI::ValidationError(option, fmt::format("{} is also the file of {}", file, earlier));
    }
  if (settings.momentum != 0 && arguments.optimizer != "sgd")
    throw CLI::ValidationError(
        "--momentum", fmt::format("it is an option of sgd; --optimizer is {}", arguments.optimizer));
  settings.device = choose_device(arguments.device);
  settings.penalty = arguments.penalty == "l2" ? Penalty::l2 : Penalty::l1;
  settings.optimizer = arguments.optimizer == "sgd"    ? Optimizer::sgd
                       : arguments.optimizer == "adam" ? Optimizer::adam
                                                       : Optimizer::adamw;
  settings.init = arguments.init == "normal" ? Init::normal : Init::standard;
}

}  // namespace

std::optional<std::string> parse(int argc, char** argv, Arguments& arguments) {
  CLI::App app(
      "Trains 200 weights on 20 samples, with and without weight decay, and shows which model has learned.",
      "weight_decay");
  add_options(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    std::ostringstream answer;
    app.exit(asked, answer);
    return answer.str();
  }
  settle(arguments);
  return std::nullopt;
}
