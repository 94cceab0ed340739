// The counters of kernels whose memory accesses and branches are known, and of some of the library's.
#include <simt_emu/counters.h>
#include <simt_emu/counters_kernels.h>

#include <functional>

#include <simt_emu/control.h>
#include <tenon/kernels/elementwise.h>
#include <tenon/tenon.h>

#include "../support/catch.h"
#include "../support/device.h"

using namespace tenon;
using test::device;
namespace emu = simt::emu;

namespace {

void require(
    const emu::GlobalAccesses& got, std::uint64_t requests, std::uint64_t bytes, std::uint64_t sectors) {
  CHECK(got.requests == requests);
  CHECK(got.bytes == bytes);
  CHECK(got.sectors == sectors);
}
void require(
    const emu::SharedAccesses& got, std::uint64_t requests, std::uint64_t wavefronts, std::uint64_t least) {
  CHECK(got.requests == requests);
  CHECK(got.wavefronts == wavefronts);
  CHECK(got.least == least);
}

/// The counters of the only launch of f.
emu::KernelCounters counters_of(const std::function<void()>& f) {
  emu::start_counting();
  f();
  const std::vector<emu::KernelCounters> all = emu::stop_counting();
  REQUIRE(all.size() == 1);
  return all[0];
}

}  // namespace

TEST_CASE("counters: contiguous elements of every size fill their sectors") {
  for (const unsigned bytes : {1u, 4u, 8u, 16u}) {
    INFO(bytes);
    const emu::KernelCounters got = counted::copy(bytes, 1024);
    for (const emu::GlobalAccesses& accesses : {got.loads, got.stores}) {
      require(accesses, 32, 1024 * bytes, 32 * bytes);
      CHECK(accesses.coalescing() == 1);
    }
    require(got.shared(), 0, 0, 0);
    CHECK(got.atomics == 0);
    CHECK(got.active_lanes() == 1);
  }
}

TEST_CASE("counters: strided and misaligned elements touch more sectors, a shared address only one") {
  require(counted::copy(4, 1024, 2).loads, 32, 4096, 32 * 8);
  require(counted::copy(4, 1024, 32).loads, 32, 4096, 32 * 32);
  CHECK(counted::copy(4, 1024, 32).loads.coalescing() == 1 / 8.0);
  require(counted::copy(4, 1024, 1, 1).loads, 32, 4096, 32 * 5);
  require(counted::copy(16, 1024, 1, 1).loads, 32, 16384, 32 * 17);
  require(counted::copy(4, 1024, 0).loads, 32, 4096, 32);
  CHECK(counted::copy(4, 1024, 0).loads.coalescing() == 4);
  require(counted::copy(4, 1024, 32).stores, 32, 4096, 32 * 4);
}

TEST_CASE("counters: lanes without an element ask for nothing") {
  const emu::KernelCounters got = counted::copy(4, 100);  // 3 warps and 4 lanes
  require(got.loads, 4, 400, 13);
  require(got.stores, 4, 400, 13);
  CHECK(got.active_lanes() < 1);
  CHECK(got.active_lanes() > 0.8);
}

TEST_CASE("counters: bank conflicts of shared memory") {
  struct {
    unsigned bytes, stride, wavefronts, least;
  } const cases[] = {{4, 1, 1, 1}, {4, 0, 1, 1}, {4, 2, 2, 1}, {4, 32, 32, 1}, {4, 33, 1, 1}, {1, 1, 1, 1},
      {1, 128, 32, 1}, {8, 1, 2, 2}, {8, 2, 4, 2}, {8, 16, 32, 2}, {16, 1, 4, 4}, {16, 0, 4, 4},
      {16, 2, 8, 4}, {16, 8, 32, 4}};
  for (const auto& [bytes, stride, wavefronts, least] : cases) {
    INFO(bytes << " bytes, stride " << stride);
    const emu::KernelCounters got = counted::exchange(bytes, stride);
    require(got.shared_stores, 1, wavefronts, least);
    require(got.shared_loads, 1, wavefronts, least);
    CHECK(got.shared().conflicts() == 2 * (wavefronts - least));
    require(got.global(), 0, 0, 0);
  }
}

TEST_CASE("counters: the requests of the first warp, if they are asked for") {
  const auto places = [](const emu::Request& request) {
    std::vector<std::uintptr_t> all;
    for (const emu::Access& access : request.lanes) all.push_back(access.address - request.object);
    return all;
  };
  // Two blocks of two warps; there is one load and one store of the first.
  const std::vector<emu::Request> copied = counted::copy(4, 128, 2, 3).requests;
  REQUIRE(copied.size() == 2);
  CHECK((!copied[0].store && !copied[0].shared && copied[1].store && !copied[1].shared));
  for (unsigned lane = 0; lane < 32; ++lane) {
    REQUIRE(places(copied[0])[lane] == 4 * (3 + 2 * lane));
    REQUIRE(places(copied[1])[lane] == 4 * lane);
    REQUIRE(copied[0].lanes[lane].lane == lane);
    REQUIRE(copied[0].lanes[lane].bytes == 4);
  }
  const std::vector<emu::Request> exchanged = counted::exchange(4, 33).requests;
  REQUIRE(exchanged.size() == 2);
  CHECK((exchanged[0].store && exchanged[0].shared && !exchanged[1].store && exchanged[1].shared));
  for (unsigned lane = 0; lane < 32; ++lane) REQUIRE(places(exchanged[1])[lane] == 4 * 33 * lane);
  CHECK(counted::store_in_some_lanes(7, 1).requests.at(0).lanes.size() == 7);

  const Tensor x = ones({100}, {.device = device()});
  CHECK(counters_of([&] { x + x; }).requests.empty());
}

TEST_CASE("counters: lanes that leave a branch to others") {
  CHECK(counted::store_in_some_lanes(32, 1000).active_lanes() == 1);
  const emu::KernelCounters half = counted::store_in_some_lanes(16, 1000);
  require(half.stores, 1000, 64000, 2000);
  CHECK(half.active_lanes() > 0.5);
  CHECK(half.active_lanes() < 0.51);
  const emu::KernelCounters one = counted::store_in_some_lanes(1, 1000);
  CHECK(one.active_lanes() > 1 / 32.0);
  CHECK(one.active_lanes() < 0.04);
}

TEST_CASE("counters: lanes come together again after branches, loops and calls") {
  const emu::KernelCounters alternating = counted::alternate(100);
  require(alternating.stores, 200, 200 * 16 * 4, 200 * 4);
  CHECK(alternating.active_lanes() > 0.5);
  CHECK(alternating.active_lanes() < 0.9);

  require(counted::loops_of_different_lengths(1).stores, 32, (496 + 32) * 4, 80);
  require(counted::loops_of_different_lengths(7).stores, 7 * 32, 7 * (496 + 32) * 4, 7 * 80);

  const emu::KernelCounters calling = counted::call_in_half_of_the_lanes();
  require(calling.loads, 2, 128, 4);
  require(calling.stores, 1, 128, 4);

  require(counted::meet_in_shuffles(20).stores, 20, 20 * 128, 20 * 4);
  for (const auto where : {counted::Meet::barrier, counted::Meet::shuffle})
    require(counted::meet_after_a_detour(where, 20).stores, 20, 20 * 128, 20 * 4);
}

TEST_CASE("counters: a collective has no basic blocks of its own") {
  CHECK(counted::vote(1000).blocks < 10 * 1000);  // in the emulator it loops over the lanes
}

TEST_CASE("counters: atomic operations") {
  const emu::KernelCounters got = counted::add_atomically(640);
  CHECK(got.atomics == 640 + 10);
  require(got.global(), 0, 0, 0);
  require(got.shared_stores, 10, 10, 10);
  require(got.shared_loads, 10, 10, 10);
}

TEST_CASE("counters: memory of a thread, arguments and constants are not counted") {
  const emu::KernelCounters got = counted::use_local_memory();
  require(got.loads, 0, 0, 0);
  require(got.stores, 2, 256, 8);
  require(got.shared(), 0, 0, 0);
}

TEST_CASE("counters: an instruction may read two kinds of memory") {
  const emu::KernelCounters got = counted::load_from_both();
  require(got.loads, 1, 64, 4);
  require(got.shared_loads, 1, 1, 1);
}

TEST_CASE("counters: the schedule does not matter") {
  for (const unsigned seed : {0u, 1u, 2u}) {
    emu::schedule_seed = seed;
    require(counted::copy(4, 1000).loads, 32, 4000, 125);
    require(counted::alternate(10).stores, 20, 20 * 16 * 4, 20 * 4);
    CHECK(counted::add_atomically(640).atomics == 650);
  }
  emu::schedule_seed = 0;
}

TEST_CASE("counters: one entry for each launch that succeeds while counting") {
  const Tensor x = ones({1000}, {.device = device()}), y = ones({1000, 1000}, {.device = device()});
  emu::start_counting();
  y + y;
  emu::start_counting();
  x + x;
  REQUIRE_THROWS_AS(counted::fail(), emu::Error);
  y.sum();
  const std::vector<emu::KernelCounters> got = emu::stop_counting();
  x + x;
  REQUIRE(got.size() == 2);
  REQUIRE(got[0].kernel == "map_dense<4, tenon::arith::Add, float, float, float>");
  REQUIRE(got[0].grid == 1);
  REQUIRE(got[0].threads == 256);
  REQUIRE(got[0].loads.bytes == 8000);
  REQUIRE(got[1].kernel == "reduce_long<tenon::arith::Sum, true, float, float>");
  REQUIRE(emu::stop_counting().empty());
}

TEST_CASE("counters: kernels of the library") {
  const Options there{.device = device()};
  const Tensor x = randn({100000}, there), y = randn({100000}, there);
  const emu::KernelCounters sum = counters_of([&] { x + y; });
  require(sum.loads, 2 * 782, 800000, 25000);
  require(sum.stores, 782, 400000, 12500);
  CHECK(sum.global().coalescing() == 1);

  // Through tiles of packs in shared memory, and through padded tiles of elements for the other sizes of
  // elements.
  const Tensor rows = randn({256, 128}, there);
  const emu::KernelCounters packs = counters_of([&] { rows.t().contiguous(); });
  require(packs.loads, 256, 131072, 4096);
  require(packs.stores, 256, 131072, 4096);
  require(packs.shared_stores, 256, 1024, 1024);
  require(packs.shared_loads, 1024, 1024, 1024);
  CHECK(packs.active_lanes() == 1);
  const Tensor doubles = randn({256, 128}, {.dtype = DType::float64, .device = device()});
  const emu::KernelCounters turned = counters_of([&] { doubles.t().contiguous(); });
  require(turned.loads, 1024, 262144, 8192);
  require(turned.stores, 1024, 262144, 8192);
  CHECK(turned.shared_loads.conflicts() == 0);
  CHECK(turned.active_lanes() == 1);

  // Tiles of 64 x 128: each reads 64 rows of a and 128 columns of b.
  const Tensor a = randn({128, 128}, there), b = randn({128, 128}, there);
  const emu::KernelCounters product = counters_of([&] { matmul(a, b); });
  CHECK(product.loads.bytes == 2 * (64 + 128) * 128 * 4);
  CHECK(product.stores.bytes == 128 * 128 * 4);
  CHECK(product.global().coalescing() == 1);
  CHECK(product.shared_loads.conflicts() == 0);
}

namespace {

/// Every elementwise operation of T on `n` elements, dense or `step` apart, asks for each element once.
template <class T>
void require_elements_once(std::int64_t n, std::int64_t step) {
  constexpr DType dtype = dtype_of<T>;
  const Shape shape{n};
  const Strides steps{step};
  std::vector<Tensor> tensors;
  for (int i = 0; i < 4; ++i) tensors.push_back(ones({n * step}, {.dtype = dtype, .device = device()}));
  const auto in = [&](int i) {
    return step == 1 ? kernels::Operand(tensors[i].raw()) : kernels::Operand(tensors[i].raw(), steps);
  };
  const kernels::Result out =
      step == 1 ? kernels::Result(tensors[3].raw()) : kernels::Result(tensors[3].raw(), steps);
  const Stream stream = Stream::current(device());
  const auto check = [&](std::int64_t operands, std::size_t result_bytes, const std::function<void()>& f) {
    const emu::KernelCounters got = counters_of(f);
    INFO(got.kernel);
    CHECK(got.loads.bytes == static_cast<std::uint64_t>(operands * n) * sizeof(T));
    CHECK(got.stores.bytes == static_cast<std::uint64_t>(n) * result_bytes);
  };
  arith::UnaryOps::for_each([&]<class Op>() {
    if constexpr (arith::takes<Op, T>)
      check(1, sizeof(T), [&] { kernels::unary(stream, Op(), dtype, shape, out, in(0), {-1, 1}); });
  });
  arith::BinaryOps::for_each([&]<class Op>() {
    if constexpr (arith::takes<Op, T>)
      check(2, sizeof(T), [&] { kernels::binary(stream, Op(), dtype, shape, out, in(0), in(1), {-1, 1}); });
  });
  arith::TernaryOps::for_each([&]<class Op>() {
    if constexpr (arith::takes<Op, T>)
      check(3, sizeof(T), [&] {
        kernels::ternary(stream, Op(), dtype, shape, out, in(0), in(1), in(2), {2, 3});
      });
  });
  arith::CompareOps::for_each([&]<class Op>() {
    check(2, 1, [&] { kernels::compare(stream, Op(), dtype, shape, out, in(0), in(1)); });
  });
}

}  // namespace

TEST_CASE("counters: every elementwise operation loads and stores each element once") {
  for (const std::int64_t step : {1, 2}) {
    // Whole steps of a block. In the last step of other sizes, threads load an element several times.
    require_elements_once<float>(1024, step);
    require_elements_once<double>(1024, step);
    require_elements_once<std::int64_t>(1024, step);
  }
}

TEST_CASE("counters: counted kernels give the same results") {
  const Options there{.device = device()};
  const Tensor x = randn({130, 70}, there), y = randn({70, 90}, there);
  const auto same = [](const Tensor& got, const Tensor& want) { CHECK(equal(got.to(Device::cpu()), want)); };
  const Tensor a = x.to(Device::cpu()), b = y.to(Device::cpu());
  emu::start_counting();
  same(matmul(x, y), matmul(a, b));
  same(matmul(y.t(), x.t()), matmul(b.t(), a.t()));
  same(tanh(x) * x, tanh(a) * a);
  same(x.sum({0}), a.sum({0}));
  same(x.mean(), a.mean());
  same(x.t().contiguous(), a.t().contiguous());
  CHECK(emu::stop_counting().size() >= 7);
}
