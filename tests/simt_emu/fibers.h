// Stacks to switch between, and the annotations for the sanitizers. Private to the emulator.
//
// The emulator's files are compiled without -fsanitize=thread, and with SIMT_EMU_TSAN where the kernels are
// compiled with it: ThreadSanitizer must see the kernels' memory accesses, not the emulator's. To
// ThreadSanitizer each fiber is a separate thread, and only release() and acquire() order the work of fibers.
#pragma once
#include <cstddef>

#include <boost/context/detail/fcontext.hpp>

namespace simt::emu {

#if defined(SIMT_EMU_TSAN)
inline constexpr bool tsan = true;
#else
inline constexpr bool tsan = false;
#endif

/// Runs `work` each time it is entered, unless it is resumed in the middle. Lives as long as the process.
class Fiber {
 public:
  explicit Fiber(void (*work)());
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Runs the fiber until it leaves or its work is done. Must not be called from a fiber.
  void enter();
  /// Returns from the running fiber to its caller, until it is entered again.
  static void leave();

 private:
  static void body(boost::context::detail::transfer_t entered);

  void (*work_)();
  std::byte* stack_;  // its lowest byte
  boost::context::detail::fcontext_t context_;
  void* identity_ = nullptr;  // ThreadSanitizer's
};

/// Everything before release(token) happens before everything after a later acquire(token).
void release(void* token);
void acquire(void* token);

/// Fresh tokens that order nothing yet: a reused token would order one block before the next.
class Tokens {
 public:
  void renew(std::size_t count);
  void* operator[](std::size_t i) const { return tokens_ ? tokens_ + 8 * i : nullptr; }

 private:
  char* tokens_ = nullptr;
};

/// Hides accesses in this scope from ThreadSanitizer: for calls of the C library, and of templates that
/// another file may have instantiated with instrumentation.
class Unseen {
 public:
  Unseen();
  ~Unseen();
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
};

}  // namespace simt::emu
