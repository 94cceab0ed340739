// The call of the user's that a thread is carrying out, for the texts of errors.
#pragma once
#include <utility>

#include <tenon/core/call_site.h>

namespace tenon {

class Call;
/// Null while the thread is in no operation.
extern TENON_API constinit thread_local const Call* running_call;

/// Stands at the top of an operation. Every error thrown while it lives begins with `name` and ends with the
/// line, however deep in the library it was found. Operations are built from operations: of nested calls the
/// innermost counts that has a line of the user's, so an operation does not hand its line on.
class Call {
 public:
  Call(const char* name, CallSite site) noexcept : name_(name), site_(site), outer_(running_call) {
    if (!outer_ || site) running_call = this;
  }
  ~Call() { running_call = outer_; }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// For a call that serves several lines, one after the other.
  void set_site(CallSite site) { site_ = site; }
  const char* name() const { return name_; }
  CallSite site() const { return site_; }

 private:
  const char* name_;
  CallSite site_;
  const Call* outer_;
};

/// While the user's own code runs inside a call, a hook for one: its errors are not the call's.
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
