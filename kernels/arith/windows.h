// How windows lie on an image.
#pragma once
#include <stdint.h>

#include <tenon/kernels/arith/host_device.h>

namespace tenon::arith {

/// The windows along one dimension of an image: element k < kernel of window o is at place(o, k), which may
/// be beside the image, that is, not in [0, size).
struct WindowAxis {
  int64_t size, kernel, stride, padding, dilation, windows;

  TENON_HOST_DEVICE_MEMBER int64_t place(int64_t o, int64_t k) const {
    return o * stride + k * dilation - padding;
  }
};
/// The windows of dense images a[planes, h.size, w.size].
struct Windows {
  int64_t planes;
  WindowAxis h, w;
};

}  // namespace tenon::arith
