#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report.h"

namespace {

using Runs = std::vector<const Run*>;

std::string rounded(double loss) { return fmt::format("{:.3g}", loss); }

/// `0`, `0 and 3`, `0, 1 and 3`
template <class Text>
std::string listed(const Runs& runs, Text text) {
  std::string all;
  for (std::size_t i = 0; i < runs.size(); ++i)
    all += (i == 0 ? "" : i + 1 == runs.size() ? " and " : ", ") + text(*runs[i]);
  return all;
}

/// What comes before the number in the middle of a sentence.
const char* phrase(const Settings& settings) {
  return settings.penalty == Penalty::l1 ? "an L1 penalty of" : "weight decay";
}

std::string decays_of(const Runs& runs) {
  return listed(runs, [](const Run& run) { return fmt::format("{}", run.weight_decay); });
}

/// In directions without a gradient, a step only scales the weights. Empty if that does not apply, or if the
/// weights hardly shrank.
std::string explanation(const Run& run, const Settings& settings) {
  if (settings.optimizer != Optimizer::sgd || settings.penalty != Penalty::l2) return "";
  const double factor = 1 - settings.lr * run.weight_decay;
  const double left = std::pow(factor, static_cast<double>(run.steps));
  if (settings.momentum != 0 || factor < 0 || left > 0.99) return "";
  constexpr double least = 1e-6;  // below it, float32 does not follow the formula
  return fmt::format(
      ": of the random initial weights in the {} directions that {} samples do not span, {} is left after {} "
      "step{}",
      features - train_samples, train_samples,
      left < least ? fmt::format("less than {:g}", least) : fmt::format("{:.2g}", left), run.steps,
      run.steps == 1 ? "" : "s");
}

std::string compare(const Runs& runs, const Settings& settings, bool only_run) {
  const auto [best_at, worst_at] = std::minmax_element(
      runs.begin(), runs.end(), [](const Run* a, const Run* b) { return a->test_loss() < b->test_loss(); });
  const Run &best = **best_at, &worst = **worst_at;
  const char* const subject = settings.penalty == Penalty::l1 ? "An L1 penalty of" : "Weight decay";
  if (runs.size() == 1)
    return fmt::format("{} loss is {} on the {} training samples and {} on new ones.",
        only_run ? "The" : fmt::format("With {} {} the", phrase(settings), best.weight_decay),
        rounded(best.train_loss()), train_samples, rounded(best.test_loss()));
  if (rounded(best.test_loss()) == rounded(worst.test_loss()))
    return fmt::format(
        "The test loss is {} with {} {}.", rounded(best.test_loss()), phrase(settings), decays_of(runs));
  if (best.weight_decay < worst.weight_decay)
    return fmt::format("{} {} raises the test loss from {} (with {}) to {}.", subject, worst.weight_decay,
        rounded(best.test_loss()), best.weight_decay, rounded(worst.test_loss()));
  return fmt::format("{} {} brings the test loss from {} (with {}) to {}{}.", subject, best.weight_decay,
      rounded(worst.test_loss()), worst.weight_decay, rounded(best.test_loss()), explanation(best, settings));
}

/// How to prevent divergence. SGD with momentum m is stable along a direction of curvature c while lr * c is
/// below 2 * (1 + m); weight decay adds to every curvature.
std::string remedy(const Runs& diverged, const Runs& others, const Settings& settings) {
  if (settings.momentum >= 1) return "The steps do not decay unless --momentum is below 1.";
  const auto least = [](const Runs& runs) {
    double decay = INFINITY;
    for (const Run* run : runs) decay = std::min(decay, run->weight_decay);
    return decay;
  };
  const double decay = least(diverged), limit = 2 * (1 + settings.momentum);
  if (settings.optimizer == Optimizer::sgd && settings.penalty == Penalty::l2 && settings.lr * decay > limit)
    return fmt::format(
        "The decay alone makes the weights grow if --lr times it is above {:g}; with {} it is {:g}.", limit,
        decay, settings.lr * decay);
  return fmt::format("A smaller --lr{} keeps it stable.", least(others) >= decay ? ""
                                                          : settings.penalty == Penalty::l1
                                                              ? " or penalty"
                                                              : " or weight decay");
}

}  // namespace

std::string conclusion(const Outcome& outcome, const Settings& settings) {
  Runs diverged, others;
  for (const Run& run : outcome.runs) (run.diverged() ? diverged : others).push_back(&run);
  std::string text;
  if (!others.empty()) text = compare(others, settings, outcome.runs.size() == 1);
  if (diverged.empty()) return text;
  if (!text.empty()) text += '\n';
  return text + fmt::format("With {} {} the training diverged: the train loss went from {} to {}. {}",
                    phrase(settings), decays_of(diverged), rounded(diverged[0]->first_train_loss),
                    listed(diverged, [](const Run& run) { return rounded(run.train_loss()); }),
                    remedy(diverged, others, settings));
}
