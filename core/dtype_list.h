// The element types of a tensor, in a header without includes, because the kernels compiled once per
// instruction set need them too.
#pragma once

namespace tenon {

enum class DType : unsigned char { float32, float64, int64, boolean };
/// The number of dtypes, for arrays with one entry per dtype.
inline constexpr int dtype_count = 4;

}  // namespace tenon
