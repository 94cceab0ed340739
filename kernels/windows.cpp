#include <tenon/kernels/windows.h>

#include <tenon/kernels/on_device.h>

namespace tenon::kernels {

void unfold(Stream stream, DType dtype, Windows windows, void* out, const void* a) {
  on_device<cpu::unfold, cuda::unfold>(stream, dtype, windows, out, a);
}

void fold(Stream stream, DType dtype, Windows windows, void* out, const void* a) {
  on_device<cpu::fold, cuda::fold>(stream, dtype, windows, out, a);
}

void argmax_windows(Stream stream, DType dtype, Windows windows, std::int64_t* index, const void* a) {
  on_device<cpu::argmax_windows, cuda::argmax_windows>(stream, dtype, windows, index, a);
}

}  // namespace tenon::kernels
