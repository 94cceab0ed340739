#include "peers.h"

#include <cstdlib>

#include <cuda_runtime_api.h>
#include <fmt/format.h>
#if defined(TENON_BENCH_CUBLAS)
#include <cublas_v2.h>
#endif
#if defined(TENON_BENCH_CURAND)
#include <curand.h>
#endif

#include "kernels.h"

using namespace tenon;

namespace bench {
namespace {

/// tenon's default stream, so that everything runs in its order.
cudaStream_t stream() { return static_cast<cudaStream_t>(Stream::current(Device::cuda()).native_handle()); }
Tensor on_device(const Shape& shape, DType dtype = DType::float32) {
  return empty(shape, {.dtype = dtype, .device = Device::cuda()});
}
std::string version_text(int version) {
  return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

#if defined(TENON_BENCH_CUBLAS)
void check_cublas(cublasStatus_t status) {
  check(status == CUBLAS_STATUS_SUCCESS, "cuBLAS: {}", cublasGetStatusString(status));
}

cublasHandle_t cublas_handle() {
  static const cublasHandle_t handle = [] {
    cublasHandle_t made = nullptr;
    check_cublas(cublasCreate(&made));
    check_cublas(cublasSetStream(made, stream()));
    // Full float32: TF32 must be enabled explicitly. The pedantic mode would disable the fastest kernels.
    check_cublas(cublasSetMathMode(made, CUBLAS_DEFAULT_MATH));
    return made;
  }();
  return handle;
}

/// cuBLAS is column-major, so it sees the transposed matrices: C^T = B^T A^T.
void multiply(const Tensor& a, const Tensor& b, const Tensor& c) {
  const auto m = static_cast<int>(a.size(0)), k = static_cast<int>(a.size(1)),
             n = static_cast<int>(b.size(1));
  const bool at = is_transposed(a), bt = is_transposed(b);
  const int a_leading = at ? m : k, b_leading = bt ? k : n;
  const float one = 1, zero = 0;
  if (n == 1) {
    check_cublas(cublasSgemv(cublas_handle(), at ? CUBLAS_OP_N : CUBLAS_OP_T, at ? m : k, at ? k : m, &one,
        a.ptr<float>(), a_leading, b.ptr<float>(), 1, &zero, c.ptr<float>(), 1));
  } else if (c.dtype() == DType::float64) {
    const double wide_one = 1, wide_zero = 0;
    check_cublas(cublasDgemm(cublas_handle(), bt ? CUBLAS_OP_T : CUBLAS_OP_N, at ? CUBLAS_OP_T : CUBLAS_OP_N,
        n, m, k, &wide_one, b.ptr<double>(), b_leading, a.ptr<double>(), a_leading, &wide_zero,
        c.ptr<double>(), n));
  } else {
    check_cublas(cublasSgemm(cublas_handle(), bt ? CUBLAS_OP_T : CUBLAS_OP_N, at ? CUBLAS_OP_T : CUBLAS_OP_N,
        n, m, k, &one, b.ptr<float>(), b_leading, a.ptr<float>(), a_leading, &zero, c.ptr<float>(), n));
  }
}

Library cublas() {
  int version = 0;
  check_cublas(cublasGetVersion(cublas_handle(), &version));
  Library made{"cuBLAS", version_text(version), {}, nullptr};
  const Make product = work([](const Tensors& in) {
    const Tensor c = on_device({in[0].size(0), in[1].size(1)}, in[0].dtype());
    return [&in, c] {
      multiply(in[0], in[1], c);
      return c;
    };
  });
  add_products(made.cases, product);
  return made;
}
#endif

#if defined(TENON_BENCH_CURAND)
Library curand() {
  int version = 0;
  curandGetVersion(&version);
  static curandGenerator_t generator = [] {
    curandGenerator_t made = nullptr;
    check(curandCreateGenerator(&made, CURAND_RNG_PSEUDO_PHILOX4_32_10) == CURAND_STATUS_SUCCESS &&
              curandSetStream(made, stream()) == CURAND_STATUS_SUCCESS,
        "cuRAND: it cannot make a generator");
    return made;
  }();
  const auto fill = [](auto generate) {
    return work([generate](const Tensors& in) {
      return [out = on_device(in[0].shape()), generate] {
        check(generate(out.ptr<float>(), static_cast<std::size_t>(out.numel())) == CURAND_STATUS_SUCCESS,
            "cuRAND: it cannot generate numbers");
        return out;
      };
    });
  };
  return {"cuRAND", version_text(version),
      {{"random/randn",
           fill([](float* to, std::size_t n) { return curandGenerateNormal(generator, to, n, 0, 1); })},
          {"random/rand",
              fill([](float* to, std::size_t n) { return curandGenerateUniform(generator, to, n); })}},
      nullptr};
}
#endif

/// sum(temporary, bytes, in, out), with its temporary memory made in advance.
template <class Sum>
Make reduction(Sum sum) {
  return work([sum](const Tensors& in) {
    std::size_t bytes = 0;
    const Tensor& a = in[0];
    const Tensor out = on_device(a.dim() == 1 ? Shape{} : Shape{a.size(0)});
    sum(nullptr, bytes, a, out);
    const Tensor temporary = on_device({static_cast<std::int64_t>(bytes / 8 + 1)}, DType::int64);
    return [&a, out, temporary, bytes, sum]() mutable {
      check(sum(const_cast<void*>(temporary.raw()), bytes, a, out) == cudaSuccess, "CUB: it cannot sum");
      return out;
    };
  });
}

Library cub() {
  return {"CUB", "of this CUDA toolkit",
      {{"reduce/sum", reduction([](void* temporary, std::size_t& bytes, const Tensor& a, const Tensor& out) {
          return cub_sum(temporary, bytes, a.ptr<float>(), out.ptr<float>(), a.numel(), stream());
        })},
          {"reduce/sum_rows",
              reduction([](void* temporary, std::size_t& bytes, const Tensor& a, const Tensor& out) {
                return cub_sum_rows(
                    temporary, bytes, a.ptr<float>(), out.ptr<float>(), a.size(0), a.size(1), stream());
              })}},
      nullptr};
}

}  // namespace

std::vector<const Library*> cuda_libraries() {
  static const std::vector<Library> found = [] {
    std::vector<Library> all;
#if defined(TENON_BENCH_CUBLAS)
    // It may make cuBLAS compute with less than float32 precision, which would not be comparable.
    if (std::getenv("NVIDIA_TF32_OVERRIDE"))
      fmt::print(stderr, "no cuBLAS, as NVIDIA_TF32_OVERRIDE is set\n");
    else all.push_back(cublas());
#endif
#if defined(TENON_BENCH_CURAND)
    all.push_back(curand());
#endif
    all.push_back(cub());
    return all;
  }();
  std::vector<const Library*> pointers;
  for (const Library& library : found) pointers.push_back(&library);
  return pointers;
}

}  // namespace bench
