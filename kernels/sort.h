// Sorting lines of elements.
#pragma once
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

/// Places [begin, end) of a line.
struct Places {
  std::int64_t begin, end;
};

/// Sorts each of `lines` lines of `length` consecutive elements in the order of arith/sorted.h: `values`, and
/// in `indices` where in its line each was. Only what stands at `wanted` places is defined; the elements that
/// belong before them stand before them, in any order, and likewise those that belong after them. Any dtype.
void sort(Stream stream, DType dtype, std::int64_t lines, std::int64_t length, bool descending, Places wanted,
    void* values, std::int64_t* indices, const void* a);

// The implementation for each device.
namespace cpu {
decltype(kernels::sort) sort;
}
namespace cuda {
decltype(kernels::sort) sort;
}

}  // namespace tenon::kernels
