// What the emulator's files ask of each other. Everything is used with the mutex held, and never destroyed:
// tensors of static lifetime are released after everything else.
#pragma once
#include <mutex>

#include <simt_emu/emulator.h>

namespace simt::emu {

inline constexpr unsigned most_threads = 1024, most_warps = most_threads / 32;

/// Held during a launch and during each call of the runtime.
extern std::mutex emulator_mutex;

// ---- cudart.cpp

/// Device memory may be touched from here to device_ends(), if it returns 0; else it is the error that the
/// launch returns instead of running.
int device_begins(void* stream, const void* kernel);
void device_ends();

// ---- scheduler.cpp

/// The calling thread waits until somebody wakes it. `what`, and the meeting if it is one, are for the report
/// of a deadlock.
void wait(const char* what, CallSite at, const Meeting* meeting);
void wake(unsigned thread);
/// scheduler.cpp:12
std::string text(CallSite at);

// ---- meetings.cpp

struct Meeting {
  unsigned mask, arrived, left;
  const char* op;
  CallSite at;
  void* token;    // of a meeting that orders memory
  Meeting* next;  // in its warp's list of open ones, or in the list of idle ones
  Value values[32];
};
/// A block begins, perhaps after one that was given up.
void forget_meetings();

}  // namespace simt::emu
