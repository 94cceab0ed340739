#include "report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tenon/io/atomic_file.h>

using namespace tenon;

namespace {

std::string duration(double seconds) {
  return seconds < 1 ? fmt::format("{:.2f} ms", 1e3 * seconds) : fmt::format("{:.2f} s", seconds);
}

const char* short_name(Penalty penalty) { return penalty == Penalty::l1 ? "L1" : "decay"; }

// A loss that is not finite has overflowed.
double height(double loss) { return std::isfinite(loss) ? loss : INFINITY; }

}  // namespace

const char* name_of(Penalty penalty) { return penalty == Penalty::l1 ? "L1 penalty" : "weight decay"; }

std::string table(const Outcome& outcome, Penalty penalty) {
  std::size_t width = 12;
  for (const Run& run : outcome.runs) width = std::max(width, fmt::formatted_size("{}", run.weight_decay));
  std::string text = fmt::format("{:>{}}  {:>11}  {:>11}  {:>11}  {:>10}  {:>9}  {:>9}\n", name_of(penalty),
      width, "train loss", "test loss", "weight norm", fmt::format("|w| < {}", true_weight), "bias", "time");
  for (const Run& run : outcome.runs)
    text += fmt::format("{:>{}}  {:>11.4g}  {:>11.4g}  {:>11.4g}  {:>10}  {:>9.4f}  {:>9}\n",
        run.weight_decay, width, run.train_loss(), run.test_loss(), run.weight_norm, run.small_weights(),
        run.bias, duration(run.seconds));
  return text;
}

void save_plot(const Outcome& outcome, Penalty penalty, const std::string& path) {
  // A diverged run may leave the plot at the height that the other runs need.
  double highest = 0;
  bool diverged = false;
  for (const Run& run : outcome.runs) {
    diverged = diverged || run.diverged();
    highest = std::max({highest, run.first_train_loss, run.first_test_loss});
    if (run.diverged()) continue;
    for (const auto* curve : {&run.train_curve, &run.test_curve})
      highest = std::max(highest, *std::max_element(curve->begin(), curve->end()));
  }
  const auto names = static_cast<int>(2 * std::min<std::size_t>(outcome.runs.size(), 200));
  io::LinePlot plot({.title = fmt::format("{} weights, {} samples: the loss with and without {}", features,
                         train_samples, penalty == Penalty::l1 ? "an L1 penalty" : "weight decay"),
      .x_label = "epoch",
      .y_label = "mean squared error",
      .y_scale = io::Scale::log,
      .y_max = diverged ? std::optional(10 * highest) : std::nullopt,
      .height = std::max(450, 132 + 20 * names)});
  for (std::size_t i = 0; i < outcome.runs.size(); ++i) {
    const Run& run = outcome.runs[i];
    const auto add = [&](const char* what, double first, const std::vector<double>& curve, bool dashed) {
      std::vector<double> y{first};
      std::transform(curve.begin(), curve.end(), std::back_inserter(y), height);
      plot.add({.name = fmt::format("{} {}, {}{}", short_name(penalty), run.weight_decay, what,
                    run.diverged() ? " (diverged)" : ""),
          .y = std::move(y),
          .colour = static_cast<int>(i),
          .dashed = dashed});
    };
    add("train", run.first_train_loss, run.train_curve, true);
    add("test", run.first_test_loss, run.test_curve, false);
  }
  plot.save(path);
}

void save_weights_plot(const Outcome& outcome, Penalty penalty, const std::string& path) {
  io::LinePlot plot({.title = fmt::format("The {} weights by magnitude", features),
      .x_label = "weights",
      .y_label = "magnitude"});
  for (std::size_t i = 0; i < outcome.runs.size(); ++i) {
    const Run& run = outcome.runs[i];
    if (run.diverged()) continue;
    plot.add({.name = fmt::format("{} {}", short_name(penalty), run.weight_decay),
        .y = run.magnitudes,
        .colour = static_cast<int>(i)});
  }
  plot.save(path);
}

void save_json(const Outcome& outcome, const Settings& settings, const std::string& path) {
  using Json = nlohmann::ordered_json;
  Json json{{"device", to_string(settings.device)}, {"seed", settings.seed}, {"runs", Json::array()}};
  for (const Run& run : outcome.runs)
    json["runs"].push_back({{"weight_decay", run.weight_decay}, {"train_loss", run.train_loss()},
        {"test_loss", run.test_loss()}, {"weight_norm", run.weight_norm},
        {"small_weights", run.small_weights()}, {"bias", run.bias}, {"steps", run.steps},
        {"seconds", run.seconds}, {"train_curve", run.train_curve}, {"test_curve", run.test_curve}});
  if (const auto& verification = outcome.verification)
    json["verify"] = {{"steps", verification->steps},
        {"largest_difference", verification->largest_difference},
        {"largest_relative", verification->largest_relative}, {"tolerance", Verification::tolerance},
        {"bits", {{"compared", verification->compared}, {"different", verification->different}}},
        {"passed", verification->passed()}};
  io::write_file_atomically(path, json.dump(2) + "\n");
}
