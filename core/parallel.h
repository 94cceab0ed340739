// A thread pool. Work is split only by output element or by fixed chunk, so the thread count never changes a
// result.
#pragma once
#include <cstdint>
#include <type_traits>

#include <tenon/core/api.h>

namespace tenon {

/// The number of threads a parallel region may use: TENON_NUM_THREADS if set, otherwise the number of cores
/// available to this process.
TENON_API int num_threads();
/// Sets it for the process. Throws Error if it is not positive.
TENON_API void set_num_threads(int threads);

namespace detail {
TENON_API void parallel_for(
    std::int64_t count, std::int64_t grain, void (*call)(void*, std::int64_t, std::int64_t), void* body);
}

/// Calls body(begin, end) on disjoint ranges that cover [0, count), possibly on several threads; each has at
/// least `grain` items unless it is the only one. Runs inline if one range is enough, inside another region,
/// and in a forked child. An exception thrown by the body reaches the caller after all ranges have ended.
template <class Body>
void parallel_for(std::int64_t count, std::int64_t grain, Body&& body) {
  if (count <= grain) {
    if (count > 0) body(std::int64_t{0}, count);
    return;
  }
  detail::parallel_for(
      count, grain,
      [](void* b, std::int64_t begin, std::int64_t end) {
        (*static_cast<std::remove_reference_t<Body>*>(b))(begin, end);
      },
      const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace tenon
