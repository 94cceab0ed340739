#include "support/failing_allocator.h"

#include <dlfcn.h>

#include <cerrno>
#include <cstdlib>
#include <new>
#include <string_view>
#include <utility>

#include <tenon/core/check.h>
#include <tenon/core/pool.h>

namespace {

struct State {
  bool armed;
  int left;  // requests before the one that fails
  tenon::test::Failing failing;
  bool failed;
};
constinit thread_local State state{};

/// Whether this request is to fail.
bool runs_out() noexcept {
  if (!state.armed) return false;
  if (state.left > 0) {
    --state.left;
    return false;
  }
  if (state.failed && state.failing == tenon::test::Failing::once) return false;
  state.failed = true;
  return true;
}

/// Calls the next operator new, which ours replaces. Its own allocations are not counted. A sanitizer's
/// operator new records which delete belongs to it.
template <class... Arguments>
void* next(const char* mangled, Arguments... arguments) {
  struct Uncounted {
    bool armed = std::exchange(state.armed, false);
    ~Uncounted() { state.armed = armed; }
  } const uncounted;
  void* const found = dlsym(RTLD_NEXT, mangled);
  if (!found) std::abort();
  return reinterpret_cast<void* (*)(Arguments...)>(found)(arguments...);
}

template <class... Arguments>
void* request(const char* mangled, Arguments... arguments) {
  if (runs_out()) throw std::bad_alloc();
  return next(mangled, arguments...);
}

template <class... Arguments>
void* request_or_null(const char* mangled, Arguments... arguments) noexcept {
  return runs_out() ? nullptr
                    : next<Arguments..., const std::nothrow_t&>(mangled, arguments..., std::nothrow);
}

}  // namespace

void tenon::test::detail::arm(int request, Failing failing) noexcept {
  tenon::pool::close_thread_cache();
  state = {.armed = true, .left = request, .failing = failing, .failed = false};
}

bool tenon::test::detail::disarm() noexcept {
  const bool failed = state.failed;
  state = {};
  tenon::pool::reopen_thread_cache();
  return failed;
}

bool tenon::test::detail::is_about_memory(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) { return true; } catch (const tenon::Error& error) {
    return std::string_view(error.what()).find(": out of memory; ") != std::string_view::npos;
  } catch (...) { return false; }
}

// delete is not replaced: it receives memory from the next operator new.
void* operator new(std::size_t bytes) { return request("_Znwm", bytes); }
void* operator new[](std::size_t bytes) { return request("_Znam", bytes); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return request("_ZnwmSt11align_val_t", bytes, alignment);
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return request("_ZnamSt11align_val_t", bytes, alignment);
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return request_or_null("_ZnwmRKSt9nothrow_t", bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return request_or_null("_ZnamRKSt9nothrow_t", bytes);
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return request_or_null("_ZnwmSt11align_val_tRKSt9nothrow_t", bytes, alignment);
}
void* operator new[](std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return request_or_null("_ZnamSt11align_val_tRKSt9nothrow_t", bytes, alignment);
}

extern "C" void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  void* block = nullptr;
  if (runs_out() || posix_memalign(&block, alignment, bytes) != 0) {
    errno = ENOMEM;
    return nullptr;
  }
  return block;
}
