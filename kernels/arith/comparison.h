// Comparisons, moves and conversions of elements.
#pragma once
#include <tenon/kernels/arith/operation.h>

namespace tenon::arith {

// Comparisons of two numbers. The result is a boolean, 0 or 1.

struct Eq {
  static constexpr const char* name = "eq";
  template <class T>
  TENON_HOST_DEVICE_MEMBER uint8_t operator()(T a, T b) const {
    return a == b;
  }
};
struct Ne {
  static constexpr const char* name = "ne";
  template <class T>
  TENON_HOST_DEVICE_MEMBER uint8_t operator()(T a, T b) const {
    return a != b;
  }
};
struct Lt {
  static constexpr const char* name = "lt";
  template <class T>
  TENON_HOST_DEVICE_MEMBER uint8_t operator()(T a, T b) const {
    return a < b;
  }
};
struct Le {
  static constexpr const char* name = "le";
  template <class T>
  TENON_HOST_DEVICE_MEMBER uint8_t operator()(T a, T b) const {
    return a <= b;
  }
};
struct Gt {
  static constexpr const char* name = "gt";
  template <class T>
  TENON_HOST_DEVICE_MEMBER uint8_t operator()(T a, T b) const {
    return a > b;
  }
};
struct Ge {
  static constexpr const char* name = "ge";
  template <class T>
  TENON_HOST_DEVICE_MEMBER uint8_t operator()(T a, T b) const {
    return a >= b;
  }
};

using CompareOps = List<Eq, Ne, Lt, Le, Gt, Ge>;

// ---- moving and converting

struct Where {
  static constexpr const char* name = "where";
  template <class T>
  TENON_HOST_DEVICE_MEMBER T operator()(uint8_t condition, T a, T b) const {
    return condition ? a : b;
  }
};

template <int bytes>
struct UnsignedOf;
template <>
struct UnsignedOf<1> {
  using type = uint8_t;
};
template <>
struct UnsignedOf<4> {
  using type = uint32_t;
};
template <>
struct UnsignedOf<8> {
  using type = uint64_t;
};
/// An unsigned integer of T's size, for moving elements as bytes.
template <class T>
using Bytes = typename UnsignedOf<sizeof(T)>::type;

/// A boolean is a byte, 0 or 1; this type distinguishes it from numbers.
struct Bool {
  uint8_t byte;
};

/// Rounds to nearest; conversion to int64 truncates, saturates and turns NaN into 0; conversion to boolean is
/// a != 0.
template <class To>
struct Cast {
  template <class From>
  TENON_HOST_DEVICE_MEMBER To operator()(From a) const {
    return static_cast<To>(a);
  }
};
template <>
struct Cast<int64_t> {
  template <class From>
  TENON_HOST_DEVICE_MEMBER int64_t operator()(From a) const {
    return num::to_int64(a);
  }
};
template <>
struct Cast<bool> {
  template <class From>
  TENON_HOST_DEVICE_MEMBER bool operator()(From a) const {
    return a != From(0);
  }
};
template <>
struct Cast<Bool> {
  template <class From>
  TENON_HOST_DEVICE_MEMBER Bool operator()(From a) const {
    return {a != From(0)};
  }
};

}  // namespace tenon::arith
