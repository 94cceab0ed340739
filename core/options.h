// Options for creating tensors.
#pragma once
#include <tenon/core/device.h>
#include <tenon/core/dtype.h>

namespace tenon {

struct Options {
  DType dtype = DType::float32;
  Device device{};
  bool requires_grad = false;
};

}  // namespace tenon
