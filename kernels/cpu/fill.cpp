#include <tenon/kernels/fill.h>

#include <tenon/core/parallel.h>
#include <tenon/kernels/cpu/dispatch.h>

namespace tenon::kernels::cpu {
namespace {

constexpr std::int64_t grain = 32768;

}  // namespace

void arange(Stream, DType dtype, std::int64_t n, void* out, double start, double step) {
  visit_number("arange", dtype, [&]<class T>(std::type_identity<T>) {
    const arith::Arange<T> values(start, step);
    parallel_for(n, grain, [&](std::int64_t begin, std::int64_t end) {
      cpu_table().fill<T>().arange(begin, end, static_cast<T*>(out), values);
    });
  });
}

void linspace(Stream, DType dtype, std::int64_t n, void* out, double start, double end) {
  visit_floating("linspace", dtype, [&]<class T>(std::type_identity<T>) {
    const arith::Linspace values(start, end, n);
    parallel_for(n, grain, [&](std::int64_t first, std::int64_t last) {
      cpu_table().fill<T>().linspace(first, last, static_cast<T*>(out), values);
    });
  });
}

}  // namespace tenon::kernels::cpu
