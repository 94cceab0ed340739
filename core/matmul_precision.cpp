#include <tenon/core/matmul_precision.h>

#include <atomic>
#include <iterator>

#include <tenon/core/check.h>

namespace tenon {
namespace {

constexpr std::string_view words[] = {"highest", "high", "medium"};
std::atomic<MatmulPrecision> current = MatmulPrecision::highest;

}  // namespace

void set_float32_matmul_precision(std::string_view precision) {
  for (std::size_t i = 0; i < std::size(words); ++i)
    if (words[i] == precision) {
      current.store(static_cast<MatmulPrecision>(i), std::memory_order_relaxed);
      return;
    }
  fail(
      "set_float32_matmul_precision: there is no precision \"{}\"; write \"highest\", \"high\" or \"medium\"",
      precision);
}

std::string_view get_float32_matmul_precision() noexcept {
  return words[static_cast<std::size_t>(float32_matmul_precision())];
}

MatmulPrecision float32_matmul_precision() noexcept { return current.load(std::memory_order_relaxed); }

}  // namespace tenon
