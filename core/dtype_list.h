// The element types of a tensor, without an include: the kernels that are compiled once per instruction set
// need them too.
#pragma once

namespace tenon {

enum class DType : unsigned char { float32, float64, int64, boolean };
/// How many there are, for arrays with an entry per dtype.
inline constexpr int dtype_count = 4;

}  // namespace tenon
