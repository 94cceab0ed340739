// Launching kernels and choosing grid sizes.
#pragma once
#include <algorithm>
#include <type_traits>

#include <tenon/core/cuda/backend.h>
#include <tenon/core/dtype.h>
#include <tenon/kernels/cuda/simt.h>

namespace tenon::kernels::cuda {

using tenon::cuda::Launch;
using tenon::cuda::Scratch;

/// The default number of threads per block.
inline constexpr int block_threads = 256;

/// The number of blocks for `work` items if a block processes `per_block` at once. Kernels stride over their
/// work, so the grid need not be larger than what keeps the device busy.
inline std::int64_t blocks_for(Stream stream, std::int64_t work, std::int64_t per_block) {
  const std::int64_t busy = 32 * std::int64_t{tenon::cuda::multiprocessors(stream)};
  return std::min((work + per_block - 1) / per_block, busy);
}

/// Enqueues a kernel on the launch's stream and checks that it started.
template <class... P, class... A>
void launch_with_shared(std::size_t shared, const Launch& what, void (*kernel)(P...), std::int64_t blocks,
    int threads, const A&... args) {
  if (blocks == 0) return;
  const tenon::cuda::DeviceGuard guard(what.stream.device());
  const auto grid = static_cast<unsigned>(blocks), block = static_cast<unsigned>(threads);
  const auto captured = tenon::cuda::launch_to_replace();
  const int error = captured.node
                        ? simt::replace(captured.graph, captured.node, shared, kernel, grid, block, args...)
                        : simt::launch_with_shared(
                              shared, tenon::cuda::native_handle(what.stream), kernel, grid, block, args...);
  tenon::cuda::check_launch(what, blocks, threads, error);
}
template <class... P, class... A>
void launch(const Launch& what, void (*kernel)(P...), std::int64_t blocks, int threads, const A&... args) {
  launch_with_shared(0, what, kernel, blocks, threads, args...);
}

/// Calls f(std::integral_constant<bool, b>{}), to turn a run-time value into a template argument.
template <class F>
void with_bool(bool b, F f) {
  if (b) f(std::true_type{});
  else f(std::false_type{});
}

/// An element as stored in memory: a boolean is a byte, 0 or 1.
template <class T>
using Stored = std::conditional_t<std::is_same_v<T, bool>, std::uint8_t, T>;

}  // namespace tenon::kernels::cuda
