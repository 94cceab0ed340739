// Thread-local switches of the tape, changed by guards only.
#pragma once
#include <tenon/core/api.h>

namespace tenon {

namespace autograd {

struct Mode {
  bool record = true;
  bool anomaly = false;
};
/// A variable, because every operation asks: a load, where a function would be a call.
extern TENON_API constinit thread_local Mode current_mode;
inline Mode& mode() noexcept { return current_mode; }

/// Restores what it found, whatever happens in between.
class ModeGuard {
 public:
  explicit ModeGuard(Mode changed) noexcept : before_(mode()) { mode() = changed; }
  ~ModeGuard() { mode() = before_; }
  ModeGuard(const ModeGuard&) = delete;
  ModeGuard& operator=(const ModeGuard&) = delete;

 private:
  Mode before_;
};

}  // namespace autograd

/// True when operations of this thread are recorded.
inline bool grad_enabled() noexcept { return autograd::mode().record; }

/// In its scope this thread records nothing.
struct NoGradGuard : autograd::ModeGuard {
  NoGradGuard() noexcept : ModeGuard({.record = false, .anomaly = autograd::mode().anomaly}) {}
};
/// In its scope this thread records, inside a NoGradGuard too.
struct EnableGradGuard : autograd::ModeGuard {
  EnableGradGuard() noexcept : ModeGuard({.record = true, .anomaly = autograd::mode().anomaly}) {}
};
/// In its scope an operation of this thread whose result or gradient is the first to hold a NaN throws an
/// Error that names the operation and the line that called it. Slow: every value is looked at.
struct AnomalyGuard : autograd::ModeGuard {
  AnomalyGuard() noexcept : ModeGuard({.record = autograd::mode().record, .anomaly = true}) {}
};

}  // namespace tenon
