// Comparisons, and the operations that choose by one.
#include <tenon/kernels/cuda/elementwise.cuh>

namespace tenon::kernels::cuda {
namespace {

template <class T, int... Op>
void run(Stream stream, Compare op, const Shape& shape, const Result& out, const Operand& a, const Operand& b,
    std::integer_sequence<int, Op...>) {
  ((static_cast<int>(op) == Op ? map<std::uint8_t, T, T>("compare", stream, shape, out,
                                     CompareOf<static_cast<Compare>(Op)>(), a, b)
                               : void()),
      ...);
}

}  // namespace

void compare(Stream stream, Compare op, DType dtype, const Shape& shape, const Result& out, const Operand& a,
    const Operand& b) {
  any_type(dtype, [&]<class T>(std::type_identity<T>) {
    run<T>(stream, op, shape, out, a, b, std::make_integer_sequence<int, compare_count>());
  });
}

void where(Stream stream, DType dtype, const Shape& shape, const Result& out, const Operand& condition,
    const Operand& a, const Operand& b) {
  any_type(dtype, [&]<class T>(std::type_identity<T>) {
    map<T, std::uint8_t, T, T>("where", stream, shape, out, Where(), condition, a, b);
  });
}

void clamp(Stream stream, DType dtype, const Shape& shape, const Result& out, const Operand& a, double low,
    double high) {
  const auto run = [&]<class T>(std::type_identity<T>) {
    map<T, T>("clamp", stream, shape, out, Clamp<T>{number<T>(low), number<T>(high)}, a);
  };
  if (dtype == DType::int64) run(std::type_identity<std::int64_t>());
  else floating(dtype, run);
}

void clamp_backward(Stream stream, DType dtype, const Shape& shape, const Result& out, const Operand& g,
    const Operand& a, double low, double high) {
  floating(dtype, [&]<class T>(std::type_identity<T>) {
    map<T, T, T>(
        "clamp_backward", stream, shape, out, ClampBackward<T>{number<T>(low), number<T>(high)}, g, a);
  });
}

void scaled_difference(Stream stream, DType dtype, const Shape& shape, const Result& out, const Operand& g,
    const Operand& a, const Operand& b, double scale, double count) {
  floating(dtype, [&]<class T>(std::type_identity<T>) {
    map<T, T, T, T>("scaled_difference", stream, shape, out,
        ScaledDifference<T>{number<T>(scale), number<T>(count)}, g, a, b);
  });
}

void scaled_sign(Stream stream, DType dtype, const Shape& shape, const Result& out, const Operand& g,
    const Operand& a, const Operand& b, double scale, double count) {
  floating(dtype, [&]<class T>(std::type_identity<T>) {
    map<T, T, T, T>(
        "scaled_sign", stream, shape, out, ScaledSign<T>{number<T>(scale), number<T>(count)}, g, a, b);
  });
}

}  // namespace tenon::kernels::cuda
