// The user's call that a thread is carrying out, for error texts.
#pragma once
#include <utility>

#include <tenon/core/call_site.h>

namespace tenon {

class Call;
/// Null while the thread is not in an operation.
extern TENON_API constinit thread_local const Call* running_call;

/// Declared at the top of an operation. Every error thrown in its scope begins with `name` and ends with the
/// line, however deep in the library it was found. Operations are built from operations: of nested calls the
/// innermost one with a user's line counts, so an operation does not pass its line on.
class Call {
 public:
  Call(const char* name, CallSite site) noexcept : name_(name), site_(site), outer_(running_call) {
    if (!outer_ || site) running_call = this;
  }
  ~Call() { running_call = outer_; }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// For a call that serves several lines in turn.
  void set_site(CallSite site) { site_ = site; }
  const char* name() const { return name_; }
  CallSite site() const { return site_; }

 private:
  const char* name_;
  CallSite site_;
  const Call* outer_;
};

/// Suspends the running call while user code, such as a hook, runs inside it, so that the code's errors are
/// not attributed to the call.
class PausedCall {
 public:
  PausedCall() noexcept : paused_(std::exchange(running_call, nullptr)) {}
  ~PausedCall() { running_call = paused_; }
  PausedCall(const PausedCall&) = delete;
  PausedCall& operator=(const PausedCall&) = delete;

 private:
  const Call* paused_;
};

}  // namespace tenon
