// Weight decay on a model that can memorise its data: the experiment as a command-line program.
#include <fcntl.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <system_error>

#include <fmt/format.h>

#include <tenon/io/atomic_file.h>

#include "options.h"
#include "report.h"

namespace {

/// Exit statuses; invalid options differ from failed work.
constexpr int ok = 0, failed = 1, usage = 2;

// If standard streams are closed, the first files that the program opens would get their descriptors and
// receive their output. The substitutes opened here refuse writes, as a closed stream does.
void occupy_standard_streams() {
  for (const int descriptor : {0, 1, 2})
    if (::fcntl(descriptor, F_GETFD) < 0) {
      [[maybe_unused]] const int lowest = ::open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY);
    }
}

int complain(const std::string& text, int status) {
  std::fputs(fmt::format("weight_decay: {}\n", text).c_str(), stderr);
  return status;
}

int print(const std::string& text) {
  if (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0) return ok;
  return complain("cannot write to standard output: " + std::generic_category().message(errno), failed);
}

std::string report(const Outcome& outcome, const Settings& settings, const std::string& directory) {
  std::string text =
      fmt::format("\n{}\n{}\n", table(outcome, settings.penalty), conclusion(outcome, settings));
  if (const auto& verification = outcome.verification) {
    if (std::isfinite(verification->largest_relative))
      text += fmt::format(
          "The gradients of {} steps differ from the closed form by at most {:.2g}, or {:.2g} relative "
          "to the sum of the magnitudes.\n",
          verification->steps, verification->largest_difference, verification->largest_relative);
    if (verification->compared > 0)
      text +=
          fmt::format("Of {} tensors (losses, gradients and weights), {} differ in bits from the CPU's.\n",
              verification->compared, verification->different);
  }
  return text + fmt::format("Curves: tensorboard --logdir {}\n", directory);
}

int judge(const Verification& verification) {
  if (verification.different > 0)
    return complain(fmt::format("{} of {} tensors differ in bits from the CPU's", verification.different,
                        verification.compared),
        failed);
  if (verification.passed()) return ok;
  if (!std::isfinite(verification.largest_relative))
    return complain("a gradient is no longer finite, and the closed form cannot be compared with it", failed);
  return complain(
      fmt::format("a gradient is wrong; it differs from the closed form by {} relative to the sum of "
                  "the magnitudes, more than {}",
          verification.largest_relative, Verification::tolerance),
      failed);
}

// Writes everything that can be written, even if other output fails.
int run(const Arguments& arguments) {
  const Settings& settings = arguments.settings;
  Log log(arguments.logdir);
  try {
    for (const std::string* path : {&arguments.plot, &arguments.weights, &settings.explore, &arguments.json})
      if (!path->empty()) tenon::io::check_writable(*path);
  } catch (...) {
    log.discard();
    throw;
  }
  const Outcome outcome = run_experiment(settings, log);
  int status = ok;
  const auto attempt = [&status](const auto& work) {
    try {
      work();
    } catch (const std::exception& error) { status = complain(error.what(), failed); }
  };
  if (const std::string problem = log.close(); !problem.empty()) status = complain(problem, failed);
  if (!arguments.plot.empty()) attempt([&] { save_plot(outcome, settings.penalty, arguments.plot); });
  if (!arguments.weights.empty())
    attempt([&] { save_weights_plot(outcome, settings.penalty, arguments.weights); });
  if (!arguments.json.empty()) attempt([&] { save_json(outcome, settings, arguments.json); });
  if (!settings.quiet) status = std::max(status, print(report(outcome, settings, log.directory())));
  if (outcome.verification) status = std::max(status, judge(*outcome.verification));
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  occupy_standard_streams();
  Arguments arguments;
  try {
    if (const auto answer = parse(argc, argv, arguments)) return print(*answer);
  } catch (const std::exception& error) { return complain(error.what(), usage); }
  try {
    return run(arguments);
  } catch (const std::exception& error) { return complain(error.what(), failed); }
}
