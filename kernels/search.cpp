#include <tenon/kernels/search.h>

#include <tenon/kernels/on_device.h>

namespace tenon::kernels {

void search(
    Stream stream, DType dtype, SearchJob job, std::int64_t* out, const void* sorted, const void* values) {
  on_device<cpu::search, cuda::search>(stream, dtype, job, out, sorted, values);
}

}  // namespace tenon::kernels
