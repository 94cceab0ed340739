#include <tenon/core/float_mode.h>

#include <cfenv>
#include <cfloat>

#include <tenon/core/check.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

static_assert(FLT_EVAL_METHOD == 0, "float expressions must be evaluated in float");

namespace tenon {

void check_float_mode() {
#if defined(__SSE2__)
  const unsigned mode = _mm_getcsr();
  const bool nearest = (mode & 0x6000u) == 0, denormals = (mode & 0x8040u) == 0;  // RC; FTZ and DAZ
#else
  const volatile float least = FLT_MIN;
  const volatile float half = least * 0.5f;
  const bool nearest = std::fegetround() == FE_TONEAREST, denormals = half != 0.0f && half * 2.0f == least;
#endif
  check(nearest, "float mode: this thread does not round to nearest; call std::fesetround(FE_TONEAREST)");
  check(denormals,
      "float mode: this thread flushes denormals to zero; a library built with -Ofast or -ffast-math does "
      "that when it is "
      "loaded");
}

}  // namespace tenon
