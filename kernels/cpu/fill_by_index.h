// Fills one element at a time.
#pragma once
#include <cstdint>

#include <tenon/core/parallel.h>

namespace tenon::kernels::cpu {

/// out[i] = value(i) for i < n
template <class T, class Value>
void fill_by_index(std::int64_t n, void* out, const Value& values) {
  constexpr std::int64_t grain = 8192;
  T* const to = static_cast<T*>(out);
  parallel_for(n, grain, [&](std::int64_t begin, std::int64_t end) {
    Value value = values;  // a copy per thread: it may remember what it computed last
    for (std::int64_t i = begin; i < end; ++i) to[i] = static_cast<T>(value(i));
  });
}

}  // namespace tenon::kernels::cpu
