#include <tenon/kernels/elementwise.h>

#include <cstring>

#include <tenon/core/cuda/backend.h>
#include <tenon/kernels/cpu/dispatch.h>
#include <tenon/kernels/cpu/walk.h>

namespace tenon::kernels {
namespace {

using cpu::Layout;
using tenon::cuda::built_with_cuda;

// Elements that are worth a thread: of one or two operations, and of a function.
constexpr std::int64_t simple_grain = 32768, function_grain = 8192;

/// An operand; an immediate one is held as an element for as long as the call lasts.
struct Input : Slot {
  [[gnu::always_inline]] Input(const Operand& operand, DType dtype, const Shape& shape)
      : Slot{const_cast<char*>(static_cast<const char*>(operand.data)), operand.strides,
            static_cast<std::int64_t>(size_of(dtype)), false} {
    if (operand.is_immediate()) {
      set(operand.value, dtype);
    } else if (strides && operand.is_one_value(shape)) {
      strides = nullptr;
      repeats = true;
    }
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

 private:
  void set(double x, DType dtype) {
    switch (dtype) {
      case DType::float32: put(static_cast<float>(x)); break;
      case DType::float64: put(x); break;
      case DType::int64: put(num::to_int64(x)); break;
      case DType::boolean: put(static_cast<std::uint8_t>(x != 0)); break;
    }
    data = value_;
    strides = nullptr;
    repeats = true;
  }
  template <class T>
  void put(T x) {
    std::memcpy(value_, &x, sizeof x);
  }

  alignas(8) char value_[8];
};

Slot output(const Result& out, DType dtype) {
  return {static_cast<char*>(out.data), out.strides, static_cast<std::int64_t>(size_of(dtype)), false};
}

int index(DType dtype) { return static_cast<int>(dtype); }

template <class Loop>
void check_dtype(Loop loop, const char* op, DType dtype) {
  check(loop != nullptr, "{}: not defined for {}", op, dtype);
}
template <class Loop, std::size_t N>
Loop floating_loop(const Loop (&loops)[N], const char* op, DType dtype) {
  check(is_floating_point(dtype), "{}: not defined for {}", op, dtype);
  return loops[index(dtype)];
}

}  // namespace

void unary(Stream stream, Unary op, DType dtype, const Shape& shape, Result out, Operand a) {
  const int at = static_cast<int>(op);
  const cpu::UnaryLoop loop = cpu::cpu_table().unary[index(dtype)][at];
  check_dtype(loop, unary_names[at], dtype);
  if constexpr (built_with_cuda)
    if (stream.device().is_cuda()) return cuda::unary(unary_names[at], stream, op, dtype, shape, out, a);
  const Input x(a, dtype, shape);
  const bool function = op >= Unary::exp && op <= Unary::sigmoid;
  walk(shape, function ? function_grain : simple_grain, loop, output(out, dtype), x);
}

void binary(Stream stream, Binary op, DType dtype, const Shape& shape, Result out, Operand a, Operand b) {
  const int at = static_cast<int>(op);
  const cpu::BinaryLoop loop = cpu::cpu_table().binary[index(dtype)][at];
  check_dtype(loop, binary_names[at], dtype);
  if constexpr (built_with_cuda)
    if (stream.device().is_cuda()) return cuda::binary(binary_names[at], stream, op, dtype, shape, out, a, b);
  const Input x(a, dtype, shape), y(b, dtype, shape);
  walk(shape, op == Binary::pow ? function_grain : simple_grain, loop, output(out, dtype), x, y);
}

void compare(Stream stream, Compare op, DType dtype, const Shape& shape, Result out, Operand a, Operand b) {
  if constexpr (built_with_cuda)
    if (stream.device().is_cuda()) return cuda::compare(stream, op, dtype, shape, out, a, b);
  const cpu::BinaryLoop loop = cpu::cpu_table().compare[index(dtype)][static_cast<int>(op)];
  const Input x(a, dtype, shape), y(b, dtype, shape);
  walk(shape, simple_grain, loop, output(out, DType::boolean), x, y);
}

void where(
    Stream stream, DType dtype, const Shape& shape, Result out, Operand condition, Operand a, Operand b) {
  if constexpr (built_with_cuda)
    if (stream.device().is_cuda()) return cuda::where(stream, dtype, shape, out, condition, a, b);
  const cpu::TernaryLoop loop = cpu::cpu_table().where[index(dtype)];
  const Input c(condition, DType::boolean, shape), x(a, dtype, shape), y(b, dtype, shape);
  walk(shape, simple_grain, loop, output(out, dtype), c, x, y);
}

void clamp(Stream stream, DType dtype, const Shape& shape, Result out, Operand a, double low, double high) {
  const cpu::UnaryLoop2 loop = cpu::cpu_table().clamp[index(dtype)];
  check_dtype(loop, "clamp", dtype);
  if constexpr (built_with_cuda)
    if (stream.device().is_cuda()) return cuda::clamp(stream, dtype, shape, out, a, low, high);
  const Input x(a, dtype, shape);
  walk(
      shape, simple_grain,
      [&](const Layout& l, std::int64_t n, char* o, const char* x_at) { loop(l, n, o, x_at, low, high); },
      output(out, dtype), x);
}

void clamp_backward(Stream stream, DType dtype, const Shape& shape, Result out, Operand g, Operand a,
    double low, double high) {
  const cpu::BinaryLoop2 loop = floating_loop(cpu::cpu_table().clamp_backward, "clamp_backward", dtype);
  if constexpr (built_with_cuda)
    if (stream.device().is_cuda()) return cuda::clamp_backward(stream, dtype, shape, out, g, a, low, high);
  const Input x(g, dtype, shape), y(a, dtype, shape);
  walk(
      shape, simple_grain,
      [&](const Layout& l, std::int64_t n, char* o, const char* x_at, const char* y_at) {
        loop(l, n, o, x_at, y_at, low, high);
      },
      output(out, dtype), x, y);
}

namespace {

void scaled(cpu::TernaryLoop2 loop, DType dtype, const Shape& shape, const Result& out, const Operand& g,
    const Operand& a, const Operand& b, double scale, double count) {
  const Input x(g, dtype, shape), y(a, dtype, shape), z(b, dtype, shape);
  walk(
      shape, simple_grain,
      [&](const Layout& l, std::int64_t n, char* o, const char* x_at, const char* y_at, const char* z_at) {
        loop(l, n, o, x_at, y_at, z_at, scale, count);
      },
      output(out, dtype), x, y, z);
}

}  // namespace

void scaled_difference(Stream stream, DType dtype, const Shape& shape, Result out, Operand g, Operand a,
    Operand b, double scale, double count) {
  const auto loop = floating_loop(cpu::cpu_table().scaled_difference, "scaled_difference", dtype);
  if constexpr (built_with_cuda)
    if (stream.device().is_cuda())
      return cuda::scaled_difference(stream, dtype, shape, out, g, a, b, scale, count);
  scaled(loop, dtype, shape, out, g, a, b, scale, count);
}

void scaled_sign(Stream stream, DType dtype, const Shape& shape, Result out, Operand g, Operand a, Operand b,
    double scale, double count) {
  const auto loop = floating_loop(cpu::cpu_table().scaled_sign, "scaled_sign", dtype);
  if constexpr (built_with_cuda)
    if (stream.device().is_cuda()) return cuda::scaled_sign(stream, dtype, shape, out, g, a, b, scale, count);
  scaled(loop, dtype, shape, out, g, a, b, scale, count);
}

void copy(Stream stream, DType to, DType from, const Shape& shape, Result out, Operand a) {
  if (a.is_immediate()) from = to;  // the number is converted once
  if constexpr (built_with_cuda)
    if (stream.device().is_cuda()) return cuda::copy(stream, to, from, shape, out, a);
  const cpu::UnaryLoop loop = cpu::cpu_table().copy[index(to)][index(from)];
  const Input x(a, from, shape);
  walk(shape, simple_grain, loop, output(out, to), x);
}

}  // namespace tenon::kernels
