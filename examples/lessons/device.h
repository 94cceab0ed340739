// What the lessons about kernels need of CUDA's runtime: arrays in the memory of the GPU, and launches. An
// emulator (tests/simt_emu) stands in for CUDA.
#pragma once
#include <cmath>
#include <stdexcept>
#include <vector>

#include <cuda_runtime_api.h>
#include <tenon/kernels/cuda/simt.h>

/// Numbers in the memory of the GPU. A kernel gets a float* to the first one.
class DeviceArray {
 public:
  explicit DeviceArray(const std::vector<float>& numbers) : size_(numbers.size()) {
    cudaMalloc(&memory_, (size_ + behind) * sizeof(float));
    cudaMemcpyAsync(memory_, numbers.data(), size_ * sizeof(float), cudaMemcpyHostToDevice);
  }
  explicit DeviceArray(std::size_t size) : DeviceArray(std::vector<float>(size)) {}
  ~DeviceArray() { cudaFree(memory_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  operator float*() const { return static_cast<float*>(memory_); }
  /// A copy in the memory of the CPU.
  std::vector<float> numbers() const {
    std::vector<float> all(size_ + behind);
    cudaMemcpyAsync(all.data(), memory_, all.size() * sizeof(float), cudaMemcpyDeviceToHost);
    for (std::size_t i = size_; i < all.size(); ++i)
      if (!std::isnan(all[i]))
        throw std::runtime_error(
            "a thread has written to element " + std::to_string(i) + " of " + std::to_string(size_));
    all.resize(size_);
    return all;
  }

 private:
  // The emulator fills memory with NaN. Some of it behind the array shows whether a thread has been there;
  // AddressSanitizer needs nothing of the kind.
#if defined(__SANITIZE_ADDRESS__)
  static constexpr std::size_t behind = 0;
#else
  static constexpr std::size_t behind = 256;
#endif

  std::size_t size_;
  void* memory_ = nullptr;
};

/// In CUDA: kernel<<<blocks, threads>>>(arguments...)
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), int blocks, int threads, const Arguments&... arguments) {
  if (const int error = simt::launch(nullptr, kernel, blocks, threads, arguments...))
    throw std::runtime_error(cudaGetErrorString(static_cast<cudaError_t>(error)));
}
