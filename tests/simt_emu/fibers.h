// Stacks to switch between, and what the sanitizers are told about them. Private to the emulator.
//
// The emulator's files are compiled without -fsanitize=thread, and with SIMT_EMU_TSAN where the kernels have
// it: ThreadSanitizer must see what kernels do, not how they are run. Each fiber is a thread of its own to
// it, and only release() and acquire() order one fiber's work before another's.
#pragma once
#include <cstddef>

#include <boost/context/detail/fcontext.hpp>

namespace simt::emu {

#if defined(SIMT_EMU_TSAN)
inline constexpr bool tsan = true;
#else
inline constexpr bool tsan = false;
#endif

/// Runs `work` each time it is entered and not in the midst of it. Lasts as long as the process.
class Fiber {
 public:
  explicit Fiber(void (*work)());
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Runs it until it leaves or its work is done. Not for fibers.
  void enter();
  /// Goes back to who entered the running fiber, until it is entered again.
  static void leave();

 private:
  static void body(boost::context::detail::transfer_t entered);

  void (*work_)();
  std::byte* stack_;  // its lowest byte
  boost::context::detail::fcontext_t context_;
  void* identity_ = nullptr;  // ThreadSanitizer's
};

/// What was done before release(token) is known to who does acquire(token) later.
void release(void* token);
void acquire(void* token);

/// Tokens that order nothing yet: a kept one would order a block before the next.
class Tokens {
 public:
  void renew(std::size_t count);
  void* operator[](std::size_t i) const { return tokens_ ? tokens_ + 8 * i : nullptr; }

 private:
  char* tokens_ = nullptr;
};

/// ThreadSanitizer does not see what this scope touches. For what reaches the C library or a template that
/// another file may have instantiated with instrumentation.
class Unseen {
 public:
  Unseen();
  ~Unseen();
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
};

}  // namespace simt::emu
