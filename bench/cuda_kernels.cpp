// The CUDA kernels: every result is held to the bits of the CPU's, then timed beside what the card could do
// and, for matrix products, beside cuBLAS where it was found.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <memory>

#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tenon/core/cuda.h>
#include <tenon/io/atomic_file.h>
#include <tenon/tenon.h>

#include "timing.h"

#if defined(TENON_BENCH_CUBLAS)
#include <cublas_v2.h>
#endif

using namespace tenon;

namespace {

using Tensors = std::vector<Tensor>;
/// Enqueues the work once and returns what it computes.
using Call = std::function<Tensors()>;
using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr std::int64_t mi = 1 << 20;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void check_runtime(cudaError_t error) {
  check(error == cudaSuccess, "bench_cuda_kernels: {}", cudaGetErrorString(error));
}

// ---- the card

int attribute(cudaDeviceAttr which) {
  int value = 0;
  check_runtime(cudaDeviceGetAttribute(&value, which, 0));
  return value;
}

struct Card {
  std::string name;
  int major = attribute(cudaDevAttrComputeCapabilityMajor);
  int minor = attribute(cudaDevAttrComputeCapabilityMinor);
  int multiprocessors = attribute(cudaDevAttrMultiProcessorCount);
  double clock = 1e3 * attribute(cudaDevAttrClockRate);  // the highest; under load it is often less
  double l2_bytes = attribute(cudaDevAttrL2CacheSize);
  double copy_rate = 0;  // bytes a second, read and written, as measured

  Card() {
    cudaDeviceProp properties{};
    check_runtime(cudaGetDeviceProperties(&properties, 0));
    name = properties.name;
  }
  /// float32 operations a second at the highest clock, an fma being two.
  double peak() const {
    const bool half = major < 8 || (major == 8 && minor == 0);  // these have 64 lanes a multiprocessor
    return 2.0 * (half ? 64 : 128) * multiprocessors * clock;
  }
};

// ---- what is measured

struct Case {
  std::string name;
  std::function<Call(Device)> make;  // the call, over inputs of its own on that device
  double bytes = 0, flops = 0;       // the least that a call has to move through memory, and compute
  bool per_call = false;             // what counts is a call, host included; otherwise the device's time
  int checked_calls = 1;             // results are compared after so many
  std::string checked = "all";       // of the elements; for less than all:
  std::function<Tensors()> expected{};
  std::function<Tensor(const Tensor&)> part{};
  std::string peer{};
  std::function<Call()> make_peer{};
  double peer_tolerance = 0;
};

Tensors on(Device device, const Tensors& tensors) {
  Tensors there;
  for (const Tensor& tensor : tensors) there.push_back(tensor.to(device));
  return there;
}

Case function(
    const std::string& name, const Tensors& inputs, double bytes, std::function<Tensor(const Tensors&)> op) {
  return {name,
      [inputs, op](
          Device device) -> Call { return [there = on(device, inputs), op] { return Tensors{op(there)}; }; },
      bytes};
}

#if defined(TENON_BENCH_CUBLAS)
void check_cublas(cublasStatus_t status) {
  check(status == CUBLAS_STATUS_SUCCESS, "bench_cuda_kernels: {}", cublasGetStatusString(status));
}

/// The same product, on the default stream of the device, as tenon's is.
void add_cublas(Case& product, const Tensor& a, const Tensor& b, bool b_is_transposed) {
  static const cublasHandle_t handle = [] {
    cublasHandle_t made = nullptr;
    check_cublas(cublasCreate(&made));
    check_cublas(cublasSetMathMode(made, CUBLAS_PEDANTIC_MATH));  // float32 throughout
    return made;
  }();
  const auto m = static_cast<int>(a.size(0)), k = static_cast<int>(a.size(1));
  const auto n = static_cast<int>(b.size(b_is_transposed ? 0 : 1));
  product.peer = n == 1 ? "cublasSgemv" : "cublasSgemm";
  product.peer_tolerance = 1e-6 * k;
  product.make_peer = [=]() -> Call {
    const Tensors in = on(Device::cuda(), {a, b});
    const Tensor out = empty({m, n}, {.device = Device::cuda()});
    return [=] {
      // Its matrices are column-major: what it sees are the transposed ones.
      const float one = 1, zero = 0, *const left = in[0].ptr<float>(), *const right = in[1].ptr<float>();
      check_cublas(
          n == 1 ? cublasSgemv(handle, CUBLAS_OP_T, k, m, &one, left, k, right, 1, &zero, out.ptr<float>(), 1)
                 : cublasSgemm(handle, b_is_transposed ? CUBLAS_OP_T : CUBLAS_OP_N, CUBLAS_OP_N, n, m, k,
                       &one, right, b_is_transposed ? k : n, left, k, &zero, out.ptr<float>(), n));
      return Tensors{out};
    };
  };
}
#else
void add_cublas(Case&, const Tensor&, const Tensor&, bool) {}
#endif

/// NN: both row-major. NT: the second is the transpose of a row-major matrix, as a layer's weight is.
Case product(const std::string& name, std::int64_t m, std::int64_t k, std::int64_t n, bool nt = false) {
  const Tensor a = randn({m, k}), b = nt ? randn({n, k}) : randn({k, n});
  const auto op = [nt](const Tensors& in) { return matmul(in[0], nt ? in[1].t() : in[1]); };
  Case made = function(name, {a, b}, 4.0 * static_cast<double>(m * k + k * n + m * n), op);
  made.flops = 2.0 * static_cast<double>(m * k * n);
  if (made.flops > 3e10) {  // the CPU would take seconds; and a row has the same bits in any batch
    const Tensor rows = arange(0, static_cast<double>(m), 8, {.dtype = DType::int64});
    made.checked = "every 8th row";
    made.expected = [=] { return Tensors{op({index_select(a, 0, rows), b})}; };
    made.part = [=](const Tensor& c) { return index_select(c, 0, rows.to(c.device())); };
  }
  add_cublas(made, a, b, nt);
  return made;
}

Case squared_error(std::int64_t n) {
  const Tensor a = randn({n}), b = randn({n});
  const auto make = [=](Device device) -> Call {
    const Tensor x = a.to(device).detach().set_requires_grad(), y = b.to(device);
    return [=] {
      x.zero_grad();
      const Tensor loss = mse_loss(x, y);
      loss.backward();
      return Tensors{loss.detach(), x.grad()};
    };
  };
  return {"mse forward and backward 16 Mi", make, 12.0 * static_cast<double>(n)};
}

Case sgd(const std::string& name, std::int64_t count, std::int64_t n) {
  Tensors first, gradients;
  for (std::int64_t i = 0; i < count; ++i) {
    first.push_back(randn({n}));
    gradients.push_back(randn({n}));
  }
  const auto make = [=](Device device) -> Call {
    Tensors params;
    for (std::size_t i = 0; i < first.size(); ++i) {
      params.push_back(first[i].to(device).clone().set_requires_grad());
      params.back().set_grad(gradients[i].to(device));
    }
    const auto optimizer = std::make_shared<optim::SGD>(
        params, optim::SGDOptions{.lr = 1e-4, .momentum = 0.9, .weight_decay = 0.01});
    return [=] {
      optimizer->step();
      return params;
    };
  };
  Case made{name, make, 20.0 * static_cast<double>(count * n)};
  made.checked_calls = 3;
  return made;
}

Case normal_numbers(std::int64_t n) {
  const auto make = [n](Device device) -> Call {
    const auto generator = std::make_shared<Generator>(1);
    return [=] { return Tensors{randn({n}, *generator, {.device = device})}; };
  };
  return {"randn 16 Mi", make, 4.0 * static_cast<double>(n)};
}

/// What the weight-decay experiment does for each batch.
Case training_step() {
  const Tensor samples = randn({5, 200}), targets = randn({5, 1}), start = randn({1, 200});
  const auto make = [=](Device device) -> Call {
    struct State {
      Tensor x, y;
      nn::Linear net;
      optim::SGD optimizer;
    };
    nn::Linear net(200, 1, {.device = device});
    {
      const NoGradGuard no_grad;
      net.weight.copy_(start.to(device));
      net.bias.zero_();
    }
    optim::SGD optimizer({{.params = {net.weight}, .weight_decay = 3}, {.params = {net.bias}}},
        {.lr = 0.003, .momentum = 0.9});
    const auto state = std::make_shared<State>(
        State{samples.to(device), targets.to(device), std::move(net), std::move(optimizer)});
    return [state] {
      const Tensor loss = mse_loss(state->net(state->x), state->y);
      state->optimizer.zero_grad();
      loss.backward();
      state->optimizer.step();
      return Tensors{loss.detach(), state->net.weight, state->net.bias};
    };
  };
  Case made{"training step 200 -> 1, batch 5", make};
  made.per_call = true;
  made.checked_calls = 20;
  return made;
}

/// Makers, so that the inputs of one case at a time are in memory.
std::vector<std::function<Case()>> cases() {
  const auto add = [](const Tensors& in) { return in[0] + in[1]; };
  const auto whole = [](const Tensors& in) { return in[0].sum(); };
  constexpr double n = 16 * mi, side = 4096;
  std::vector<std::function<Case()>> all{
      [=] {
        return function("add 16 Mi", {randn({16 * mi}), randn({16 * mi})}, 12 * n, add);
      },
      [=] {
        return function("add 1 Mi", {randn({mi}), randn({mi})}, 12.0 * mi, add);
      },
      [=] {
        return function("exp 16 Mi", {randn({16 * mi})}, 8 * n, [](const Tensors& in) { return exp(in[0]); });
      },
      [=] {
        return function("transpose 4096 x 4096", {randn({4096, 4096})}, 8 * side * side,
            [](const Tensors& in) { return in[0].t().contiguous(); });
      },
      [=] {  // memory is read in sectors of 32 bytes, so every column of the source is
        return function("every other column to 4096 x 4096", {randn({4096, 8192})}, 12 * side * side,
            [](const Tensors& in) { return slice(in[0], 1, {.step = 2}).contiguous(); });
      },
      [=] { return function("sum 16 Mi", {randn({16 * mi})}, 4 * n, whole); },
      [=] {
        return function("sum of each row, 4096 x 4096", {randn({4096, 4096})}, 4 * side * (side + 1),
            [](const Tensors& in) { return in[0].sum({1}); });
      },
      [=] {
        return function("sum of each column, 4096 x 4096", {randn({4096, 4096})}, 4 * side * (side + 1),
            [](const Tensors& in) { return in[0].sum({0}); });
      }};
  for (const bool nt : {false, true})
    for (const std::int64_t size : {128, 512, 1024, 2048, 4096})
      all.push_back(
          [=] { return product(fmt::format("matmul {} {}", size, nt ? "NT" : "NN"), size, size, size, nt); });
  all.insert(all.end(),
      {[] { return product("matmul 4096 x 4096 x 1", 4096, 4096, 1); },
          [] { return product("matmul 5 x 200 x 1", 5, 200, 1); },
          [] { return product("matmul 64 x 8192 x 64", 64, 8192, 64); },
          [] { return squared_error(16 * mi); }, [] { return sgd("sgd with momentum 16 Mi", 1, 16 * mi); },
          [] { return sgd("sgd with momentum 100 x 10000", 100, 10000); },
          [] {
            const Tensor index = randint(0, 65536, {65536});
            return function("index_select 65536 rows of 256", {randn({65536, 256}), index},
                8.0 * 65536 * 256 + 8 * 65536,
                [](const Tensors& in) { return index_select(in[0], 0, in[1]); });
          },
          [] { return normal_numbers(16 * mi); }, [] { return training_step(); }});
  return all;
}

// ---- checking

bool same_bits(const Tensor& found, const Tensor& expected) {
  const Tensor here = found.detach().to(Device::cpu()).contiguous(), there = expected.detach().contiguous();
  return here.shape() == there.shape() &&
         std::memcmp(here.raw(), there.raw(), sizeof(float) * static_cast<std::size_t>(here.numel())) == 0;
}

Tensors after(const Call& call, int calls) {
  for (int i = 1; i < calls; ++i) call();
  return call();
}

/// Throws if a result is not the CPU's.
void verify(const Case& one, const Call& call, const Call& peer) {
  const Tensors expected = one.expected ? one.expected() : after(one.make(Device::cpu()), one.checked_calls);
  const auto part = [&](const Tensor& found) { return one.part ? one.part(found) : found; };
  const Tensors found = after(call, one.checked_calls);
  for (std::size_t i = 0; i < expected.size(); ++i)
    check(
        same_bits(part(found[i]), expected[i]), "{}: result {} has other bits than on the CPU", one.name, i);
  if (peer)
    check(allclose(part(peer()[0]).to(Device::cpu()), expected[0], 1e-4, one.peer_tolerance),
        "{}: {} is wrong", one.name, one.peer);
}

// ---- timing

struct Spread {
  double median = 0, low = 0, high = 0;
};
Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values.front(), values.back()};
}

/// Calls in turn over several sets of inputs, so that none of them is found in the L2 cache.
struct Rotation {
  std::vector<Call> calls;
  std::vector<Tensors> results = std::vector<Tensors>(calls.size());
  std::size_t next = 0;

  void operator()() {
    results[next] = calls[next]();
    next = (next + 1) % calls.size();
  }
};

struct Timed {
  Spread device;  // of one among calls that wait in line for the device
  Spread call;    // of one among calls that are made and waited for, host included
  double ratio;   // of device times to those of the first, the median over the rounds
};

class Stopwatch {
 public:
  Stopwatch()
      : from_(randn({size / 4}, {.device = Device::cuda()})), to_(empty({size / 4}, from_.options())) {
    Rotation rotation{{[this] {
      copy();
      return Tensors();
    }}};
    copy_seconds_ = 1e-3;  // a guess; what waits in line behind it is a copy as well
    copy_seconds_ = time({&rotation})[0].device.median;
  }

  double copy_rate() const { return 2.0 * size / copy_seconds_; }

  /// Rounds in which all contenders take turns.
  std::vector<Timed> time(const std::vector<Rotation*>& contenders) const {
    const Stream stream = Stream::current(Device::cuda());
    struct Plan {
      int calls, copies;
      std::vector<double> device{}, call{};
    };
    std::vector<Plan> plans;
    for (Rotation* const run : contenders) {
      for (std::size_t i = 0; i < std::max<std::size_t>(3, run->calls.size()); ++i) (*run)();
      stream.synchronize();
      constexpr int tries = 10;
      const auto start = Clock::now();
      for (int i = 0; i < tries; ++i) (*run)();
      const double host = seconds_since(start) / tries;
      stream.synchronize();
      const double each = seconds_since(start) / tries;
      const int calls = static_cast<int>(std::clamp(1e-3 / each, 1.0, 100.0));
      // Long enough a copy in front lets the host get all calls in line before the first begins.
      const double copies = 1 + std::ceil(1.5 * host * calls / copy_seconds_);
      plans.push_back({calls, static_cast<int>(std::min(copies, 16.0))});
    }
    cuda::Event begin, end;
    for (int round = 0; round < rounds; ++round)
      for (std::size_t i = 0; i < contenders.size(); ++i) {
        Rotation& run = *contenders[i];
        Plan& plan = plans[i];
        for (int c = 0; c < plan.copies; ++c) copy();
        begin.record(stream);
        for (int c = 0; c < plan.calls; ++c) run();
        end.record(stream);
        stream.synchronize();
        plan.device.push_back(1e-3 * cuda::Event::elapsed_ms(begin, end) / plan.calls);
        const auto start = Clock::now();
        for (int c = 0; c < plan.calls; ++c) run();
        stream.synchronize();
        plan.call.push_back(seconds_since(start) / plan.calls);
      }
    std::vector<Timed> timed;
    for (const Plan& plan : plans) {
      std::vector<double> ratios;
      for (std::size_t r = 0; r < plan.device.size(); ++r)
        ratios.push_back(plan.device[r] / plans[0].device[r]);
      timed.push_back({spread_of(plan.device), spread_of(plan.call), spread_of(ratios).median});
    }
    return timed;
  }

 private:
  static constexpr std::int64_t size = 1 << 30;
  static constexpr int rounds = 21;

  void copy() const {
    check_runtime(cudaMemcpyAsync(to_.raw(), from_.raw(), size, cudaMemcpyDeviceToDevice, nullptr));
  }

  Tensor from_, to_;
  double copy_seconds_ = 0;
};

// ---- the report

Json json_of(const Spread& spread) {
  return {{"median", spread.median}, {"min", spread.low}, {"max", spread.high}};
}

std::string text_of(const Spread& spread) {
  return fmt::format("{} [{}, {}]", bench::seconds_text(spread.median), bench::seconds_text(spread.low),
      bench::seconds_text(spread.high));
}

/// Checks and times one case; a line of the table, and the same as JSON.
Json measure(const Case& one, const Card& card, const Stopwatch& stopwatch) {
  const double sets = std::clamp(std::ceil(2 * card.l2_bytes / std::max(one.bytes, 1.0)), 1.0, 32.0);
  Rotation own{{one.make(Device::cuda())}}, peer{{}};
  if (one.make_peer) peer = Rotation{{one.make_peer()}};
  verify(one, own.calls[0], one.make_peer ? peer.calls[0] : Call());
  for (int i = 1; i < (one.bytes > 0 ? static_cast<int>(sets) : 1); ++i) {
    own.calls.push_back(one.make(Device::cuda()));
    if (one.make_peer) peer.calls.push_back(one.make_peer());
  }
  own.results.resize(own.calls.size());
  peer.results.resize(peer.calls.size());
  std::vector<Rotation*> contenders{&own};
  if (one.make_peer) contenders.push_back(&peer);
  const std::vector<Timed> timed = stopwatch.time(contenders);

  const double seconds = timed[0].device.median;
  const double moving = one.bytes / card.copy_rate, computing = one.flops / card.peak();
  Json json{{"name", one.name}, {"passed", true}, {"checked", one.checked}, {"sets", own.calls.size()},
      {"counts", one.per_call ? "call" : "device"}, {"device_seconds", json_of(timed[0].device)},
      {"call_seconds", json_of(timed[0].call)}};
  std::string rate, share, beside;
  if (one.bytes > 0) {
    const bool arithmetic = computing > moving;
    rate = arithmetic ? fmt::format("{:.2f} TFLOP/s", one.flops / seconds * 1e-12)
                      : fmt::format("{:.0f} GB/s", one.bytes / seconds * 1e-9);
    share = fmt::format("{:.0f}%", 100 * std::max(moving, computing) / seconds);
    json.update({{"bytes", one.bytes}, {"flops", one.flops}, {"floor", arithmetic ? "arithmetic" : "memory"},
        {"floor_seconds", std::max(moving, computing)},
        {"share_of_floor", std::max(moving, computing) / seconds}, {"rate", rate}});
  }
  json["peers"] = Json::array();
  if (one.make_peer) {
    json["peers"].push_back({{"name", one.peer}, {"device_seconds", json_of(timed[1].device)},
        {"call_seconds", json_of(timed[1].call)}, {"ratio", timed[1].ratio}});
    beside = fmt::format("{}, {:.2f}", bench::seconds_text(timed[1].device.median), timed[1].ratio);
  }
  fmt::print("| {} | {} | {} | {} | {} | {} |\n", one.name, text_of(timed[0].device),
      bench::seconds_text(timed[0].call.median), rate, share, beside);
  std::fflush(stdout);
  return json;
}

Json json_of(const Card& card) {
  int driver = 0, runtime = 0;
  check_runtime(cudaDriverGetVersion(&driver));
  check_runtime(cudaRuntimeGetVersion(&runtime));
  return {{"name", card.name}, {"compute_capability", fmt::format("{}.{}", card.major, card.minor)},
      {"multiprocessors", card.multiprocessors}, {"clock_mhz", card.clock * 1e-6},
      {"l2_bytes", card.l2_bytes}, {"cuda_of_driver", driver}, {"cuda_of_runtime", runtime},
      {"copy_bytes_per_second", card.copy_rate}, {"fp32_flops_per_second", card.peak()}};
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options = bench::parse(argc, argv,
      "Checks the CUDA kernels against the CPU and times them, beside cuBLAS where it was found.", {"cuda"},
      num_threads());
  if (!cuda::is_available()) {
    fmt::print("bench_cuda_kernels: there is no CUDA device\n");
    return 77;
  }
  try {
    set_num_threads(options.threads);
    manual_seed(0);
    Card card;
    const Stopwatch stopwatch;
    card.copy_rate = stopwatch.copy_rate();
    fmt::print(
        "{}: copies at {:.0f} GB/s (read and written, measured), float32 at {:.1f} TFLOP/s ({} "
        "multiprocessors at {:.0f} MHz, the most)\n\n",
        card.name, card.copy_rate * 1e-9, card.peak() * 1e-12, card.multiprocessors, card.clock * 1e-6);
    fmt::print(
        "| Case | device time [min, max] | call | rate | of the floor | cuBLAS, its time / ours |\n"
        "| --- | --- | --- | --- | --- | --- |\n");
    Json json{{"card", json_of(card)}, {"cases", Json::array()}};
    int failed = 0;
    for (const auto& make : cases()) {
      std::string name = "a case";
      try {
        const Case one = make();
        name = one.name;
        json["cases"].push_back(measure(one, card, stopwatch));
      } catch (const std::exception& error) {
        ++failed;
        fmt::print("| {} | **failed** | {} | | | |\n", name, error.what());
        json["cases"].push_back({{"name", name}, {"passed", false}, {"error", error.what()}});
      }
    }
    json["failed"] = failed;
    if (!options.json.empty()) io::write_file_atomically(options.json, json.dump(2) + "\n");
    fmt::print("\n{} of {} cases failed\n", failed, json["cases"].size());
    return failed ? 1 : 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_cuda_kernels: {}\n", error.what());
    return 1;
  }
}
