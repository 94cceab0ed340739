// What the kernels of reductions are given.
#pragma once
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/cuda/offsets.h>
#include <tenon/kernels/cuda/reduce/tree.cuh>

namespace tenon::kernels::cuda {

/// The last step of an output: the division of a mean, and the bias of a linear map.
template <class T>
struct Last {
  T divisor;
  const T* bias;

  __device__ T operator()(T sum) const {
    const T v = divisor != T(1) ? sum / divisor : sum;
    return bias ? v + *bias : v;
  }
};

/// The operands a and b, and where the results and the values of the chunks go. A unit of work is an output
/// or 32 columns; `parts` blocks share its chunks.
template <class T, class From>
struct ReduceJob {
  const From *a, *b;
  std::int64_t outputs, length, chunks, level_values;
  int parts;
  T *out, *scratch;
  unsigned* tickets;
  Last<T> last;
};

}  // namespace tenon::kernels::cuda
