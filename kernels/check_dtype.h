// The check of a dtype before a kernel is chosen.
#pragma once
#include <tenon/core/dtype.h>

namespace tenon::kernels {

/// Throws, in the name of `op`, unless `dtype` is floating point or, if the operation takes numbers, int64.
inline void check_dtype(const char* op, bool takes_numbers, DType dtype) {
  const auto any = [](auto) {};
  if (is_floating_point(dtype)) return;
  if (takes_numbers) visit_number(op, dtype, any);
  else visit_floating(op, dtype, any);
}

}  // namespace tenon::kernels
