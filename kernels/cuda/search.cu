// Search in sorted lines: a thread looks up a value.
#include <tenon/kernels/arith/search.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/search.h>

namespace tenon::kernels::cuda {
namespace {

template <class T>
__global__ void __launch_bounds__(block_threads)
    search_lines(SearchJob job, std::int64_t* out, const T* sorted, const T* values) {
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < job.lines * job.count;
       at += std::int64_t{gridDim.x} * blockDim.x)
    out[at] = arith::place_in(
        job.length, sorted + (job.shared ? 0 : at / job.count * job.length), values[at], job.right);
}

}  // namespace

void search(
    Stream stream, DType dtype, SearchJob job, std::int64_t* out, const void* sorted, const void* values) {
  visit_number("searchsorted", dtype, [&]<class T>(std::type_identity<T>) {
    launch({stream, "search_lines", {job.lines, job.length, job.count}}, search_lines<T>,
        blocks_for(stream, job.lines * job.count, block_threads), block_threads, job, out,
        static_cast<const T*>(sorted), static_cast<const T*>(values));
  });
}

}  // namespace tenon::kernels::cuda
