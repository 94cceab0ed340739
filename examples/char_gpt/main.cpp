// Trains a small transformer on text, one character at a time, and lets it write.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "model.h"
#include "text.h"

using namespace tenon;

namespace {

struct Settings {
  std::vector<std::string> texts;
  Size size;
  std::int64_t steps = 2000, batch_size = 24, write = 400, seed = 0;
  double lr = 3e-3;
  std::string device = "auto", logdir, save;
  bool quiet = false;
};

std::string parse(int argc, char** argv, Settings& settings) {
  CLI::App app("Trains a small transformer on text and lets it write.", "char_gpt");
  const CLI::Range count(1, 1'000'000);
  app.add_option("texts", settings.texts, "files to learn from (default: tenon's own documents)");
  app.add_option("--steps", settings.steps, "training steps")->check(count)->capture_default_str();
  app.add_option("--batch-size", settings.batch_size, "pieces of text per step")
      ->check(count)
      ->capture_default_str();
  app.add_option("--context", settings.size.context, "characters per piece")
      ->check(count)
      ->capture_default_str();
  app.add_option("--channels", settings.size.channels, "a multiple of --heads")
      ->check(count)
      ->capture_default_str();
  app.add_option("--heads", settings.size.heads, "heads of each attention")
      ->check(count)
      ->capture_default_str();
  app.add_option("--layers", settings.size.layers, "blocks")->check(count)->capture_default_str();
  app.add_option("--dropout", settings.size.dropout)->check(CLI::Range(0., 1.))->capture_default_str();
  app.add_option("--lr", settings.lr, "largest learning rate")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--write", settings.write, "characters to write at the end")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  app.add_option("--seed", settings.seed)->check(CLI::NonNegativeNumber)->capture_default_str();
  app.add_option("--device", settings.device, "auto is cuda if available")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  app.add_option("--logdir", settings.logdir, "where TensorBoard's event files go; none without it");
  app.add_option("--save", settings.save, "write the weights into this safetensors file");
  app.add_flag("--quiet", settings.quiet, "no progress bar");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success&) { return app.help(); }
  if (settings.size.channels % settings.size.heads != 0)
    throw CLI::ValidationError("--channels", "it must be a multiple of --heads");
  if (settings.texts.empty())
    for (const char* name : {"design", "autograd", "kernels", "numerics", "modules", "adding_an_op"})
      settings.texts.push_back(fmt::format("{}/docs/{}.md", TENON_SOURCE_DIR, name));
  return {};
}

Device choose_device(const std::string& name) {
  if (name == "auto") return cuda::is_available() ? kCUDA : kCPU;
  check_available("--device", name);
  return name;
}

/// The mean cross entropy of the next character in nats.
Tensor loss_of(Gpt& model, const Batch& batch) {
  const Tensor logits = model(batch.x);  // [B, T, V]
  return cross_entropy(logits.flatten(0, 1), batch.y.flatten());
}

/// The mean loss of some pieces of the text, without dropout.
double evaluate(Gpt& model, const Tensor& text, const Settings& settings) {
  const NoGradGuard no_grad;
  Generator generator(1);  // the same pieces each time
  constexpr int batches = 8;
  Tensor sum = zeros({}, {.device = text.device()});
  model.eval();
  for (int i = 0; i < batches; ++i)
    sum += loss_of(model, random_batch(text, settings.batch_size, settings.size.context, generator));
  model.train();
  return sum.item() / batches;
}

void train(Gpt& model, const Tensor& text, const Tensor& held_back, const Settings& settings) {
  const auto groups = optim::group_by<optim::AdamParamGroup>(
      model.named_parameters(), {{optim::is_bias_or_norm, {.weight_decay = 0}}});
  optim::AdamW optimizer(groups, {.lr = settings.lr, .weight_decay = 0.1});
  optim::OneCycleLR schedule(
      optimizer, settings.lr, settings.steps, {.pct_start = 0.05, .cycle_momentum = false});
  std::optional<io::SummaryWriter> log;
  if (!settings.logdir.empty()) log.emplace(settings.logdir);
  Generator generator(static_cast<std::uint64_t>(settings.seed));
  io::Track bar = io::track(settings.steps, "char_gpt", {.enabled = !settings.quiet});
  for (const std::int64_t step : bar) {
    const Tensor loss =
        loss_of(model, random_batch(text, settings.batch_size, settings.size.context, generator));
    optimizer.zero_grad();
    loss.backward();
    nn::utils::clip_grad_norm_(model.parameters(), 1);
    optimizer.step();
    schedule.step();
    if (log) log->add_scalar("loss/training", loss, step);
    if (step % 200 != 199 && step + 1 != settings.steps) continue;
    const double found = evaluate(model, held_back, settings);
    if (log) log->add_scalar("loss/held back", found, step);
    bar.print(fmt::format("step {:5}: loss {:.3f}, held back {:.3f}", step + 1, loss.item(), found));
  }
}

/// Text that follows `start`, one character after the other.
std::string write(Gpt& model, const Vocabulary& vocabulary, const std::string& start,
    const Settings& settings, Device device) {
  const NoGradGuard no_grad;
  Generator generator(static_cast<std::uint64_t>(settings.seed));
  std::string text = start;
  model.eval();
  for (std::int64_t i = 0; i < settings.write; ++i) {
    const std::size_t seen = std::min(text.size(), static_cast<std::size_t>(settings.size.context));
    const Tensor x = vocabulary.encode(text.substr(text.size() - seen)).unsqueeze(0).to(device);
    const Tensor next = multinomial(model(x)[0][-1].softmax(0), 1, true, generator);
    text += vocabulary.decode(next.item<std::int64_t>());
  }
  return text.substr(start.size());
}

int run(const Settings& settings) {
  const Device device = choose_device(settings.device);
  const std::string text = read_texts(settings.texts);
  const Vocabulary vocabulary(text);
  const Tensor all = vocabulary.encode(text).to(device);
  const std::int64_t kept = all.numel() / 10;
  check(kept > settings.size.context, "char_gpt: the text has {} characters; --context {} needs more than {}",
      all.numel(), settings.size.context, 10 * settings.size.context);
  manual_seed(static_cast<std::uint64_t>(settings.seed));
  Gpt model(vocabulary.size(), settings.size);
  model.to(device);
  fmt::print(
      "{} characters, {} different; {} parameters\n", all.numel(), vocabulary.size(), model.num_parameters());
  std::fflush(stdout);
  train(model, all.narrow(0, 0, all.numel() - kept), all.narrow(0, all.numel() - kept, kept), settings);
  if (!settings.save.empty()) model.save(settings.save);
  if (settings.write > 0) fmt::print("\n{}\n", write(model, vocabulary, "\n", settings, device));
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
    fmt::print(stderr, "char_gpt: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "char_gpt: {}\n", error.what());
    return 1;
  }
}
