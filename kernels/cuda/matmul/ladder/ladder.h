// The slower kernels for matrix products, for those who want to see what each step towards the fast one
// brings.
#pragma once
#include <tenon/core/matmul_kernel.h>
#include <tenon/kernels/matmul.h>
#include <tenon/kernels/cuda/matmul/product.cuh>

namespace tenon::kernels::cuda {

using tenon::cuda::MatmulKernel;

/// Computes a product with this kernel if its file is in this folder; false: it is one of matmul.cu.
bool launch_rung(MatmulKernel rung, Stream stream, const Product<float>& p, const Batch& batch);
bool launch_rung(MatmulKernel rung, Stream stream, const Product<double>& p, const Batch& batch);

}  // namespace tenon::kernels::cuda
