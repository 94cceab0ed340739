// Numbers that kernels are tested with.
#pragma once
#include <cstdint>

namespace tenon::test {

/// ordinary: [-1, 1); wide: exponents that underflow and cancel; special: some infinities, NaN, -0,
/// denormals.
enum class Kind { ordinary, wide, special };
inline constexpr Kind all_kinds[] = {Kind::ordinary, Kind::wide, Kind::special};

/// What a test that repeats itself for each kind goes through.
#if defined(__SANITIZE_THREAD__)  // races are between accesses, which values hardly change
inline constexpr Kind kinds[] = {Kind::special};
#else
inline constexpr auto& kinds = all_kinds;
#endif

/// Values that depend on the seed alone (std distributions differ between libraries).
template <class T>
void fill_with_noise(T* values, std::int64_t n, Kind kind, std::uint32_t seed);

}  // namespace tenon::test
