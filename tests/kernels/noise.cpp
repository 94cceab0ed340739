// Compiled without sanitizers, like oracle.cpp.
#include "noise.h"

#include <cmath>
#include <limits>
#include <random>
#include <type_traits>

namespace tenon::test {

template <class T>
void fill_with_noise(T* values, std::int64_t n, Kind kind, std::uint32_t seed) {
  std::mt19937 random(seed);
  constexpr int range = std::is_same_v<T, float> ? 40 : 400;
  for (std::int64_t i = 0; i < n; ++i) {
    T& x = values[i];
    const auto bits = static_cast<std::uint32_t>(random());
    const T unit = static_cast<T>(static_cast<std::int32_t>(bits)) * T(0x1p-31);
    x = unit;
    if (kind == Kind::wide)
      x = std::ldexp(unit, static_cast<int>(random() % (2 * range)) - 2 * range + range / 4);
    if (kind == Kind::special) switch (bits % 64) {
        case 0: x = 0; break;
        case 1: x = -T(0); break;
        case 2: x = std::numeric_limits<T>::denorm_min() * static_cast<T>(random() % 4096); break;
        case 3: x = random() % 16 ? std::numeric_limits<T>::min() : std::numeric_limits<T>::infinity(); break;
        case 4: x = random() % 64 ? T(-1e-22) : std::numeric_limits<T>::quiet_NaN(); break;
        default: break;
      }
  }
}

template void fill_with_noise(float*, std::int64_t, Kind, std::uint32_t);
template void fill_with_noise(double*, std::int64_t, Kind, std::uint32_t);

}  // namespace tenon::test
