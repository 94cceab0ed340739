// Streams, events, memory and errors of CUDA devices.
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <thread>

#include "../support/catch.h"
#include "../support/device.h"
#include "../support/tensors.h"

using namespace tenon;
using test::device;
using test::error_of;

TEST_CASE("runtime: a device is there and has a name") {
  REQUIRE(cuda::is_available());
  REQUIRE(cuda::device_count() >= 1);
  REQUIRE(to_string(Stream::current(device())) == "cuda:0 stream 0");
  REQUIRE(error_of([] { zeros({1}, {.device = Device::cuda(cuda::device_count())}); }) ==
          "zeros: cuda:" + std::to_string(cuda::device_count()) + " was requested; this machine has " +
              std::to_string(cuda::device_count()) + " CUDA devices");
}

TEST_CASE("runtime: copies there and back keep every bit, from any layout and of any size") {
  for (const std::int64_t n : {0, 1, 1000, 300000}) {
    const Tensor x = randn({n, 2});
    REQUIRE(bitwise_equal(x.to(device()).to(Device::cpu()), x));
    REQUIRE(bitwise_equal(x.t().to(device()).to(Device::cpu()), x.t().contiguous()));
  }
  Tensor changed = ones({4});
  const Tensor there = changed.to(device());
  changed.fill_(2);  // the copy has what was there at the call
  REQUIRE(equal(there.to(Device::cpu()), ones({4})));
  const Tensor leaf = randn({3}).set_requires_grad();
  (leaf.to(device()) * 3).sum().backward();
  REQUIRE(equal(leaf.grad(), full({3}, 3)));
}

TEST_CASE("runtime: every stream has a handle of its own") {
  const Stream first = Stream::current(device());
  REQUIRE(first.native_handle() != nullptr);  // CUDA's legacy stream would be null
  REQUIRE(first.native_handle() == Stream::current(device()).native_handle());
  REQUIRE(Stream::create(device()).native_handle() != first.native_handle());
  REQUIRE(Stream().native_handle() == nullptr);
}

TEST_CASE("runtime: streams keep their tensors apart") {
  const Stream other = Stream::create(device());
  REQUIRE(other.index() > 0);
  const Tensor x = randn({1000}, {.device = device()});
  Tensor y;
  {
    const cuda::StreamGuard guard(other);
    REQUIRE(Stream::current(device()) == other);
    y = randn({1000}, {.device = device()});
    REQUIRE(y.stream() == other);
    REQUIRE(error_of([&] { x + y; }) == "add: the operands were made on different streams");
    const Tensor moved = x.to(device());  // on the current stream, after the work of the other
    REQUIRE(moved.stream() == other);
    REQUIRE(bitwise_equal(moved + y, x.to(Device::cpu()) + y.to(Device::cpu())));
  }
  REQUIRE(Stream::current(device()).index() == 0);
  std::thread([&] { CHECK(Stream::current(device()).index() == 0); }).join();
  const Tensor leaf = ones({3}, {.device = device(), .requires_grad = true});
  {
    const cuda::StreamGuard guard(other);
    leaf.to(device()).sum().backward();
  }
  REQUIRE(leaf.grad().stream() == leaf.stream());
  REQUIRE(error_of([] { Stream::create(Device::cpu()); }) == "stream: cpu has only one stream");
}

TEST_CASE("runtime: events order streams and measure them") {
  const Stream first = Stream::current(device()), second = Stream::create(device());
  cuda::Event start, end;
  REQUIRE(error_of([&] { start.synchronize(); }) == "event: nothing was recorded; call record(stream) first");
  start.record(first);
  randn({100000}, {.device = device()});
  end.record(first);
  end.block(second);
  second.synchronize();
  REQUIRE(end.ready());
  end.synchronize();
  REQUIRE(cuda::Event::elapsed_ms(start, end) >= 0);
  cuda::Event moved = std::move(end);
  moved.synchronize();
  REQUIRE(error_of([&] { moved.record(Stream()); }) == "event: needs a CUDA device; it is cpu");
}

TEST_CASE("runtime: memory comes back and is used again") {
  cuda::empty_cache(device());
  const cuda::MemoryUse before = cuda::memory_use(device());
  {
    const Tensor x = empty({1000, 1000}, {.device = device()});
    REQUIRE(cuda::memory_use(device()).allocated >= before.allocated + 4000000);
  }
  REQUIRE(cuda::memory_use(device()).allocated == before.allocated);
  cuda::empty_cache(device());
  REQUIRE(cuda::memory_use(device()).cached == 0);
}

TEST_CASE("runtime: out of memory is an error that leaves everything usable", "[out-of-memory]") {
  const Tensor x = randn({1000}, {.device = device()});
  const Tensor expected = x.to(Device::cpu());
  const std::string error = error_of([] { empty({std::int64_t{1} << 45}, {.device = device()}); });
  REQUIRE(error.starts_with(
      "empty: out of memory on cuda:0; 140737488355328 bytes were requested, tensors hold "));
  REQUIRE(bitwise_equal(x + x, expected + expected));
  cuda::synchronize(device());
}

TEST_CASE("runtime: an index out of range is an error at the next synchronisation, and then is over") {
  const Tensor x = randn({5, 3}, {.device = device()});
  const Tensor wrong = tensor({1, 7}, {.dtype = DType::int64, .device = device()});
  const std::string text = "index_select: index 7 at position 1 is out of range; dimension 0 has size 5";
  if (const char* sync = std::getenv("TENON_SYNC"); !sync || !*sync || *sync == '0') {
    const Tensor y = index_select(x, 0, wrong);  // no error yet
    REQUIRE(error_of([&] { y.sum().item<float>(); }) == text);
  }
  // TENON_SYNC, with which compute-sanitizer runs this, synchronises in each call: so the call is inside.
  REQUIRE(error_of([&] { index_select(x, 0, wrong).sum().item<float>(); }) == text);
  REQUIRE(index_select(x, 0, tensor({4}, {.dtype = DType::int64, .device = device()})).numel() == 3);
  cuda::synchronize(device());
  REQUIRE(error_of([&] {
    index_select(x, 0, wrong);
    cuda::synchronize(device());
  }) == text);
  REQUIRE(error_of([&] { index_select(x, 0, wrong).to(Device::cpu()); }) == text);
  REQUIRE(error_of([&] { index_select(x, 0, wrong).stream().synchronize(); }) == text);
  x.stream().synchronize();
}

TEST_CASE(
    "runtime: a thread hears of the fault that it launched, although another one has waited before it") {
  if (const char* sync = std::getenv("TENON_SYNC"); sync && *sync && *sync != '0')
    return test::skip("with TENON_SYNC each launch is waited for");
  const Tensor x = randn({5, 3}, {.device = device()});
  const Tensor wrong = tensor({1, 7}, {.dtype = DType::int64, .device = device()});
  const std::string text = "index_select: index 7 at position 1 is out of range; dimension 0 has size 5";
  index_select(x, 0, wrong);
  std::string other, later;
  std::thread([&] {
    other = error_of([&] { x.stream().synchronize(); });
    later = error_of([&] { x.stream().synchronize(); });
  }).join();
  REQUIRE(other == text);
  REQUIRE(later.empty());
  REQUIRE(error_of([&] { x.stream().synchronize(); }) == text);
  x.stream().synchronize();
  // A thread that had nothing to do with it hears nothing.
  index_select(x, 0, wrong);
  REQUIRE(error_of([&] { x.stream().synchronize(); }) == text);
  std::thread([&] { later = error_of([&] { x.stream().synchronize(); }); }).join();
  REQUIRE(later.empty());
}

TEST_CASE("runtime: two threads that wait for one stream at the same time both hear of their faults, once") {
  const Tensor x = randn({5, 3}, {.device = device()});
  const Tensor wrong = tensor({1, 7}, {.dtype = DType::int64, .device = device()});
  const std::string text = "index_select: index 7 at position 1 is out of range; dimension 0 has size 5";
  const int rounds = test::thorough ? 400 : 20;
  std::barrier together(2);
  std::atomic<int> unheard = 0, twice = 0;
  const auto work = [&](int launches_between) {
    for (int round = 0; round < rounds; ++round) {
      together.arrive_and_wait();
      for (int fault = 0; fault < 20; ++fault)
        unheard += text != error_of([&] {
          index_select(x, 0, wrong);
          for (int i = 0; i < launches_between; ++i) x + 1;  // the other thread's wait may end meanwhile
          x.stream().synchronize();
        });
      together.arrive_and_wait();
      twice += !error_of([&] { x.stream().synchronize(); }).empty();
    }
  };
  std::thread other(work, 2);
  work(0);
  other.join();
  REQUIRE(unheard == 0);
  REQUIRE(twice == 0);
}

TEST_CASE("runtime: several devices") {
  if (cuda::device_count() < 2) return test::skip("there is one CUDA device");
  const Device second = Device::cuda(1);
  const Tensor x = randn({1000}, {.device = device()}), y = x.to(second);
  REQUIRE(y.device() == second);
  REQUIRE(bitwise_equal(y, x));
  REQUIRE(error_of([&] { x* y; }) == "mul: devices differ; cuda:0 and cuda:1");
  REQUIRE(bitwise_equal((y * 2).to(device()).to(Device::cpu()), x * 2));
  REQUIRE((x + 1).device() == device());  // each launch finds its own device
  const Tensor leaf = ones({3}, {.device = device(), .requires_grad = true});
  (leaf.to(second) * 2).sum().backward();
  REQUIRE(leaf.grad().device() == device());
  cuda::synchronize(second);
}
