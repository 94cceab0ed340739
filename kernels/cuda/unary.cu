#include <tenon/kernels/cuda/elementwise.cuh>

namespace tenon::kernels::cuda {
namespace {

template <class T, int... Op>
void run(const char* name, Stream stream, Unary op, const Shape& shape, const Result& out, const Operand& a,
    std::integer_sequence<int, Op...>) {
  ((static_cast<int>(op) == Op ? map<T, T>(name, stream, shape, out, UnaryOf<static_cast<Unary>(Op)>(), a)
                               : void()),
      ...);
}

}  // namespace

void unary(const char* name, Stream stream, Unary op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a) {
  constexpr auto all = std::make_integer_sequence<int, unary_count>();
  constexpr auto whole =
      std::integer_sequence<int, static_cast<int>(Unary::neg), static_cast<int>(Unary::abs)>();
  switch (dtype) {
    case DType::float32: return run<float>(name, stream, op, shape, out, a, all);
    case DType::float64: return run<double>(name, stream, op, shape, out, a, all);
    default: return run<std::int64_t>(name, stream, op, shape, out, a, whole);
  }
}

}  // namespace tenon::kernels::cuda
