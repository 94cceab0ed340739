// Markers for functions that are compiled for both the CPU and CUDA. Everything here has internal linkage,
// because the files compiled once per instruction set use it too (see kernels/cpu/isa/table.h).
#pragma once

#if defined(__FAST_MATH__)
#error "tenon: compile without -ffast-math; its results are defined operation by operation"
#endif

#if defined(__CUDACC__)
#define TENON_HOST_DEVICE __host__ __device__ __forceinline__
#define TENON_HOST_DEVICE_MEMBER __host__ __device__ __forceinline__
#else
#define TENON_HOST_DEVICE [[gnu::always_inline]] static inline
#define TENON_HOST_DEVICE_MEMBER [[gnu::always_inline]] inline
#endif
