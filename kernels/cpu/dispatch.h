// Which build of the CPU kernels runs.
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
/// Makes `table` the one in use and returns the one before; for tests and measurements, while no kernel runs.
const Table& exchange_table(const Table& table);

/// The buffer that the kernels pack into; one per thread, kept and grown.
void* scratch(std::size_t bytes);

}  // namespace tenon::kernels::cpu
