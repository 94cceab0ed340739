// The cases of semantics.py: each runs in its own process, `simt_semantics NAME`.
#pragma once
#include <cstddef>
#include <span>

#include <simt_emu/control.h>

/// The expected outcome of a case: "fine", "race", "error: TEXT" (simt::emu::Error), "plain: TEXT" (the same,
/// in a build without sanitizers) or "asan: TEXT" (a report of AddressSanitizer or
/// UndefinedBehaviorSanitizer), where TEXT is part of the report.
struct Case {
  const char* name;
  const char* want;
  void (*body)();
};
std::span<const Case> kernel_cases();
std::span<const Case> race_cases();
std::span<const Case> runtime_cases();
std::span<const Case> wgmma_cases();
std::span<const Case> barrier_cases();
std::span<const Case> copy_cases();
std::span<const Case> tensor_map_cases();
std::span<const Case> cluster_cases();

/// Ends the process if a result is wrong.
void expect(bool right, const char* what);
#define EXPECT(...) expect((__VA_ARGS__), #__VA_ARGS__)

/// Pinned memory, which both host and kernels may access. Never freed.
template <class T = float>
T* memory(std::size_t count) {
  void* all = nullptr;
  EXPECT(cudaMallocHost(&all, count * sizeof(T)) == cudaSuccess);
  T* const items = static_cast<T*>(all);
  for (std::size_t i = 0; i < count; ++i) items[i] = T(0);
  return items;
}
