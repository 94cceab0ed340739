// The floating-point mode that all results depend on.
#pragma once
#include <tenon/core/api.h>

namespace tenon {

/// Throws Error unless this thread rounds to nearest and keeps denormals. Linking code compiled with -Ofast
/// or -ffast-math changes the mode of the thread that loads it, and new threads inherit it.
TENON_API void check_float_mode();

}  // namespace tenon
