// What the loops of every family use.
#pragma once

#define TENON_INLINE [[gnu::always_inline]] static inline

// An operand is the result itself or does not overlap it: iterations are independent.
#if defined(__clang__)
#define TENON_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define TENON_INDEPENDENT _Pragma("GCC ivdep")
#endif
