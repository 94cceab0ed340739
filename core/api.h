// What every header needs: the C++20 check, symbol visibility for a shared library, and lifetime warnings.
#pragma once

// 201709 is the value of __cplusplus for C++20 in compilers that predate its publication.
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

// For a member function whose result refers to the object: clang warns if the object is a temporary, as in
// `for (float v : x.to(Device::cpu()).data<float>())`.
#if __has_cpp_attribute(clang::lifetimebound)
#define TENON_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define TENON_LIFETIMEBOUND
#endif
