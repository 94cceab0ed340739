// Out of memory at a chosen request. In every test program operator new can be made to throw std::bad_alloc,
// and aligned_alloc, which the library allocates its own blocks with, to return null.
#pragma once
#include <exception>

#include "support/catch.h"

namespace tenon::test {

/// Whether only the chosen request fails, or also all that follow it.
enum class Failing { once, from_then_on };

/// The outcome of a call during which a request was to fail.
struct Attempt {
  bool reached;  // the call made that many requests
  bool threw;
};

namespace detail {
/// From here to disarm(), requests of this thread are counted and fail as chosen. The thread's cache of
/// blocks is disabled meanwhile, so that each block is a request.
void arm(int request, Failing failing) noexcept;
/// Whether a request failed.
bool disarm() noexcept;
/// Whether it is std::bad_alloc or the library's Error about memory.
bool is_about_memory(const std::exception_ptr& thrown);
}  // namespace detail

/// Runs `call` with its request number `request`, counted from 0, failing. Exceptions that are not about
/// memory pass through.
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

/// Runs `call(subject)` for each request that it makes and both kinds of Failing, with that request failing
/// and a new subject from `make()`. If the call throws, `unchanged(subject)` checks the state that it left,
/// and the call is repeated. `done(subject)` checks the result of a call that returned.
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
