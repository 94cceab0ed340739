// Search in sorted lines.
#pragma once
#include <tenon/core/dtype.h>
#include <tenon/core/stream.h>

namespace tenon::kernels {

/// Lines of `length` sorted elements, and how many values to look up in each.
struct SearchJob {
  std::int64_t lines, length, count;
  bool shared;  // all lines are the same one, which is stored once
  bool right;   // behind elements that equal the value instead of before them
};

/// out[line, i] = where a binary search finds a place for values[line, i]; see arith/search.h. float32,
/// float64 and int64.
void search(
    Stream stream, DType dtype, SearchJob job, std::int64_t* out, const void* sorted, const void* values);

// The implementation for each device.
namespace cpu {
decltype(kernels::search) search;
}
namespace cuda {
decltype(kernels::search) search;
}

}  // namespace tenon::kernels
