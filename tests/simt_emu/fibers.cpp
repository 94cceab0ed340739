// Boost.Context switches the stacks; the rest tells AddressSanitizer which stack is active and
// ThreadSanitizer which of its threads is running.
#include <simt_emu/fibers.h>

#include <sys/mman.h>

#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(SIMT_EMU_TSAN)
#include <sanitizer/tsan_interface.h>
extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
// Fibers never end, and ThreadSanitizer would wait a second for unfinished threads when the process exits.
const char* __tsan_default_options() { return "atexit_sleep_ms=0"; }
}
#endif

namespace simt::emu {

namespace {

namespace context = boost::context::detail;

constexpr std::size_t page = 4096, stack_bytes = 256 * 1024;

Fiber* running_fiber = nullptr;
context::fcontext_t outside;  // the context that entered the running fiber
#if defined(__SANITIZE_ADDRESS__)
const void* outside_stack = nullptr;
std::size_t outside_bytes = 0;
#endif
#if defined(SIMT_EMU_TSAN)
void* outside_identity = nullptr;
#endif

/// The first page is a guard page.
std::byte* make_stack() {
  void* const memory =
      mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, page, PROT_NONE) != 0) throw std::bad_alloc();
  return static_cast<std::byte*>(memory);
}

/// Offsets the stacks: if all started at the same offset in a page, they would compete for a few cache lines.
std::size_t next_colour() {
  static std::size_t made = 0;
  return made++ * 7 % 32 * 128;
}

}  // namespace

Fiber::Fiber(void (*work)()) : work_(work), stack_(make_stack()) {
  const std::size_t used = stack_bytes - next_colour();
  context_ = context::make_fcontext(stack_ + used, used - page, body);
#if defined(SIMT_EMU_TSAN)
  identity_ = __tsan_create_fiber(0);
#endif
}

void Fiber::body(context::transfer_t entered) {
  outside = entered.fctx;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &outside_stack, &outside_bytes);
#endif
  for (const Fiber* const self = running_fiber;;) {
    self->work_();
    leave();
  }
}

void Fiber::enter() {
  running_fiber = this;
#if defined(__SANITIZE_ADDRESS__)
  void* fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&fake_stack, stack_, stack_bytes);
#endif
#if defined(SIMT_EMU_TSAN)
  outside_identity = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(identity_, __tsan_switch_to_fiber_no_sync);
#endif
  context_ = context::jump_fcontext(context_, nullptr).fctx;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
}

void Fiber::leave() {
#if defined(__SANITIZE_ADDRESS__)
  void* fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&fake_stack, outside_stack, outside_bytes);
#endif
#if defined(SIMT_EMU_TSAN)
  __tsan_switch_to_fiber(outside_identity, __tsan_switch_to_fiber_no_sync);
#endif
  outside = context::jump_fcontext(outside, nullptr).fctx;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake_stack, &outside_stack, &outside_bytes);  // perhaps another host thread
#endif
}

void Tokens::renew(std::size_t count) {
  if constexpr (tsan) {
    std::free(tokens_);  // ThreadSanitizer forgets the state of freed memory
    tokens_ = static_cast<char*>(std::malloc(8 * count));
  }
}

#if defined(SIMT_EMU_TSAN)
void release(void* token) { __tsan_release(token); }
void acquire(void* token) { __tsan_acquire(token); }
Unseen::Unseen() {
  AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}
Unseen::~Unseen() {
  AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
  AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}
#else
void release(void*) {}
void acquire(void*) {}
Unseen::Unseen() {}
Unseen::~Unseen() {}
#endif

}  // namespace simt::emu
