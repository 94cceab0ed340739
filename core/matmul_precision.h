// How precise products of float32 matrices must be.
#pragma once
#include <cstdint>
#include <string_view>

#include <tenon/core/api.h>

namespace tenon {

/// Allows faster float32 products, with PyTorch's words:
///   "highest"  the order and the bits of docs/numerics.md, on every device; the default
///   "high"     about as precise, with other bits: Hopper's tensor cores multiply three bfloat16 pieces
///   "medium"   numbers are rounded to bfloat16, with 8 significant bits; sums are float32
/// For all threads, from the next product on. It is a permission: a product whose device or shape has no
/// such kernel is computed as with "highest". None is built unless TENON_TENSOR_CORES=ON, as the kernel has
/// never run on a card (docs/kernels.md). Throws Error for any other word.
TENON_API void set_float32_matmul_precision(std::string_view precision);
TENON_API std::string_view get_float32_matmul_precision() noexcept;

enum class MatmulPrecision : std::uint8_t { highest, high, medium };
TENON_API MatmulPrecision float32_matmul_precision() noexcept;

}  // namespace tenon
