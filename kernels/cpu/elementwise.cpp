#include <tenon/kernels/elementwise.h>

#include <cstring>

#include <tenon/kernels/cpu/dispatch.h>
#include <tenon/kernels/cpu/rectangles.h>

namespace tenon::kernels::cpu {
namespace {

// The minimum number of elements per thread, for simple arithmetic and for functions.
constexpr std::int64_t simple_grain = 32768, costly_grain = 8192;

template <class Ops>
std::int64_t grain_of(arith::OneOf<Ops> op) {
  constexpr auto grains =
      Ops::template map<std::int64_t>([]<class Op>() { return Op::costly ? costly_grain : simple_grain; });
  return grains[op.index];
}

int index(DType dtype) { return static_cast<int>(dtype); }

/// An operand as read by a loop. An immediate one is stored as an element for the duration of the call.
struct CpuOperand : LoopOperand {
  [[gnu::always_inline]] CpuOperand(const Operand& operand, DType dtype, const Shape& shape)
      : LoopOperand{const_cast<char*>(static_cast<const char*>(operand.data)), operand.strides,
            static_cast<std::int64_t>(size_of(dtype)), false} {
    if (operand.is_immediate()) {
      hold(operand.value, dtype);
    } else if (strides && operand.is_one_value(shape)) {
      strides = nullptr;
      repeats = true;
    }
  }
  CpuOperand(const CpuOperand&) = delete;
  CpuOperand& operator=(const CpuOperand&) = delete;

 private:
  void hold(double number, DType dtype) {
    visit_any(dtype, [&]<class T>(std::type_identity<T>) {
      const T element = arith::Cast<T>()(number);
      std::memcpy(value_, &element, sizeof element);
    });
    data = value_;
    strides = nullptr;
    repeats = true;
  }

  alignas(8) char value_[8];
};

LoopOperand output(const Result& out, DType dtype) {
  return {static_cast<char*>(out.data), out.strides, static_cast<std::int64_t>(size_of(dtype)), false};
}

}  // namespace

void unary(Stream, arith::UnaryOp op, DType dtype, const Shape& shape, const Result& out, const Operand& a,
    Parameters parameters) {
  const UnaryLoop loop = cpu_table().elementwise.unary[index(dtype)][op.index];
  const CpuOperand x(a, dtype, shape);
  for_each_rectangle(
      shape, grain_of(op),
      [=](const Layout& l, std::int64_t n, char* o, const char* x_at) { loop(l, n, o, x_at, parameters); },
      output(out, dtype), x);
}

void binary(Stream, arith::BinaryOp op, DType dtype, const Shape& shape, const Result& out, const Operand& a,
    const Operand& b, Parameters parameters) {
  const BinaryLoop loop = cpu_table().elementwise.binary[index(dtype)][op.index];
  const CpuOperand x(a, dtype, shape), y(b, dtype, shape);
  for_each_rectangle(
      shape, grain_of(op),
      [=](const Layout& l, std::int64_t n, char* o, const char* x_at, const char* y_at) {
        loop(l, n, o, x_at, y_at, parameters);
      },
      output(out, dtype), x, y);
}

void ternary(Stream, arith::TernaryOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, const Operand& b, const Operand& c, Parameters parameters) {
  const TernaryLoop loop = cpu_table().elementwise.ternary[index(dtype)][op.index];
  const CpuOperand x(a, dtype, shape), y(b, dtype, shape), z(c, dtype, shape);
  for_each_rectangle(
      shape, grain_of(op),
      [=](const Layout& l, std::int64_t n, char* o, const char* x_at, const char* y_at, const char* z_at) {
        loop(l, n, o, x_at, y_at, z_at, parameters);
      },
      output(out, dtype), x, y, z);
}

void compare(Stream, arith::CompareOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, const Operand& b) {
  const BinaryLoop loop = cpu_table().elementwise.compare[index(dtype)][op.index];
  const CpuOperand x(a, dtype, shape), y(b, dtype, shape);
  for_each_rectangle(
      shape, simple_grain,
      [=](const Layout& l, std::int64_t n, char* o, const char* x_at, const char* y_at) {
        loop(l, n, o, x_at, y_at, {});
      },
      output(out, DType::boolean), x, y);
}

void where(Stream, DType dtype, const Shape& shape, const Result& out, const Operand& condition,
    const Operand& a, const Operand& b) {
  const TernaryLoop loop = cpu_table().elementwise.where[index(dtype)];
  const CpuOperand c(condition, DType::boolean, shape), x(a, dtype, shape), y(b, dtype, shape);
  for_each_rectangle(
      shape, simple_grain,
      [=](const Layout& l, std::int64_t n, char* o, const char* c_at, const char* x_at, const char* y_at) {
        loop(l, n, o, c_at, x_at, y_at, {});
      },
      output(out, dtype), c, x, y);
}

void copy(Stream, DType to, DType from, const Shape& shape, const Result& out, const Operand& a) {
  const CpuOperand x(a, from, shape);
  const auto loop = [loop = cpu_table().elementwise.copy[index(to)][index(from)]](const Layout& l,
                        std::int64_t n, char* o, const char* x_at) { loop(l, n, o, x_at, {}); };
  // Moving elements needs no other copy.
  if (to == from) for_each_rectangle<false>(shape, simple_grain, loop, output(out, to), x);
  else for_each_rectangle(shape, simple_grain, loop, output(out, to), x);
}

}  // namespace tenon::kernels::cpu
