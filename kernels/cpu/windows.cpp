#include <tenon/kernels/windows.h>

#include <algorithm>

#include <tenon/core/parallel.h>
#include <tenon/kernels/cpu/dispatch.h>

namespace tenon::kernels::cpu {
namespace {

constexpr std::int64_t grain = 32768;

std::int64_t grain_of(std::int64_t elements_per_item) {
  return std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, elements_per_item));
}

}  // namespace

void unfold(Stream, DType dtype, Windows windows, void* out, const void* a) {
  visit_floating("unfold", dtype, [&]<class T>(std::type_identity<T>) {
    parallel_for(windows.planes * windows.h.kernel * windows.w.kernel,
        grain_of(windows.h.windows * windows.w.windows), [&](std::int64_t begin, std::int64_t end) {
          cpu_table().of<T>().windows.unfold(
              windows, begin, end, static_cast<T*>(out), static_cast<const T*>(a));
        });
  });
}

void fold(Stream, DType dtype, Windows windows, void* out, const void* a) {
  visit_floating("fold", dtype, [&]<class T>(std::type_identity<T>) {
    parallel_for(windows.planes * windows.h.size,
        grain_of(windows.h.kernel * windows.w.kernel * windows.w.windows),
        [&](std::int64_t begin, std::int64_t end) {
          cpu_table().of<T>().windows.fold(
              windows, begin, end, static_cast<T*>(out), static_cast<const T*>(a));
        });
  });
}

void argmax_windows(Stream, DType dtype, Windows windows, std::int64_t* index, const void* a) {
  visit_floating("max_pool2d", dtype, [&]<class T>(std::type_identity<T>) {
    parallel_for(windows.planes * windows.h.windows,
        grain_of(windows.h.kernel * windows.w.kernel * windows.w.windows),
        [&](std::int64_t begin, std::int64_t end) {
          cpu_table().of<T>().windows.argmax(windows, begin, end, index, static_cast<const T*>(a));
        });
  });
}

}  // namespace tenon::kernels::cpu
