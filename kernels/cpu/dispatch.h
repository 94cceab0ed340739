// Selects the build of the CPU kernels that runs.
#pragma once
#include <atomic>
#include <span>
#include <string_view>

#include <tenon/core/check.h>
#include <tenon/kernels/cpu/isa/table.h>

namespace tenon::kernels::cpu {

/// The tables that this machine can run, the fastest last.
std::span<const Table* const> available_tables();
/// By name: baseline, avx2 or avx512. Throws Error if it is unknown or this machine cannot run it.
const Table& table_named(std::string_view name);

namespace detail {
extern constinit std::atomic<const Table*> chosen;
const Table& choose();
}  // namespace detail

/// The table in use: the one that TENON_ISA names or, without it, the fastest. The first call checks the
/// variable and the floating-point mode.
inline const Table& cpu_table() {
  // Pairs with the store in choose(): a thread that sees the table sees its entries, too.
  const Table* const table = detail::chosen.load(std::memory_order_acquire);
  if (!table) [[unlikely]]
    return detail::choose();
  return *table;
}
/// Sets the table in use and returns the previous one; for tests and measurements, while no kernel runs.
const Table& exchange_table(const Table& table);

/// A buffer for packing, at least `bytes` long; one per thread, reused and grown.
void* scratch(std::size_t bytes);

}  // namespace tenon::kernels::cpu
