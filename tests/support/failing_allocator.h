// Memory that runs out at a chosen request. In every test program operator new can be made to throw
// std::bad_alloc, and aligned_alloc, which the library's own blocks come from, to return null.
#pragma once
#include <exception>

#include "support/catch.h"

namespace tenon::test {

/// Whether one request fails, or that one and all that follow it.
enum class Failing { once, from_then_on };

/// What became of a call whose memory was to run out.
struct Attempt {
  bool reached;  // the call made that many requests
  bool threw;
};

namespace detail {
/// From here to disarm() requests of this thread are counted, and fail as chosen. The thread's cache of
/// blocks is closed meanwhile, so that each block is a request.
void arm(int request, Failing failing) noexcept;
/// True when a request failed.
bool disarm() noexcept;
/// True for std::bad_alloc and for the library's Error about memory.
bool is_about_memory(const std::exception_ptr& thrown);
}  // namespace detail

/// Runs `call` with its request number `request`, from 0, failing. Exceptions that are not about memory pass
/// through.
template <class Call>
Attempt with_failing_request(int request, Failing failing, Call&& call) {
  std::exception_ptr thrown;
  detail::arm(request, failing);
  try {
    call();
  } catch (...) { thrown = std::current_exception(); }
  const bool reached = detail::disarm();
  if (thrown && !(reached && detail::is_about_memory(thrown))) std::rethrow_exception(thrown);
  return {.reached = reached, .threw = thrown != nullptr};
}

/// Lets `call(subject)` run out of memory at each of its requests, one after the other, and every time with a
/// new subject from `make()`. Where the call throws, `unchanged(subject)` looks at what it left behind, and
/// the call is tried again. `done(subject)` looks at the result of a call that returned.
template <class Make, class Call, class Unchanged, class Done>
void for_each_failure(Make make, Call call, Unchanged unchanged, Done done) {
  for (const Failing failing : {Failing::once, Failing::from_then_on}) {
    for (int request = 0;; ++request) {
      INFO(
          "memory request " << request << (failing == Failing::once ? " fails" : " and all later ones fail"));
      auto subject = make();
      const Attempt attempt = with_failing_request(request, failing, [&] { call(subject); });
      if (attempt.threw) {
        unchanged(subject);
        call(subject);
      }
      done(subject);
      if (!attempt.reached) break;
    }
  }
}

}  // namespace tenon::test
