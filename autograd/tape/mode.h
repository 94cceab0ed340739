// Thread-local switches of the tape, changed only by guards.
#pragma once
#include <tenon/core/api.h>

namespace tenon {

namespace autograd {

struct Mode {
  bool record = true;
  bool anomaly = false;
};
/// A variable, not a function, because every operation reads it.
extern TENON_API constinit thread_local Mode current_mode;
inline Mode& mode() noexcept { return current_mode; }

/// Restores the previous mode on exit from the scope.
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

/// True if operations of this thread are recorded.
inline bool grad_enabled() noexcept { return autograd::mode().record; }

/// In its scope this thread records nothing.
struct NoGradGuard : autograd::ModeGuard {
  NoGradGuard() noexcept : ModeGuard({.record = false, .anomaly = autograd::mode().anomaly}) {}
};
/// PyTorch's name for a NoGradGuard whose results stay without gradients; here they may get some later.
using InferenceMode = NoGradGuard;
/// In its scope this thread records, even inside a NoGradGuard.
struct EnableGradGuard : autograd::ModeGuard {
  EnableGradGuard() noexcept : ModeGuard({.record = true, .anomaly = autograd::mode().anomaly}) {}
};
/// In its scope the first operation of this thread whose result or gradient contains a NaN throws an Error
/// with the operation and the line that called it. Slow: checks every value.
struct AnomalyGuard : autograd::ModeGuard {
  AnomalyGuard() noexcept : ModeGuard({.record = autograd::mode().record, .anomaly = true}) {}
};

}  // namespace tenon
