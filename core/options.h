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

constexpr Device::operator Options() const { return {.device = *this}; }

/// PyTorch's names of dtypes. Each is a DType and, as the options of a new tensor, stands for that dtype:
/// zeros({2, 3}, kLong).
struct NamedDType {
  DType dtype;
  constexpr operator DType() const { return dtype; }
  constexpr operator Options() const { return {.dtype = dtype}; }
};
inline constexpr NamedDType kFloat32{DType::float32}, kFloat64{DType::float64}, kInt64{DType::int64},
    kBool{DType::boolean};
inline constexpr NamedDType kFloat = kFloat32, kDouble = kFloat64, kLong = kInt64;

/// ones(2, requires_grad()) is ones(2, {.requires_grad = true}).
constexpr Options requires_grad(bool required = true) { return {.requires_grad = required}; }

}  // namespace tenon
