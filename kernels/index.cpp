#include <tenon/kernels/index.h>

#include <tenon/kernels/on_device.h>

namespace tenon::kernels {

void index_select(Stream stream, DType dtype, Indexed layout, void* out, const void* a,
    const std::int64_t* index, std::int64_t count, int dim) {
  on_device<cpu::index_select, cuda::index_select>(stream, dtype, layout, out, a, index, count, dim);
}

void index_add(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* index, std::int64_t count) {
  on_device<cpu::index_add, cuda::index_add>(stream, dtype, layout, out, g, index, count);
}

void gather(Stream stream, DType dtype, Indexed layout, void* out, const void* a, const std::int64_t* index,
    std::int64_t count, int dim) {
  on_device<cpu::gather, cuda::gather>(stream, dtype, layout, out, a, index, count, dim);
}

void gather_add(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* index, std::int64_t count) {
  on_device<cpu::gather_add, cuda::gather_add>(stream, dtype, layout, out, g, index, count);
}

void check_indices(Stream stream, const std::int64_t* index, std::int64_t n, std::int64_t least,
    std::int64_t size, int dim, const char* range_error) {
  on_device<cpu::check_indices, cuda::check_indices>(stream, index, n, least, size, dim, range_error);
}

void last_position(
    Stream stream, Indexed layout, std::int64_t* out, const std::int64_t* index, std::int64_t count) {
  on_device<cpu::last_position, cuda::last_position>(stream, layout, out, index, count);
}

void add_integers(Stream stream, Indexed layout, std::int64_t* out, const std::int64_t* g,
    const std::int64_t* index, std::int64_t count) {
  on_device<cpu::add_integers, cuda::add_integers>(stream, layout, out, g, index, count);
}

void growths(Stream stream, std::int64_t n, std::int64_t* out, const std::int64_t* count) {
  on_device<cpu::growths, cuda::growths>(stream, n, out, count);
}

}  // namespace tenon::kernels
