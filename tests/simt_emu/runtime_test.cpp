// Tests that need an emulated device: failures on demand, counts of launches, a machine without a driver.
#include <simt_emu/control.h>
#include <tenon/core/cuda/runtime.h>

#include "../support/catch.h"
#include "../support/device.h"
#include "../support/tensors.h"

using namespace tenon;
using test::device;
using test::error_of;
namespace emu = simt::emu;

namespace {

std::size_t launches_of(const std::function<void()>& f) {
  emu::reset_launches();
  f();
  return emu::launches();
}

}  // namespace

TEST_CASE("runtime: a launch that fails names the kernel and its sizes, and the next one works") {
  const Tensor x = ones({5, 200}, {.device = device()}), y = ones({200, 1}, {.device = device()});
  emu::fail_next_launch(cudaErrorLaunchFailure);
  const std::string text = error_of([&] { matmul(x, y); });
  REQUIRE(text.starts_with("reduce_rows: "));
  REQUIRE(text.ends_with("; sizes [5, 200], 1 blocks of 256 threads on cuda:0"));
  REQUIRE(matmul(x, y).sum().item<float>() == 1000);
}

TEST_CASE("runtime: a pending error of a user's own call is neither reported by a launch nor cleared") {
  const Tensor x = ones({100}, {.device = device()});
  REQUIRE(cudaSetDevice(99) == cudaErrorInvalidDevice);
  REQUIRE(equal((x + x).to(Device::cpu()), full({100}, 2)));
  REQUIRE(cudaGetLastError() == cudaErrorInvalidDevice);
}

TEST_CASE("runtime: only the default stream runs in order with CUDA's legacy stream") {
  const auto flags_of = [](Stream stream) {
    unsigned flags = ~0u;
    REQUIRE(cudaStreamGetFlags(static_cast<cudaStream_t>(stream.native_handle()), &flags) == cudaSuccess);
    return flags;
  };
  REQUIRE(flags_of(Stream::current(device())) == cudaStreamDefault);
  REQUIRE(flags_of(Stream::create(device())) == cudaStreamNonBlocking);
}

TEST_CASE("runtime: a launch that meets the error of an earlier kernel does not blame its own kernel") {
  Tensor x = ones({100}, {.device = device()});
  emu::fail_earlier_kernel(cudaErrorIllegalAddress);
  const std::string text = error_of([&] { x.fill_(2); });  // a single launch
  emu::fail_earlier_kernel(cudaSuccess);
  REQUIRE(
      text ==
      "launch: an illegal memory access was encountered on cuda:0; an earlier kernel failed: run again with "
      "TENON_SYNC=1 to learn which");
  x.fill_(3);
  REQUIRE(equal(x.to(Device::cpu()), full({100}, 3)));
}

TEST_CASE("runtime: the device that is current in a thread stays current") {
  const Device second = Device::cuda(1);
  const auto now = [] {
    int index = -1;
    cudaGetDevice(&index);
    return index;
  };
  for (const int current : {0, 1}) {
    cudaSetDevice(current);
    for (const Device there : {device(), second}) {
      const Tensor x = ones({100}, {.device = there});
      REQUIRE(now() == current);
      (x + x).sum().item<float>();
      x.to(there == second ? device() : second).to(Device::cpu()).to(there);
      REQUIRE(now() == current);
      cuda::Event event;
      event.record(Stream::create(there));
      event.block(x.stream());
      event.synchronize();
      REQUIRE_FALSE(error_of([&] {
        index_select(x, 0, tensor({200}, {.dtype = DType::int64, .device = there}));
        cuda::synchronize(there);
      }).empty());
      emu::fail_next_launch(cudaErrorLaunchFailure);
      REQUIRE_FALSE(error_of([&] { x + x; }).empty());
      cuda::empty_cache(there);
      REQUIRE(now() == current);
    }
  }
  cudaSetDevice(0);
}

TEST_CASE("runtime: the error of a failed call says what to do") {
  const Tensor x = ones({3}, {.device = device()});
  emu::fail_next("cudaStreamSynchronize", cudaErrorIllegalAddress);
  const std::string text = error_of([&] { x.to(Device::cpu()); });
  REQUIRE(text.starts_with("download: "));
  REQUIRE(text.ends_with(
      " on cuda:0; an earlier kernel may be the cause: run again with TENON_SYNC=1 to learn which"));
  REQUIRE(x.sum().item<float>() == 3);
}

TEST_CASE("runtime: operations that need only one launch") {
  const Options there{.device = device()};
  const Tensor x = randn({300, 70}, there), y = randn({300, 70}, there), w = randn({70, 1}, there);
  const Tensor long_line = randn({50000}, there), bias = randn({1}, there);
  const auto once = [](const char* name, const std::function<void()>& f) {
    INFO(name);
    REQUIRE(launches_of(f) == 1);
  };
  once("sum of all", [&] { long_line.sum(); });
  once("mean of rows", [&] { x.mean({1}); });
  once("mean of columns", [&] { x.mean({0}); });
  once("sum of columns with many chunks", [&] { long_line.reshape({5000, 10}).sum({0}); });
  once("matmul", [&] { matmul(x.t(), y); });
  once("matmul, split", [&] { matmul(long_line.reshape({5, 10000}), long_line.reshape({10000, 5})); });
  once("linear with bias", [&] { linear(x, w.t(), bias); });
  once("mse_loss", [&] { mse_loss(x, y); });
  once("transposed copy", [&] { x.t().contiguous(); });

  const Tensor leaf = randn({300, 70}, there).set_requires_grad();
  emu::reset_launches();
  const Tensor loss = mse_loss(leaf, y);
  REQUIRE(emu::launches() == 1);  // computes the loss and its gradient
  loss.backward({.retain_graph = true});
  REQUIRE(
      emu::launches() <= 3);  // a fill, for the initial 1 of the pass, and a copy: the graph keeps its own
  const Tensor first = leaf.grad();
  leaf.set_grad({});
  emu::reset_launches();
  loss.backward();
  REQUIRE(emu::launches() == 0);  // the leaf takes the graph's gradient
  REQUIRE(bitwise_equal(leaf.grad(), first));
}

TEST_CASE("runtime: a pass computes the gradient that a failed one took from mse_loss") {
  const Tensor x = randn({300, 70}, {.device = device()}).set_requires_grad(),
               y = randn({300, 70}, {.device = device()});
  const Tensor wanted = autograd::grad(mse_loss(x, y), {x})[0];
  const Tensor loss = mse_loss(x, y);
  bool fails = true;
  x.register_hook([&](const Tensor&) -> Tensor {
    if (fails) throw Error("not yet");
    return {};
  });
  REQUIRE_THROWS(loss.backward());
  fails = false;
  loss.backward();
  REQUIRE(bitwise_equal(x.grad(), wanted));
}

TEST_CASE("runtime: an SGD step is one launch, with a small table for few parameters") {
  const Options there{.device = device()};
  for (const auto& [count, kernel] :
      {std::pair{2, "step_short<tenon::arith::Sgd<float>, 4>"},
          {4, "step_short<tenon::arith::Sgd<float>, 4>"}, {5, "step_short<tenon::arith::Sgd<float>, 60>"},
          {60, "step_short<tenon::arith::Sgd<float>, 60>"}, {61, "step_short<tenon::arith::Sgd<float>, 510>"},
          {600, "step_long<tenon::arith::Sgd<float> >"}}) {
    INFO(kernel);
    std::vector<Tensor> params;
    for (int i = 0; i < count; ++i) {
      params.push_back(full({i + 1}, 2, there).set_requires_grad());
      params.back().set_grad(ones({i + 1}, there));
    }
    optim::SGD optimizer(params, {.lr = 0.5});
    REQUIRE(launches_of([&] { optimizer.step(); }) == 1);
    REQUIRE(emu::launches(kernel) == 1);
    for (int i = 0; i < count; ++i)
      REQUIRE(equal(params[static_cast<std::size_t>(i)].to(Device::cpu()), full({i + 1}, 1.5)));
  }
  // Also groups with separate options.
  std::vector<optim::SGDParamGroup> groups;
  for (int i = 0; i < 100; ++i) {
    const Tensor p = ones({i + 1}, there).set_requires_grad();
    p.set_grad(ones({i + 1}, there));
    groups.push_back({.params = {p}, .lr = 0.01 * i});
  }
  optim::SGD optimizer(groups, {.lr = 1});
  REQUIRE(launches_of([&] { optimizer.step(); }) == 1);
}

TEST_CASE("runtime: memory runs out at the device's limit, after cached blocks have been released") {
  emu::set_device_memory(std::size_t{64} << 20);
  const Options there{.device = device()};
  { const Tensor kept = empty({5 << 20}, there); }  // 20 MiB, cached for reuse
  const Tensor large = empty({12 << 20}, there);    // 48 MiB: fits only without the cached block
  REQUIRE(error_of([&] {
    empty({8 << 20}, there);
  }).starts_with("empty: out of memory on cuda:0; 33554432 bytes"));
  REQUIRE(ones({3}, there).sum().item<float>() == 3);
}

TEST_CASE(
    "runtime: a block is at most a quarter larger than what was requested, above 64 MiB at most 2 MiB") {
  constexpr std::size_t mib = std::size_t{1} << 20, gib = mib << 10;
  constexpr std::pair<std::size_t, std::size_t> sizes[] = {{1, 512}, {512, 512}, {513, 640}, {640, 640},
      {1025, 1280}, {33 * mib, 40 * mib}, {56 * mib + 1, 64 * mib}, {64 * mib, 64 * mib},
      {64 * mib + 1, 66 * mib}, {129 * mib, 130 * mib}, {65 * gib, 65 * gib},
      {65 * gib + 1, 65 * gib + 2 * mib}};
  for (const auto& [bytes, block] : sizes) {
    INFO(bytes);
    REQUIRE(cuda::BlockCache::block_bytes(bytes) == (cuda::recycles() ? block : bytes));
    if (!cuda::recycles()) continue;
    cuda::BlockCache cache;
    int one = 0;
    cache.keep(&one, bytes);
    REQUIRE(cache.kept_bytes() == block);
    REQUIRE(cache.take(block + 1) == nullptr);
    REQUIRE(cache.take(block) == &one);
    cache.keep(&one, block);
    REQUIRE(cache.drain() == std::vector<void*>{&one});
    REQUIRE(cache.take(block) == nullptr);
  }
}

TEST_CASE("runtime: an exact block is allocated where the rounded size does not fit") {
  const Options there{.device = device()};
  { const Tensor first = ones({1}, there); }  // the stream's cached block exists
  cuda::empty_cache(device());
  const std::size_t before = emu::device_bytes(0);
  emu::set_device_memory(before + (std::size_t{41} << 20));
  constexpr std::int64_t floats = (40 << 20) / 4 + 100;  // 40 MiB and 400 bytes: rounded up to 48 MiB
  {
    const Tensor exact = ones({floats}, there);
    REQUIRE(emu::device_bytes(0) <= before + (std::size_t{40} << 20) + 512);
    REQUIRE(cuda::memory_use(device()).allocated >= std::size_t{40} << 20);
  }
  REQUIRE(emu::device_bytes(0) == before);  // not reused for a request of 48 MiB
  REQUIRE(cuda::memory_use(device()).cached == 0);
  emu::set_device_memory(std::size_t{4} << 30);
}

TEST_CASE("runtime: nothing is left behind") {
  const auto work = [] {
    const Tensor x = randn({100, 10}, {.device = device(), .requires_grad = true});
    (matmul(x, x.t()) * 2).mean().backward();
    cuda::Event event;
    event.record(x.stream());
    event.synchronize();
  };
  work();
  cuda::empty_cache(device());
  const std::size_t blocks = emu::live_allocations(), events = emu::live_events();
  work();
  cuda::empty_cache(device());
  REQUIRE(emu::live_allocations() == blocks);
  REQUIRE(emu::live_events() <= events + 1);  // the event of the last upload may still be pending
}
