#include <tenon/kernels/softmax.h>

#include <limits>

#include <tenon/kernels/elementwise.h>
#include <tenon/kernels/on_device.h>
#include <tenon/kernels/reduce.h>

namespace tenon::kernels {

void softmax(Stream stream, Softmax kind, DType dtype, Indexed layout, void* out, const void* a) {
  on_device<cpu::softmax, cuda::softmax>(stream, kind, dtype, layout, out, a);
}

void softmax_backward(
    Stream stream, Softmax kind, DType dtype, Indexed layout, void* out, const void* g, const void* y) {
  on_device<cpu::softmax_backward, cuda::softmax_backward>(stream, kind, dtype, layout, out, g, y);
}

void log_softmax_at_backward(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* classes, const void* y) {
  on_device<cpu::log_softmax_at_backward, cuda::log_softmax_at_backward>(
      stream, dtype, layout, out, g, classes, y);
}

namespace {

constexpr std::uint32_t along = 0b010;

/// The lowest finite number: exp(-inf - lowest) is 0, where exp(-inf - -inf) is NaN.
double lowest(DType dtype) {
  return visit_floating("softmax", dtype,
      []<class T>(std::type_identity<T>) { return static_cast<double>(std::numeric_limits<T>::lowest()); });
}

}  // namespace

void SoftmaxSteps::forward(Softmax kind, void* out, const void* a, void* values, void* room) const {
  const bool log = kind == Softmax::log, or_zeros = kind == Softmax::or_zeros;
  const Shape lines = {shape[0] * shape[2]};
  const Operand value(values, across);
  void* const powers = log ? room : out;
  reduce(stream, arith::Amax(), dtype, shape, along, values, a, a, 1);
  if (or_zeros) binary(stream, arith::Maximum(), dtype, lines, values, values, lowest(dtype));
  binary(stream, arith::Sub(), dtype, shape, out, a, value);
  unary(stream, arith::Exp(), dtype, shape, powers, out);
  reduce(stream, arith::Sum(), dtype, shape, along, values, powers, powers, 1);
  if (log) {
    unary(stream, arith::Log(), dtype, lines, values, values);
    binary(stream, arith::Sub(), dtype, shape, out, out, value);
    return;
  }
  // A sum that is not 0 contains exp(0).
  if (or_zeros) binary(stream, arith::Maximum(), dtype, lines, values, values, 1.0);
  binary(stream, arith::Div(), dtype, shape, out, out, value);
}

void SoftmaxSteps::backward(
    Softmax kind, void* out, const void* g, const void* y, void* values, void* room) const {
  const Operand value(values, across);
  if (kind == Softmax::log) {
    reduce(stream, arith::Sum(), dtype, shape, along, values, g, g, 1);
    unary(stream, arith::Exp(), dtype, shape, out, y);
    binary(stream, arith::Mul(), dtype, shape, out, out, value);
    binary(stream, arith::Sub(), dtype, shape, out, g, out);
    return;
  }
  binary(stream, arith::Mul(), dtype, shape, out, g, y);
  reduce(stream, arith::Sum(), dtype, shape, along, values, out, out, 1);
  binary(stream, arith::Mul(), dtype, shape, room, y, value);
  binary(stream, arith::Sub(), dtype, shape, out, out, room);
}

}  // namespace tenon::kernels
