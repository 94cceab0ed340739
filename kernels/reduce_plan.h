// Splits a reduction into kept and reduced dimensions for the kernels.
#pragma once
#include <tenon/kernels/dims.h>
#include <tenon/kernels/reduce.h>

namespace tenon::kernels {

/// The kept and the reduced dimensions of a reduction; neighbouring dimensions are merged where the strides
/// of both operands allow it.
struct ReductionPlan {
  Dims<2> kept, reduced;
  std::int64_t outputs, length;

  ReductionPlan(const Shape& shape, std::uint32_t dims, const LoopOperand& a, const LoopOperand& b) {
    std::int64_t steps[max_rank][2], dense = 1;
    outputs = length = 1;
    const auto stride = [&](const LoopOperand& operand, int i) {
      return operand.repeats ? 0 : operand.strides ? (*operand.strides)[i] : dense;
    };
    for (int i = shape.rank() - 1; i >= 0; --i) {
      steps[i][0] = stride(a, i);
      steps[i][1] = stride(b, i);
      dense *= shape[i];
    }
    for (int i = 0; i < shape.rank(); ++i) {
      const bool gone = dims >> i & 1;
      (gone ? reduced : kept).push(shape[i], steps[i]);
      (gone ? length : outputs) *= shape[i];
    }
  }
};

/// An operand as a loop reads it; the value of an immediate operand is at `immediate`.
inline LoopOperand reduce_operand(const Operand& operand, const void* immediate) {
  const void* const data = operand.is_immediate() ? immediate : operand.data;
  return {const_cast<char*>(static_cast<const char*>(data)), operand.strides, 0, operand.is_immediate()};
}

}  // namespace tenon::kernels
