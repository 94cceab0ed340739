// The vocabulary of CUDA kernels on the CPU, for tests: one fiber stands for one CUDA thread, and blocks
// (or clusters) run one after another. kernels/cuda/simt.h includes this where nvcc includes CUDA, so kernel
// sources run under the sanitizers; README.md lists the errors that they find and those that they miss. Only
// the functions used by kernels are here.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>

#include <simt_emu/vectors.h>

#if defined(SIMT_EMU_COUNTED)
// Everything inline. g++ inserts no call where a structure that a function returns is stored, as in
// `*place = f(x)`, so that store would be missing.
#define __global__ __attribute__((flatten))
#else
#define __global__
#endif
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__
#define __shared__ static_assert(false, "an object in shared memory is declared with SIMT_SHARED");

#define threadIdx (::simt::emu::self->thread)
#define blockIdx (::simt::emu::running.block)
#define blockDim (::simt::emu::running.block_dim)
#define gridDim (::simt::emu::running.grid_dim)
inline constexpr int warpSize = 32;

// One key per declaration and instantiation, like the object in CUDA.
#define SIMT_SHARED(name, ...)                                   \
  static const char simt_key_of_##name = 0;                      \
  auto& name = *static_cast<std::type_identity_t<__VA_ARGS__>*>( \
      ::simt::emu::shared_object(&simt_key_of_##name, sizeof(__VA_ARGS__), alignof(__VA_ARGS__)))
#define SIMT_SHARED_AT_LAUNCH(name, ...)                         \
  static const char simt_key_of_##name = 0;                      \
  auto& name = *static_cast<std::type_identity_t<__VA_ARGS__>*>( \
      ::simt::emu::shared_object(&simt_key_of_##name, sizeof(__VA_ARGS__), alignof(__VA_ARGS__), true))

namespace simt::emu {

/// An error that the emulator finds in a launch; thrown by simt::launch.
struct Error : std::runtime_error {
  using runtime_error::runtime_error;
};

/// The order in which blocks and ready threads run: ascending if 0, otherwise shuffled.
extern unsigned schedule_seed;

// ---- building blocks

using CallSite = std::source_location;

/// The state of a thread and of its launch that a kernel can read.
struct Self {
  uint3 thread;
  unsigned lane;
  bool fenced;           // by this thread, since its last atomic operation
  bool in_a_collective;  // between meet() and leave()
};
struct Running {
  uint3 block{};
  dim3 block_dim, grid_dim;
  std::size_t shared_at_launch = 0;
  unsigned cluster_size = 1, rank = 0;  // of the block, in its cluster
};
extern Self* self;
extern Running running;

/// Fails if argument number `index` of a kernel contains a pointer to memory that no kernel may access.
void check_pointers(int index, const void* argument, std::size_t bytes);
/// Runs call(made), which calls the kernel.
int run(void* stream, std::size_t shared, const void* kernel, unsigned cluster, unsigned grid,
    unsigned threads, void (*call)(const void*), const void* made);
/// A launch on a given stream, for a graph; returns a cudaError_t.
using Launch = std::function<int(void* stream)>;
bool is_captured(void* stream);
/// Adds a launch to the graph that captures the stream.
int capture(void* stream, const void* kernel, Launch launch);
int replace(void* graph, void* node, const void* kernel, Launch launch);
/// `at_launch`: its memory is what simt::launch_with_shared asked for.
void* shared_object(const void* key, std::size_t bytes, std::size_t alignment, bool at_launch = false);
void barrier(CallSite at);
void fence();
void after_atomic();
[[noreturn]] void fail(const std::string& what, CallSite at);

/// An asynchronous copy of a thread: it happens when the thread waits for it, and not at all otherwise.
struct Copy {
  void* to;
  const void* from;
  bool there;
  int bytes;
};
void begin_copy(const Copy& copy);
void commit_copies();
/// Removes and returns the oldest copy that wait_for_copies with `pending` must wait for; false if there is
/// none.
bool finish_copy(int pending, Copy& copy);

/// The lanes of a mask in one collective. Each contributes a value that the others may read until they leave.
struct Meeting;
struct Value {
  std::uint64_t part[2];
};
Meeting& meet(unsigned mask, const char* op, Value value, CallSite at);
const Value& left_by(const Meeting& meeting, unsigned lane);
/// The lanes that contributed a value other than 0, one bit each. Not in the header, so that each lane's loop
/// over all lanes is not instrumented.
unsigned votes(const Meeting& meeting);
void leave(Meeting& meeting);
/// A meeting that also orders memory.
void meet_and_fence(unsigned mask, const char* op, CallSite at);

/// result(of), where of(lane) is the value contributed by that lane.
template <class T, class F>
auto collective(unsigned mask, const char* op, const T& brought, CallSite at, F&& result) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(Value));
  Value value{};
  __builtin_memcpy(&value, &brought, sizeof(T));
  Meeting& meeting = meet(mask, op, value, at);
  const auto of = [&](unsigned lane) {
    const Value left = left_by(meeting, lane);
    T other;
    __builtin_memcpy(&other, &left, sizeof(T));
    return other;
  };
  const auto answer = result(of);
  leave(meeting);
  return answer;
}

/// A lane outside [first, end) returns the caller's own value.
template <class T>
T shuffle(unsigned mask, const char* op, const T& value, int from, int first, int end, CallSite at) {
  const unsigned source = from < first || from >= end ? self->lane : static_cast<unsigned>(from);
  if ((mask >> source & 1u) == 0) fail("a shuffle reads a lane outside its mask", at);
  return collective(mask, op, value, at, [&](auto of) { return of(source); });
}
/// The first lane of this thread's group of `width` lanes.
inline int group(int width) { return static_cast<int>(self->lane) & ~(width - 1); }

template <class T>
concept Atomic =
    std::is_same_v<T, int> || std::is_same_v<T, unsigned> || std::is_same_v<T, unsigned long long>;

}  // namespace simt::emu

#define SIMT_HERE ::simt::emu::CallSite at = ::simt::emu::CallSite::current()

// ---- barriers and collectives

inline void __syncthreads(SIMT_HERE) { simt::emu::barrier(at); }
inline void __syncwarp(unsigned mask = ~0u, SIMT_HERE) { simt::emu::meet_and_fence(mask, "__syncwarp", at); }
inline void __threadfence() { simt::emu::fence(); }

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, SIMT_HERE) {
  const int first = simt::emu::group(width);
  return simt::emu::shuffle(
      mask, "__shfl_sync", value, first + (source & (width - 1)), first, first + width, at);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, SIMT_HERE) {
  const int from = static_cast<int>(simt::emu::self->lane) ^ lanes;  // lanes of an earlier group can be read
  return simt::emu::shuffle(mask, "__shfl_xor_sync", value, from, 0, simt::emu::group(width) + width, at);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, SIMT_HERE) {
  const int from = static_cast<int>(simt::emu::self->lane + delta);
  return simt::emu::shuffle(mask, "__shfl_down_sync", value, from, 0, simt::emu::group(width) + width, at);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, SIMT_HERE) {
  const int from = static_cast<int>(simt::emu::self->lane) - static_cast<int>(delta);
  return simt::emu::shuffle(mask, "__shfl_up_sync", value, from, simt::emu::group(width), 32, at);
}
inline unsigned __ballot_sync(unsigned mask, int predicate, SIMT_HERE) {
  simt::emu::Meeting& meeting = simt::emu::meet(mask, "__ballot_sync", {{predicate != 0, 0}}, at);
  const unsigned votes = simt::emu::votes(meeting);
  simt::emu::leave(meeting);
  return votes;
}
inline int __any_sync(unsigned mask, int predicate, SIMT_HERE) {
  return __ballot_sync(mask, predicate, at) != 0;
}
inline int __all_sync(unsigned mask, int predicate, SIMT_HERE) {
  return __ballot_sync(mask, predicate, at) == mask;
}

// ---- memory and integers

template <simt::emu::Atomic T>
T atomicAdd(T* place, std::type_identity_t<T> value) {
  const T before = __atomic_fetch_add(place, value, __ATOMIC_RELAXED);
  simt::emu::after_atomic();
  return before;
}
template <simt::emu::Atomic T>
T atomicExch(T* place, std::type_identity_t<T> value) {
  const T before = __atomic_exchange_n(place, value, __ATOMIC_RELAXED);
  simt::emu::after_atomic();
  return before;
}
template <simt::emu::Atomic T>
T atomicCAS(T* place, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
  __atomic_compare_exchange_n(place, &expected, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  simt::emu::after_atomic();
  return expected;
}
template <class T>
requires(simt::emu::Atomic<T> || std::is_same_v<T, long long>) T
    atomicMax(T* place, std::type_identity_t<T> value) {
  T before = value;
  while (!__atomic_compare_exchange_n(place, &before, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED) &&
         before < value) {}
  simt::emu::after_atomic();
  return before;
}

template <class T>
T __ldg(const T* place) {
  return *place;
}
template <class T>
T __ldcg(const T* place) {
  return *place;
}
template <class T>
T __ldcs(const T* place) {
  return *place;
}
template <class T>
void __stcg(T* place, T value) {
  *place = value;
}
template <class T>
void __stcs(T* place, T value) {
  *place = value;
}

inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
inline int __ffs(int bits) { return __builtin_ffs(bits); }
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>(static_cast<std::uint64_t>(a) * b >> 32);
}
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<unsigned long long>(static_cast<Wide>(a) * b >> 64);
}

namespace simt {

inline void compiler_fence() { asm volatile("" ::: "memory"); }

template <int Bytes>
struct alignas(Bytes) CopyUnit {
  unsigned words[Bytes / 4];
};
template <int Bytes>
void copy_async(void* to, const void* from, bool there = true) {
  static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16);
  emu::begin_copy({to, from, there, Bytes});
}
inline void commit_copies() { emu::commit_copies(); }
template <int Pending>
void wait_for_copies() {
  const auto move = []<int Bytes>(const emu::Copy& copy, std::integral_constant<int, Bytes>) {
    using Unit = CopyUnit<Bytes>;
    *static_cast<Unit*>(copy.to) = copy.there ? *static_cast<const Unit*>(copy.from) : Unit{};
  };
  emu::Copy copy;
  while (emu::finish_copy(Pending, copy))
    if (copy.bytes == 16) move(copy, std::integral_constant<int, 16>());
    else if (copy.bytes == 8) move(copy, std::integral_constant<int, 8>());
    else move(copy, std::integral_constant<int, 4>());
}

namespace emu {

/// A kernel and its arguments.
template <class... P>
struct KernelCall {
  void (*kernel)(P...);
  std::tuple<P...> parameters;

  const void* key() const { return reinterpret_cast<const void*>(kernel); }
  /// Returns when the kernel has finished: 0, or the cudaError_t that kept it from running.
  int run(void* stream, std::size_t shared, unsigned cluster, unsigned grid, unsigned threads) const {
    auto check = [index = 0]<class T>(const T& argument) mutable {
      union {
        T value;
      } copy{argument};
#if defined(__GNUC__) && !defined(__clang__)
      // Padding may contain bytes that look like a pointer. Outside a union g++ 12 clears wrong bytes instead
      // of the padding that follows an array of structures of more than 64 bytes.
      __builtin_clear_padding(&copy);
#endif
      check_pointers(++index, &copy, sizeof copy);
    };
    std::apply([&](const P&... argument) { (check(argument), ...); }, parameters);
    return emu::run(
        stream, shared, key(), cluster, grid, threads,
        [](const void* c) {
          const KernelCall& made = *static_cast<const KernelCall*>(c);
          std::apply(made.kernel, made.parameters);
        },
        this);
  }
};

}  // namespace emu

/// Runs kernel(args...), with each argument converted to its parameter's type first, or adds it to the graph
/// that captures the stream.
template <class... P, class... A>
int launch_in_clusters(unsigned cluster, std::size_t shared, void* stream, void (*kernel)(P...),
    unsigned grid, unsigned threads, const A&... args) {
  const emu::KernelCall<P...> call{kernel, std::tuple<P...>(P(args)...)};
  const auto run = [=](void* on) { return call.run(on, shared, cluster, grid, threads); };
  return emu::is_captured(stream) ? emu::capture(stream, call.key(), run) : run(stream);
}
template <class... P, class... A>
int launch_with_shared(std::size_t shared, void* stream, void (*kernel)(P...), unsigned grid,
    unsigned threads, const A&... args) {
  return launch_in_clusters(1, shared, stream, kernel, grid, threads, args...);
}

/// Replaces a launch of `kernel` in an executable graph.
template <class... P, class... A>
int replace(void* graph, void* node, std::size_t shared, void (*kernel)(P...), unsigned grid,
    unsigned threads, const A&... args) {
  const emu::KernelCall<P...> call{kernel, std::tuple<P...>(P(args)...)};
  return emu::replace(
      graph, node, call.key(), [=](void* on) { return call.run(on, shared, 1, grid, threads); });
}

template <class... P, class... A>
int launch(void* stream, void (*kernel)(P...), unsigned grid, unsigned threads, const A&... args) {
  return launch_with_shared(0, stream, kernel, grid, threads, args...);
}

}  // namespace simt

// Hopper's; copies need the barriers.
#include <simt_emu/hopper_barriers.h>

#include <simt_emu/bulk_copies.h>
#include <simt_emu/clusters.h>
#include <simt_emu/tensor_maps.h>
#include <simt_emu/wgmma.h>
