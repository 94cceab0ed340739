#include <tenon/kernels/search.h>

#include <tenon/core/parallel.h>
#include <tenon/kernels/arith/search.h>

namespace tenon::kernels::cpu {

void search(Stream, DType dtype, SearchJob job, std::int64_t* out, const void* sorted, const void* values) {
  constexpr std::int64_t grain = 1024;
  visit_number("searchsorted", dtype, [&]<class T>(std::type_identity<T>) {
    const T* const a = static_cast<const T*>(sorted);
    const T* const x = static_cast<const T*>(values);
    parallel_for(job.lines * job.count, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t at = begin; at < end; ++at)
        out[at] =
            arith::place_in(job.length, a + (job.shared ? 0 : at / job.count * job.length), x[at], job.right);
    });
  });
}

}  // namespace tenon::kernels::cpu
