// How kernels are launched, and how large their grids are. The only place that decides either.
#pragma once
#include <algorithm>
#include <type_traits>

#include <tenon/core/cuda/backend.h>
#include <tenon/core/dtype.h>
#include <tenon/kernels/cuda/simt.h>

namespace tenon::kernels::cuda {

using tenon::cuda::Launch;
using tenon::cuda::Scratch;

/// Threads of a block where nothing asks for another number.
inline constexpr int block_threads = 256;

/// Blocks for `work` items of which a block does `per_block` in one go. All such kernels stride over their
/// work, so that the grid need not grow beyond what keeps the device busy.
inline std::int64_t blocks_for(Stream stream, std::int64_t work, std::int64_t per_block) {
  const std::int64_t busy = 32 * std::int64_t{tenon::cuda::multiprocessors(stream)};
  return std::min((work + per_block - 1) / per_block, busy);
}

/// Enqueues a kernel on the launch's stream and checks that it started.
template <class... P, class... A>
void launch(const Launch& what, void (*kernel)(P...), std::int64_t blocks, int threads, const A&... args) {
  if (blocks == 0) return;
  const tenon::cuda::DeviceGuard guard(what.stream.device());
  const int error = simt::launch(tenon::cuda::native_handle(what.stream), kernel,
      static_cast<unsigned>(blocks), static_cast<unsigned>(threads), args...);
  tenon::cuda::check_launch(what, blocks, threads, error);
}

/// Calls f(std::integral_constant<bool, b>{}): a run-time choice of a template argument.
template <class F>
void with_bool(bool b, F f) {
  if (b) f(std::true_type{});
  else f(std::false_type{});
}

/// An element as it lies in memory: a boolean is a byte, 0 or 1.
template <class T>
using Stored = std::conditional_t<std::is_same_v<T, bool>, std::uint8_t, T>;

}  // namespace tenon::kernels::cuda
