// The functions that a compiler calls with -fsanitize=thread and -fsanitize-coverage=trace-pc.
// ThreadSanitizer is not linked: these stand in for it, and record each access and each basic block.
#include <cstddef>
#include <cstdint>

#include <simt_emu/recorder.h>

using simt::emu::Event;

// The return address identifies the instruction, and everything above the hook's own frame is the kernel's.
#define RECORD(event, address, bytes) \
  simt::emu::record(event, __builtin_return_address(0), __builtin_frame_address(0), address, bytes)

extern "C" {

void __sanitizer_cov_trace_pc() { RECORD(Event::block, nullptr, 0); }

void __tsan_init() {}
void __tsan_func_entry(void*) { simt::emu::enter_function(__builtin_frame_address(0)); }
void __tsan_func_exit() { simt::emu::leave_function(__builtin_frame_address(0)); }
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}

#define ACCESSES(bytes)                                                                     \
  void __tsan_read##bytes(void* address) { RECORD(Event::load, address, bytes); }           \
  void __tsan_write##bytes(void* address) { RECORD(Event::store, address, bytes); }         \
  void __tsan_unaligned_read##bytes(void* address) { RECORD(Event::load, address, bytes); } \
  void __tsan_unaligned_write##bytes(void* address) { RECORD(Event::store, address, bytes); }
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)
void __tsan_read_range(void* address, std::size_t bytes) { RECORD(Event::load, address, bytes); }
void __tsan_write_range(void* address, std::size_t bytes) { RECORD(Event::store, address, bytes); }

// Atomic operations are replaced by calls, which must also perform them. Whatever order is asked for, the
// strongest will do: kernels run on one thread.
#define FETCH(bits, T, operation)                                              \
  T __tsan_atomic##bits##_fetch_##operation(volatile T* place, T value, int) { \
    RECORD(Event::atomic, place, sizeof(T));                                   \
    return __atomic_fetch_##operation(place, value, __ATOMIC_SEQ_CST);         \
  }
#define ATOMICS(bits, T)                                                                                   \
  T __tsan_atomic##bits##_load(const volatile T* place, int) {                                             \
    RECORD(Event::load, place, sizeof(T));                                                                 \
    return __atomic_load_n(place, __ATOMIC_SEQ_CST);                                                       \
  }                                                                                                        \
  void __tsan_atomic##bits##_store(volatile T* place, T value, int) {                                      \
    RECORD(Event::store, place, sizeof(T));                                                                \
    __atomic_store_n(place, value, __ATOMIC_SEQ_CST);                                                      \
  }                                                                                                        \
  T __tsan_atomic##bits##_exchange(volatile T* place, T value, int) {                                      \
    RECORD(Event::atomic, place, sizeof(T));                                                               \
    return __atomic_exchange_n(place, value, __ATOMIC_SEQ_CST);                                            \
  }                                                                                                        \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile T* place, T* expected, T value, int, int) {   \
    RECORD(Event::atomic, place, sizeof(T));                                                               \
    return __atomic_compare_exchange_n(place, expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
  }                                                                                                        \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile T* place, T* expected, T value, int, int) {     \
    RECORD(Event::atomic, place, sizeof(T));                                                               \
    return __atomic_compare_exchange_n(place, expected, value, true, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);  \
  }                                                                                                        \
  FETCH(bits, T, add)                                                                                      \
  FETCH(bits, T, sub)                                                                                      \
  FETCH(bits, T, and)                                                                                      \
  FETCH(bits, T, or)                                                                                       \
  FETCH(bits, T, xor)
ATOMICS(8, std::uint8_t)
ATOMICS(16, std::uint16_t)
ATOMICS(32, std::uint32_t)
ATOMICS(64, std::uint64_t)
void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void __tsan_atomic_signal_fence(int) {}

}  // extern "C"
