// Which symbols a shared tenon exports.
#pragma once

#if defined(__FAST_MATH__)
#error "tenon: compile without -ffast-math; its results are defined operation by operation"
#endif

#if defined(TENON_SHARED) && (defined(__GNUC__) || defined(__clang__))
#define TENON_API __attribute__((visibility("default")))
#else
#define TENON_API
#endif
