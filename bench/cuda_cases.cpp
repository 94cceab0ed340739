#include "cuda_cases.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#if defined(TENON_BENCH_CUBLAS)
#include <cublas_v2.h>
#endif

using namespace tenon;

namespace bench {
namespace {

constexpr std::int64_t mi = 1 << 20;

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

/// False if the environment may make cuBLAS compute with less than float32 precision, which would not be
/// comparable.
bool is_float32() {
  static const bool it_is = [] {
    const bool overridden = std::getenv("NVIDIA_TF32_OVERRIDE") != nullptr;
    if (overridden) fmt::print(stderr, "bench_cuda_kernels: no cuBLAS, as NVIDIA_TF32_OVERRIDE is set\n");
    return !overridden;
  }();
  return it_is;
}

/// The same product by cuBLAS, on the default stream of the device as in tenon.
void add_cublas(Case& product, const Tensor& a, const Tensor& b, bool b_is_transposed) {
  if (!is_float32()) return;
  static const cublasHandle_t handle = [] {
    cublasHandle_t made = nullptr;
    check_cublas(cublasCreate(&made));
    void* const stream = Stream::current(Device::cuda()).native_handle();
    check_cublas(cublasSetStream(made, static_cast<cudaStream_t>(stream)));
    // Full float32: TF32 must be enabled explicitly. The pedantic mode would disable the fastest kernels.
    check_cublas(cublasSetMathMode(made, CUBLAS_DEFAULT_MATH));
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
      // cuBLAS is column-major, so it sees the transposed matrices.
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

/// NN: both are row-major. NT: the second is the transpose of a row-major matrix, like the weight of a layer.
Case product(const std::string& name, std::int64_t m, std::int64_t k, std::int64_t n, bool nt = false) {
  const Tensor a = randn({m, k}), b = nt ? randn({n, k}) : randn({k, n});
  const auto op = [nt](const Tensors& in) { return matmul(in[0], nt ? in[1].t() : in[1]); };
  Case made = function(name, {a, b}, 4.0 * static_cast<double>(m * k + k * n + m * n), op);
  made.flops = 2.0 * static_cast<double>(m * k * n);
  if (made.flops > 3e10) {  // would take seconds on the CPU; a row has the same bits in any batch
    const Tensor rows = arange(0, static_cast<double>(m), 8, {.dtype = DType::int64});
    made.checked = "every 8th row";
    made.expected = [=] { return Tensors{op({index_select(a, 0, rows), b})}; };
    made.part = [=](const Tensor& c) { return index_select(c, 0, rows.to(c.device())); };
  }
  add_cublas(made, a, b, nt);
  return made;
}

/// The backward pass of one operation for a given gradient.
Case gradient(const std::string& name, const Tensor& input, const Tensor& index, double bytes,
    const std::function<Tensor(const Tensor&, const Tensor&)>& op) {
  const Tensor upstream = randn(op(input, index).shape());
  const auto make = [=](Device device) -> Call {
    const Tensor x = input.to(device).detach().set_requires_grad();
    return [x, y = op(x, index.to(device)), g = upstream.to(device)] {
      return autograd::grad(y, {x}, {.grad_output = g, .retain_graph = true});
    };
  };
  return {name, make, bytes};
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

/// The work of the weight-decay experiment per batch.
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

}  // namespace

std::vector<std::function<Case()>> cuda_cases() {
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
      [=] {  // memory is read in sectors of 32 bytes, so each column of the source is
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
          [] { return product("matmul 4096 x 4096 x 8", 4096, 4096, 8); },
          [] { return product("matmul 8 x 4096 x 4096 NN", 8, 4096, 4096); },
          [] { return product("matmul 8 x 4096 x 4096 NT", 8, 4096, 4096, true); },
          [] { return product("matmul 64 x 8192 x 64", 64, 8192, 64); },
          [] { return squared_error(16 * mi); }, [] { return sgd("sgd with momentum 16 Mi", 1, 16 * mi); },
          [] { return sgd("sgd with momentum 100 x 10000", 100, 10000); },
          [] {
            const Tensor index = randint(0, 65536, {65536});
            return function("index_select 65536 rows of 256", {randn({65536, 256}), index},
                8.0 * 65536 * 256 + 8 * 65536,
                [](const Tensors& in) { return index_select(in[0], 0, in[1]); });
          },
          [] {
            return gradient("gradient of index_select 65536 rows of 256", randn({65536, 256}),
                randint(0, 65536, {65536}), 8.0 * 65536 * 256 + 8 * 65536,
                [](const Tensor& x, const Tensor& index) { return index_select(x, 0, index); });
          },
          [] {  // as in the cross-entropy loss of 1000 classes
            return gradient("gradient of gather 4096 of 4096 x 1000", randn({4096, 1000}),
                randint(0, 1000, {4096, 1}), 4.0 * 4096 * 1000 + 12 * 4096,
                [](const Tensor& x, const Tensor& index) { return gather(x, 1, index); });
          },
          [] { return normal_numbers(16 * mi); }, [] { return training_step(); }});
  return all;
}

}  // namespace bench
