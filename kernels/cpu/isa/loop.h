// Definitions shared by the loops of all families.
#pragma once

#define TENON_INLINE [[gnu::always_inline]] static inline
#define TENON_INLINE_MEMBER [[gnu::always_inline]]

// An operand either is the result itself or does not overlap it, so iterations are independent.
#if defined(__clang__)
#define TENON_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define TENON_INDEPENDENT _Pragma("GCC ivdep")
#endif
