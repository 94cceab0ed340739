#include <tenon/kernels/cpu/dispatch.h>

#include <cstdlib>
#include <new>

#include <tenon/core/float_mode.h>

namespace tenon::kernels::cpu {
namespace {

struct Tables {
  Table all[3];
  const Table* of[3];
  std::size_t count = 0;

  Tables() {
    add(baseline::make_table());
#if defined(__x86_64__)
    // The extensions of -march=x86-64-v3 and -v4; processors that have these also have the rest (f16c, lzcnt,
    // movbe).
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
    if (v3) add(avx2::make_table());
    if (v4) add(avx512::make_table());
#endif
  }
  Tables(const Tables&) = delete;
  Tables& operator=(const Tables&) = delete;

 private:
  void add(const Table& table) {
    all[count] = table;
    of[count] = &all[count];
    ++count;
  }
};

const Tables& tables() {
  static const Tables found;
  return found;
}

/// Trivially destructible: a kernel may run in a static destructor, after the thread_locals of its thread are
/// gone.
struct Buffer {
  void* memory;
  std::size_t size;
  void drop() {
    std::free(memory);
    *this = {};
  }
};
constinit thread_local Buffer buffer{};

struct Reaper {
  bool armed = false;
  ~Reaper() { buffer.drop(); }
};
thread_local Reaper reaper;

}  // namespace

constinit std::atomic<const Table*> detail::chosen = nullptr;

std::span<const Table* const> available_tables() { return {tables().of, tables().count}; }

const Table& table_named(std::string_view name) {
  for (const Table* table : available_tables())
    if (table->name == name) return *table;
  const bool known = name == "baseline" || name == "avx2" || name == "avx512";
  check(known, "TENON_ISA: unknown instruction set `{}`; use baseline, avx2 or avx512", name);
  fail("TENON_ISA: this machine cannot run {}; the fastest it can run is {}", name,
      available_tables().back()->name);
}

const Table& detail::choose() {
  check_float_mode();
  const char* const name = std::getenv("TENON_ISA");
  const Table& table = name && *name ? table_named(name) : *available_tables().back();
  chosen.store(&table, std::memory_order_release);
  return table;
}

const Table& exchange_table(const Table& table) {
  const Table& before = cpu_table();
  detail::chosen.store(&table, std::memory_order_release);
  return before;
}

void* scratch(std::size_t bytes) {
  if (bytes > buffer.size) {
    const std::size_t grown = (bytes + 4095) / 4096 * 4096;
    buffer.drop();
    reaper.armed = true;
    buffer.memory = std::aligned_alloc(64, grown);
    if (!buffer.memory) throw std::bad_alloc();
    buffer.size = grown;
  }
  return buffer.memory;
}

}  // namespace tenon::kernels::cpu
