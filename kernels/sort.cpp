#include <tenon/kernels/sort.h>

#include <tenon/kernels/on_device.h>

namespace tenon::kernels {

void sort(Stream stream, DType dtype, std::int64_t lines, std::int64_t length, bool descending, Places wanted,
    void* values, std::int64_t* indices, const void* a) {
  on_device<cpu::sort, cuda::sort>(stream, dtype, lines, length, descending, wanted, values, indices, a);
}

}  // namespace tenon::kernels
