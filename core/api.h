// What every header needs: the language, which symbols a shared tenon exports, and warnings about lifetimes.
#pragma once

// 201709: C++20 as compilers called it before it was published.
#if __cplusplus < 201709L
#error "tenon: needs C++20; compile with -std=c++20"
#endif

#if defined(__FAST_MATH__)
#error "tenon: compile without -ffast-math; its results are defined operation by operation"
#endif

#if defined(TENON_SHARED) && (defined(__GNUC__) || defined(__clang__))
#define TENON_API __attribute__((visibility("default")))
#else
#define TENON_API
#endif

// After a member function whose result ends with the object: clang warns where that is a temporary, as in
// `for (float v : x.to(Device::cpu()).data<float>())`.
#if __has_cpp_attribute(clang::lifetimebound)
#define TENON_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define TENON_LIFETIMEBOUND
#endif
