// The floating-point mode that every result rests on.
#pragma once
#include <tenon/core/api.h>

namespace tenon {

/// Throws Error unless this thread rounds to nearest and keeps denormals. Code compiled with -Ofast or
/// -ffast-math that is linked into a process changes the mode of the thread that loads it, and threads
/// inherit it.
TENON_API void check_float_mode();

}  // namespace tenon
