// The choice of the instruction set, the floating-point mode, and optimizations that the compiler must not
// make.
#include <atomic>
#include <cfenv>
#include <cmath>
#include <thread>

#include <tenon/core/cuda/backend.h>
#include <tenon/core/float_mode.h>
#include <tenon/kernels/elementwise.h>

#include "support.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

using namespace tenon;
using kernels::cpu::available_tables;
using kernels::cpu::table_named;

TEST_CASE("dispatch: the baseline is always available, and names are checked", "[kernels][dispatch]") {
  REQUIRE_FALSE(available_tables().empty());
  CHECK(available_tables().front()->name == std::string("baseline"));
  for (const auto* table : available_tables()) CHECK(&table_named(table->name) == table);
  CHECK_THROWS_WITH(
      table_named("sse9"), "TENON_ISA: unknown instruction set `sse9`; use baseline, avx2 or avx512");
  for (const char* const name : {"avx2", "avx512"}) {
    bool here = false;
    for (const auto* table : available_tables()) here = here || table->name == std::string(name);
    if (!here)
      CHECK_THROWS_WITH(table_named(name), "TENON_ISA: this machine cannot run " + std::string(name) +
                                               "; the fastest it can run is " +
                                               available_tables().back()->name);
  }
}

// A race here would be reported by ThreadSanitizer. Each test case runs in its own process, so the table is
// chosen here.
TEST_CASE("dispatch: a process's first kernels may run in several threads at once", "[kernels][dispatch]") {
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { wrong += kernels::cpu::cpu_table().unfused(2, 3) != 8; });
  for (std::thread& thread : threads) thread.join();
  REQUIRE(wrong == 0);
}

TEST_CASE("dispatch: no build contracts a * b + a", "[kernels][dispatch]") {
  // a * b is -(1 + 2^-13 - 2^-25); rounding drops the last term, which a fused multiply-add would keep.
  const float a = 1 + 0x1p-12f, b = -(1 - 0x1p-13f);
  REQUIRE(std::fma(a, b, a) == 0x1p-13f + 0x1p-25f);
  for (const auto* table : available_tables()) {
    CAPTURE(table->name);
    CHECK(table->unfused(a, b) == 0x1p-13f);
  }
}

TEST_CASE("float mode: another rounding mode or flushed denormals are an error", "[kernels][dispatch]") {
  check_float_mode();
  std::fesetround(FE_UPWARD);
  CHECK_THROWS_WITH(check_float_mode(),
      "float mode: this thread does not round to nearest; call std::fesetround(FE_TONEAREST)");
  std::fesetround(FE_TONEAREST);
#if defined(__SSE2__)
  const unsigned mode = _mm_getcsr();
  for (const unsigned flush : {0x8000u, 0x0040u}) {
    _mm_setcsr(mode | flush);
    std::string text;
    try {
      check_float_mode();
    } catch (const Error& error) { text = error.what(); }
    _mm_setcsr(mode);
    CHECK(text ==
          "float mode: this thread flushes denormals to zero; a library built with -Ofast or -ffast-math "
          "does that when it is loaded");
  }
#endif
  check_float_mode();
}

TEST_CASE("dispatch: there is no CUDA stream without a CUDA device", "[kernels][dispatch]") {
  if (cuda::is_available()) return;
  std::string text;
  try {
    Stream::current(Device::cuda());
  } catch (const Error& error) { text = error.what(); }
  CHECK(text.starts_with(cuda::built_with_cuda
                             ? "stream: cuda:0 was requested, but there is no CUDA device: "
                             : "stream: cuda:0 was requested, but tenon was built without CUDA"));
}
