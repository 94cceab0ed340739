#include "report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tenon/io/atomic_file.h>

using namespace tenon;

std::string table(const Outcome& outcome) {
  std::string text = fmt::format("{:>12}  {:>11}  {:>11}  {:>11}  {:>9}  {:>8}\n", "weight decay",
      "train loss", "test loss", "weight norm", "bias", "seconds");
  for (const Run& run : outcome.runs)
    text += fmt::format("{:>12g}  {:>11.4g}  {:>11.4g}  {:>11.4g}  {:>9.4f}  {:>8.3f}\n", run.weight_decay,
        run.train_curve.back(), run.test_curve.back(), run.weight_norm, run.bias, run.seconds);
  return text;
}

std::string conclusion(const Outcome& outcome, const Settings& settings) {
  const auto by_test_loss = [](const Run& a, const Run& b) {
    return a.test_curve.back() < b.test_curve.back();
  };
  for (const Run& run : outcome.runs)
    if (!std::isfinite(run.train_curve.back()))
      return fmt::format(
          "With weight decay {:g} the training diverged; a smaller --lr keeps it stable.", run.weight_decay);
  const auto [best, worst] = std::minmax_element(outcome.runs.begin(), outcome.runs.end(), by_test_loss);
  if (outcome.runs.size() == 1 || best->weight_decay == worst->weight_decay)
    return fmt::format("The loss is {:.3g} on the {} training samples and {:.3g} on new ones.",
        best->train_curve.back(), train_samples, best->test_curve.back());
  const std::string compared =
      fmt::format("Weight decay {:g} brings the test loss from {:.3g} (with {:g}) to {:.3g}",
          best->weight_decay, worst->test_curve.back(), worst->weight_decay, best->test_curve.back());
  if (best->weight_decay < worst->weight_decay || settings.momentum != 0) return compared + ".";
  const double kept = std::pow(1 - settings.lr * best->weight_decay, static_cast<double>(best->steps));
  return fmt::format(
      "{}: of the random first weights in the {} directions that {} samples cannot see, {:.2g} is left after "
      "{} steps.",
      compared, features - train_samples, train_samples, kept, best->steps);
}

void save_plot(const Outcome& outcome, const std::string& path) {
  io::LinePlot plot({.title = fmt::format("{} weights, {} samples: the loss with and without weight decay",
                         features, train_samples),
      .x_label = "epoch",
      .y_label = "mean squared error",
      .y_scale = io::Scale::log});
  for (std::size_t i = 0; i < outcome.runs.size(); ++i) {
    const Run& run = outcome.runs[i];
    const std::string name = fmt::format("decay {:g}", run.weight_decay);
    plot.add({.name = name + ", train", .y = run.train_curve, .colour = static_cast<int>(i), .dashed = true});
    plot.add({.name = name + ", test", .y = run.test_curve, .colour = static_cast<int>(i)});
  }
  plot.save(path);
}

void save_json(const Outcome& outcome, const Settings& settings, const std::string& path) {
  using Json = nlohmann::ordered_json;
  Json json{{"device", to_string(settings.device)}, {"seed", settings.seed}, {"runs", Json::array()}};
  for (const Run& run : outcome.runs)
    json["runs"].push_back({{"weight_decay", run.weight_decay}, {"train_loss", run.train_curve.back()},
        {"test_loss", run.test_curve.back()}, {"weight_norm", run.weight_norm}, {"bias", run.bias},
        {"steps", run.steps}, {"seconds", run.seconds}, {"train_curve", run.train_curve},
        {"test_curve", run.test_curve}});
  if (const auto& verification = outcome.verification)
    json["verify"] = {{"steps", verification->steps},
        {"largest_difference", verification->largest_difference},
        {"largest_relative", verification->largest_relative}, {"tolerance", Verification::tolerance},
        {"bits", {{"compared", verification->compared}, {"different", verification->different}}},
        {"passed", verification->passed()}};
  io::write_file_atomically(path, json.dump(2) + "\n");
}
