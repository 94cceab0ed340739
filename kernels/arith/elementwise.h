// The elementwise operations: one type each, whose call operator is its formula for one element. The CPU's
// loops and the CUDA kernels apply the same types. An operation supports the dtypes that its call operator
// accepts. Every value is defined in docs/numerics.md.
#pragma once
#include <tenon/kernels/arith/binary.h>
#include <tenon/kernels/arith/comparison.h>
#include <tenon/kernels/arith/unary.h>

namespace tenon::arith {

using UnaryOp = OneOf<UnaryOps>;
using BinaryOp = OneOf<BinaryOps>;
using TernaryOp = OneOf<TernaryOps>;
using CompareOp = OneOf<CompareOps>;

/// The parameters of an operation, in addition to its operands; it uses as many as it has.
struct Parameters {
  double first = 0, second = 0;
};

/// An operation with its parameters bound in the element type: a function of elements alone.
template <class Op, class T>
struct Bound {
  T first, second;
  template <class... Elements>
  TENON_HOST_DEVICE_MEMBER T operator()(Elements... x) const {
    if constexpr (Op::parameters == 1) return Op()(x..., first);
    else return Op()(x..., first, second);
  }
};
/// The function applied to elements of type T: the operation itself if it has no parameters.
template <class Op, class T>
TENON_HOST_DEVICE auto bind([[maybe_unused]] Parameters p) {
  static_assert(Op::parameters >= 0 && Op::parameters <= 2);
  if constexpr (Op::parameters == 0) return Op();
  else return Bound<Op, T>{Cast<T>()(p.first), Cast<T>()(p.second)};
}

/// True if the operation is defined for elements of type T: its result must be a T, computed without
/// converting the elements.
template <class Op, class T, class... Elements>
inline constexpr bool makes = requires(Elements... x) {
  requires is_same<decltype(Op()(x...)), T>;
};
template <class Op, class T>
inline constexpr bool takes = [] {
  constexpr int operands = UnaryOps::contains<Op>    ? 1
                           : BinaryOps::contains<Op> ? 2
                                                     : 3,
                all = operands + Op::parameters;
  if constexpr (all == 1) return makes<Op, T, T>;
  else if constexpr (all == 2) return makes<Op, T, T, T>;
  else if constexpr (all == 3) return makes<Op, T, T, T, T>;
  else if constexpr (all == 4) return makes<Op, T, T, T, T, T>;
  else return makes<Op, T, T, T, T, T, T>;
}();

}  // namespace tenon::arith
