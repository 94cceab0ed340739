#include <tenon/core/matmul_kernel.h>

#include <utility>

namespace tenon::cuda {
namespace {

thread_local MatmulKernel chosen = MatmulKernel::automatic;

}  // namespace

MatmulKernelGuard::MatmulKernelGuard(MatmulKernel kernel) noexcept : before_(std::exchange(chosen, kernel)) {}
MatmulKernelGuard::~MatmulKernelGuard() { chosen = before_; }
MatmulKernel matmul_kernel() noexcept { return chosen; }

}  // namespace tenon::cuda
