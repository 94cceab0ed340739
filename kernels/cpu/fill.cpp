#include <tenon/kernels/fill.h>

#include <tenon/kernels/arith/fill.h>
#include <tenon/kernels/cpu/fill_by_index.h>

namespace tenon::kernels::cpu {

void arange(Stream, DType dtype, std::int64_t n, void* out, double start, double step) {
  visit_number("arange", dtype,
      [&]<class T>(std::type_identity<T>) { fill_by_index<T>(n, out, arith::Arange<T>(start, step)); });
}

void linspace(Stream, DType dtype, std::int64_t n, void* out, double start, double end) {
  visit_floating("linspace", dtype,
      [&]<class T>(std::type_identity<T>) { fill_by_index<T>(n, out, arith::Linspace(start, end, n)); });
}

}  // namespace tenon::kernels::cpu
