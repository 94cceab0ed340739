// Compiled once for each instruction set, with TENON_ISA naming it (cmake/TenonLibrary.cmake). What this file
// includes has internal linkage or is a type: an inline function of a standard header, compiled here for a
// newer machine, could be the copy that the linker keeps for everybody.
#include <tenon/kernels/cpu/isa/elementwise.h>
#include <tenon/kernels/cpu/isa/gemm.h>
#include <tenon/kernels/cpu/isa/random.h>
#include <tenon/kernels/cpu/isa/reduce.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

enum { float32, float64, int64, boolean };  // DType's order

// std::integer_sequence without <utility>.
template <int... I>
struct Indices {};
template <int N, int... I>
struct Count : Count<N - 1, N - 1, I...> {};
template <int... I>
struct Count<0, I...> {
  using type = Indices<I...>;
};
template <int N>
using UpTo = typename Count<N>::type;

template <class T, int... I>
constexpr void fill_unary(UnaryLoop* row, Indices<I...>) {
  ((row[I] = unary_loop<T, T, UnaryOf<static_cast<Unary>(I)>>), ...);
}
template <class T, int... I>
constexpr void fill_binary(BinaryLoop* row, Indices<I...>) {
  ((row[I] = binary_loop<T, T, BinaryOf<static_cast<Binary>(I)>>), ...);
}
template <class T, int... I>
constexpr void fill_compare(BinaryLoop* row, Indices<I...>) {
  ((row[I] = binary_loop<uint8_t, T, CompareOf<static_cast<Compare>(I)>>), ...);
}
template <class T, int... I>
constexpr void fill_reduce(Floating<T>& f, Indices<I...>) {
  ((f.rows[I] = row_values<static_cast<Reduce>(I), T>), ...);
  ((f.chunks[I] = chunk_values<static_cast<Reduce>(I), T>), ...);
  ((f.columns[I] = column_values<static_cast<Reduce>(I), T>), ...);
}
template <class To>
constexpr void fill_copy(UnaryLoop* row) {
  row[float32] = unary_loop<To, float, Cast<To>>;
  row[float64] = unary_loop<To, double, Cast<To>>;
  row[int64] = unary_loop<To, int64_t, Cast<To>>;
  row[boolean] = unary_loop<To, uint8_t, Cast<To>>;
}
template <class T>
constexpr Floating<T> floating() {
  Floating<T> f{};
  f.chain = chain<T>;
  fill_reduce(f, UpTo<reduce_count>{});
  f.sgd = sgd_loop<T>;
  f.uniform = uniform_fill;
  f.normal = normal_fill;
  return f;
}

float unfused(float a, float b) { return a * b + a; }

#define TENON_TEXT_(x) #x
#define TENON_TEXT(x) TENON_TEXT_(x)

constexpr Table make_table() {
  Table t{};
  t.name = TENON_TEXT(TENON_ISA);
  fill_unary<float>(t.unary[float32], UpTo<unary_count>{});
  fill_unary<double>(t.unary[float64], UpTo<unary_count>{});
  t.unary[float32][static_cast<int>(Unary::sin)] = trig_loop<false>;
  t.unary[float32][static_cast<int>(Unary::cos)] = trig_loop<true>;
  t.unary[int64][static_cast<int>(Unary::neg)] = unary_loop<int64_t, int64_t, UnaryOf<Unary::neg>>;
  t.unary[int64][static_cast<int>(Unary::abs)] = unary_loop<int64_t, int64_t, UnaryOf<Unary::abs>>;
  fill_binary<float>(t.binary[float32], UpTo<binary_count>{});
  t.binary[float32][static_cast<int>(Binary::pow)] = pow_loop;
  fill_binary<double>(t.binary[float64], UpTo<binary_count>{});
  t.binary[int64][static_cast<int>(Binary::add)] = binary_loop<int64_t, int64_t, BinaryOf<Binary::add>>;
  t.binary[int64][static_cast<int>(Binary::sub)] = binary_loop<int64_t, int64_t, BinaryOf<Binary::sub>>;
  t.binary[int64][static_cast<int>(Binary::mul)] = binary_loop<int64_t, int64_t, BinaryOf<Binary::mul>>;
  t.binary[int64][static_cast<int>(Binary::maximum)] =
      binary_loop<int64_t, int64_t, BinaryOf<Binary::maximum>>;
  t.binary[int64][static_cast<int>(Binary::minimum)] =
      binary_loop<int64_t, int64_t, BinaryOf<Binary::minimum>>;
  fill_compare<float>(t.compare[float32], UpTo<compare_count>{});
  fill_compare<double>(t.compare[float64], UpTo<compare_count>{});
  fill_compare<int64_t>(t.compare[int64], UpTo<compare_count>{});
  fill_compare<uint8_t>(t.compare[boolean], UpTo<compare_count>{});
  t.where[float32] = where_loop<uint32_t>;
  t.where[float64] = where_loop<uint64_t>;
  t.where[int64] = where_loop<uint64_t>;
  t.where[boolean] = where_loop<uint8_t>;
  fill_copy<float>(t.copy[float32]);
  fill_copy<double>(t.copy[float64]);
  fill_copy<int64_t>(t.copy[int64]);
  fill_copy<Bool>(t.copy[boolean]);
  t.copy[float32][float32] = move_loop<uint32_t>;
  t.copy[float64][float64] = move_loop<uint64_t>;
  t.copy[int64][int64] = move_loop<uint64_t>;
  t.copy[boolean][boolean] = move_loop<uint8_t>;
  t.clamp[float32] = clamp_loop<float>;
  t.clamp[float64] = clamp_loop<double>;
  t.clamp[int64] = clamp_loop<int64_t>;
  t.clamp_backward[float32] = clamp_backward_loop<float>;
  t.clamp_backward[float64] = clamp_backward_loop<double>;
  t.scaled_difference[float32] = scaled_loop<float, ScaledDifference>;
  t.scaled_difference[float64] = scaled_loop<double, ScaledDifference>;
  t.scaled_sign[float32] = scaled_loop<float, ScaledSign>;
  t.scaled_sign[float64] = scaled_loop<double, ScaledSign>;
  t.f32 = floating<float>();
  t.f64 = floating<double>();
  t.unfused = unfused;
  return t;
}

}  // namespace

constinit const Table table = make_table();

}  // namespace tenon::kernels::cpu::TENON_ISA
