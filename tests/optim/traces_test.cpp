// The optimizers against 200 steps of PyTorch's, in float64; tests/pytorch/optimizer_traces.py wrote them.
#include <cmath>
#include <fstream>
#include <memory>

#include <nlohmann/json.hpp>

#include <tenon/tenon.h>

#include "../support/catch.h"

using namespace tenon;

namespace {

using Json = nlohmann::json;

/// Replaces `value` by the option of this name, if the trace has it.
template <class T>
void take(const Json& options, const char* name, T& value) {
  if (options.contains(name)) value = options[name].get<T>();
}

template <class Options>
void take_common(const Json& from, Options& options) {
  take(from, "lr", options.lr);
  take(from, "eps", options.eps);
  take(from, "weight_decay", options.weight_decay);
  take(from, "maximize", options.maximize);
}

template <class Optimizer, class Options>
std::unique_ptr<optim::Optimizer> make_adam(const Json& from, const Tensor& param) {
  Options options;
  take_common(from, options);
  take(from, "amsgrad", options.amsgrad);
  take(from, "betas", options.betas);
  return std::make_unique<Optimizer>(std::vector{param}, options);
}

std::unique_ptr<optim::Optimizer> make(const std::string& kind, const Json& from, const Tensor& param) {
  if (kind == "Adam") return make_adam<optim::Adam, optim::AdamOptions>(from, param);
  if (kind == "AdamW") return make_adam<optim::AdamW, optim::AdamWOptions>(from, param);
  if (kind == "RMSprop") {
    optim::RMSpropOptions options;
    take_common(from, options);
    take(from, "alpha", options.alpha);
    take(from, "momentum", options.momentum);
    take(from, "centered", options.centered);
    return std::make_unique<optim::RMSprop>(std::vector{param}, options);
  }
  REQUIRE(kind == "Adagrad");
  optim::AdagradOptions options;
  take_common(from, options);
  take(from, "lr_decay", options.lr_decay);
  take(from, "initial_accumulator_value", options.initial_accumulator_value);
  return std::make_unique<optim::Adagrad>(std::vector{param}, options);
}

}  // namespace

TEST_CASE("traces: the optimizers go where PyTorch's go") {
  std::ifstream file(TENON_SOURCE_DIR "/tests/data/optimizer_traces.json");
  REQUIRE(file);
  const Json traces = Json::parse(file);
  REQUIRE(traces.size() == 11);
  for (const Json& trace : traces) {
    INFO(trace["kind"] << trace["options"].dump());
    const Tensor param = tensor({1, -2, 0.5}, {.dtype = DType::float64, .requires_grad = true});
    const auto optimizer = make(trace["kind"], trace["options"], param);
    std::size_t next = 0;
    for (std::int64_t step = 1; next < trace["steps"].size(); ++step) {
      param.set_grad(tensor({0.3, -0.1, 0.2}, {.dtype = DType::float64}) * (double(step % 7) - 2.5));
      optimizer->step();
      if (step != trace["steps"][next]) continue;
      INFO("step " << step);
      for (std::size_t i = 0; i < 3; ++i) {
        const double wanted = trace["parameter"][next][i];
        REQUIRE(std::abs(param.data<double>()[i] - wanted) <= 1e-12 * (1 + std::abs(wanted)));
      }
      ++next;
    }
  }
}
