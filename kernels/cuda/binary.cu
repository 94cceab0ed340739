#include <tenon/kernels/cuda/elementwise.cuh>

namespace tenon::kernels::cuda {
namespace {

template <class T, int... Op>
void run(const char* name, Stream stream, Binary op, const Shape& shape, const Result& out, const Operand& a,
    const Operand& b, std::integer_sequence<int, Op...>) {
  ((static_cast<int>(op) == Op
           ? map<T, T, T>(name, stream, shape, out, BinaryOf<static_cast<Binary>(Op)>(), a, b)
           : void()),
      ...);
}

}  // namespace

void binary(const char* name, Stream stream, Binary op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, const Operand& b) {
  constexpr auto all = std::make_integer_sequence<int, binary_count>();
  constexpr auto whole = std::integer_sequence<int, static_cast<int>(Binary::add),
      static_cast<int>(Binary::sub), static_cast<int>(Binary::mul), static_cast<int>(Binary::maximum),
      static_cast<int>(Binary::minimum)>();
  switch (dtype) {
    case DType::float32: return run<float>(name, stream, op, shape, out, a, b, all);
    case DType::float64: return run<double>(name, stream, op, shape, out, a, b, all);
    default: return run<std::int64_t>(name, stream, op, shape, out, a, b, whole);
  }
}

}  // namespace tenon::kernels::cuda
