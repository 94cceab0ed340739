// Products of float32 that set_float32_matmul_precision lets tensor cores compute.
#pragma once
#include <tenon/kernels/matmul.h>
#include <tenon/kernels/cuda/matmul/product.cuh>

namespace tenon::kernels::cuda {

/// Computes a product on tensor cores if the precision that is asked for, the device, the shape and the build
/// (TENON_TENSOR_CORES) allow it; otherwise false, and nothing is done.
bool launch_tensor_cores(Stream stream, const Product<float>& p, const Batch& batch);
inline bool launch_tensor_cores(Stream, const Product<double>&, const Batch&) { return false; }

}  // namespace tenon::kernels::cuda
