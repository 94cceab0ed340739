#include <simt_emu/counters_kernels.h>

#include <stdexcept>

#include <simt_emu/control.h>

namespace counted {
namespace {

/// Device memory, filled with bytes 1.
template <class T>
class Buffer {
 public:
  explicit Buffer(std::size_t count) {
    void* memory = nullptr;
    if (cudaMalloc(&memory, count * sizeof(T)) != cudaSuccess) throw std::runtime_error("cudaMalloc");
    cudaMemsetAsync(memory, 1, count * sizeof(T), nullptr);
    items_ = static_cast<T*>(memory);
  }
  ~Buffer() { cudaFree(items_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  operator T*() const { return items_; }
  T first() const {
    T value;
    cudaMemcpyAsync(&value, items_, sizeof value, cudaMemcpyDeviceToHost, nullptr);
    return value;
  }

 private:
  T* items_;
};

template <class... P, class... A>
KernelCounters counters_of(void (*kernel)(P...), unsigned grid, unsigned threads, const A&... args) {
  simt::emu::start_counting(simt::emu::Trace::first_warp);
  simt::launch(nullptr, kernel, grid, threads, args...);
  return simt::emu::stop_counting().at(0);
}

/// f of an element type of this size.
template <class F>
KernelCounters with_type(unsigned bytes, F f) {
  switch (bytes) {
    case 1: return f(static_cast<unsigned char>(0));
    case 4: return f(0.0f);
    case 8: return f(float2{});
    case 16: return f(float4{});
  }
  throw std::runtime_error("no such type");
}

template <class T>
__global__ void copy_elements(T* out, const T* in, unsigned n, unsigned stride, unsigned first) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = in[first + i * stride];
}

template <class T>
__global__ void exchange_elements(unsigned stride) {
  SIMT_SHARED(tile, float[4096]);
  T& mine = reinterpret_cast<T*>(tile)[threadIdx.x * stride];
  mine = T{};
  __syncthreads();
  T copy = mine;
  asm volatile("" : : "r"(&copy) : "memory");  // the load is needed
}

__global__ void store_some(float* out, unsigned threads, unsigned times) {
  if (threadIdx.x < threads)
    for (unsigned i = 0; i < times; ++i) out[i * 32 + threadIdx.x] = 2;
}

__global__ void store_alternately(float* even, float* odd, unsigned times) {
  for (unsigned i = 0; i < times; ++i) {
    if ((i + threadIdx.x) % 2 == 0) even[threadIdx.x] = static_cast<float>(i);
    else odd[threadIdx.x] = static_cast<float>(2 * i);
  }
}

__global__ void store_triangle(float* out, unsigned times) {
  for (unsigned t = 0; t < times; ++t) {
    for (unsigned i = 0; i < threadIdx.x; ++i) out[i * 32 + threadIdx.x] = 3;
    out[threadIdx.x] = 4;
  }
}

// Functions below the kernels in memory.
[[gnu::noinline, gnu::section(".text.below")]] float load_twice(const float* in) {
  const float a = in[threadIdx.x];
  simt::compiler_fence();
  return a + in[threadIdx.x];
}
__global__ void call_in_half(float* out, const float* in) {
  float v = 0;
  if (threadIdx.x >= 16) v = load_twice(in);
  out[threadIdx.x] = v;
}

__global__ void shuffle_and_store(float* out, unsigned times) {
  for (unsigned t = 0; t < times; ++t) {
    float v = 0;
    for (unsigned i = 0; i < (threadIdx.x * 7 + t) % 5; ++i) v = v * 2 + 1;
    v = __shfl_xor_sync(~0u, v, 1);
    out[t * 32 + threadIdx.x] = v;
  }
}

/// Not known as a function to the counters, which take its code for a part of the kernel.
[[gnu::noinline, gnu::no_sanitize("thread"), gnu::section(".text.below")]] float doubled(float v) {
  return 2 * v;
}
template <Meet where>
__global__ void detour(float* out, unsigned times) {
  for (unsigned t = 0; t < times; ++t) {
    float v = 1;
    if ((threadIdx.x + t) % 2 != 0) v = doubled(v);
    if constexpr (where == Meet::barrier) __syncthreads();
    else v = __shfl_xor_sync(~0u, v, 1);
    out[t * 32 + threadIdx.x] = v;
  }
}

__global__ void vote_often(unsigned* out, unsigned times) {
  unsigned votes = 0;
  for (unsigned t = 0; t < times; ++t) votes += __ballot_sync(~0u, (threadIdx.x + t) % 3 == 0);
  if (threadIdx.x == 0) *out = votes;
}

__global__ void add_ones(unsigned* total) {
  SIMT_SHARED(sum, unsigned);
  if (threadIdx.x == 0) sum = 0;
  __syncthreads();
  atomicAdd(&sum, 1u);
  __syncthreads();
  if (threadIdx.x == 0) atomicAdd(total, sum);
}

struct Table {
  float numbers[100];
};
__global__ void look_up(const __grid_constant__ Table table, float* out) {
  static constexpr float factors[] = {1, 2, 3, 4, 5, 6, 7};
  float own[64];
  for (unsigned i = 0; i < 64; ++i) own[i] = table.numbers[(i + threadIdx.x) % 100];
  simt::compiler_fence();
  out[threadIdx.x] = own[threadIdx.x * 3 % 64] * factors[threadIdx.x % 7];
}

__global__ void load_either(float* out, const float* in) {
  SIMT_SHARED(tile, float[32]);
  tile[threadIdx.x] = 1;
  __syncthreads();
  const float* const from = threadIdx.x % 2 ? in : tile;
  out[threadIdx.x] = from[threadIdx.x];
}

__global__ void fail_in_a_block(float* out) {
  out[threadIdx.x] = 1;
  if (blockIdx.x == 1 && threadIdx.x < 16) __syncthreads();
}

}  // namespace

KernelCounters copy(unsigned bytes, unsigned threads, unsigned stride, unsigned first) {
  return with_type(bytes, [&]<class T>(T) {
    const Buffer<T> out(threads), in(first + threads * stride + 1);
    return counters_of(copy_elements<T>, (threads + 63) / 64, 64, out, in, threads, stride, first);
  });
}

KernelCounters exchange(unsigned bytes, unsigned stride) {
  return with_type(bytes, [&]<class T>(T) { return counters_of(exchange_elements<T>, 1, 32, stride); });
}

KernelCounters store_in_some_lanes(unsigned threads, unsigned times) {
  const Buffer<float> out(times * 32);
  return counters_of(store_some, 1, 32, out, threads, times);
}

KernelCounters alternate(unsigned times) {
  const Buffer<float> even(32), odd(32);
  return counters_of(store_alternately, 1, 32, even, odd, times);
}

KernelCounters loops_of_different_lengths(unsigned times) {
  const Buffer<float> out(32 * 32);
  return counters_of(store_triangle, 1, 32, out, times);
}

KernelCounters call_in_half_of_the_lanes() {
  const Buffer<float> out(32), in(32);
  return counters_of(call_in_half, 1, 32, out, in);
}

KernelCounters meet_in_shuffles(unsigned times) {
  const Buffer<float> out(times * 32);
  return counters_of(shuffle_and_store, 1, 32, out, times);
}

KernelCounters meet_after_a_detour(Meet where, unsigned times) {
  const Buffer<float> out(times * 32);
  return counters_of(
      where == Meet::barrier ? detour<Meet::barrier> : detour<Meet::shuffle>, 1, 32, out, times);
}

KernelCounters vote(unsigned times) {
  const Buffer<unsigned> out(1);
  return counters_of(vote_often, 1, 32, out, times);
}

KernelCounters add_atomically(unsigned threads) {
  const Buffer<unsigned> total(1);
  const unsigned before = total.first();
  const KernelCounters counters = counters_of(add_ones, threads / 64, 64, total);
  if (total.first() != before + threads) throw std::runtime_error("a wrong sum");
  return counters;
}

KernelCounters use_local_memory() {
  const Buffer<float> out(64);
  return counters_of(look_up, 1, 64, Table{}, out);
}

KernelCounters load_from_both() {
  const Buffer<float> out(32), in(32);
  return counters_of(load_either, 1, 32, out, in);
}

void fail() {
  const Buffer<float> out(32);
  simt::launch(nullptr, fail_in_a_block, 4, 32, out);
}

}  // namespace counted
