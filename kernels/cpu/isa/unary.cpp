// Elementwise loops of one operand.
#include <tenon/kernels/cpu/isa/elementwise.h>
#include <tenon/kernels/cpu/isa/parts.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

template <class Op, class T>
void unary(const Layout& l, int64_t n, void* out, const void* a, arith::Parameters p) {
  loop<T, T>(arith::bind<Op, T>(p), l, n, out, a);
}

/// Operations whose special cases (a result that overflows, a very large angle) cost as much as the rest.
template <class Op, class T>
concept HasUsualCase = requires(T a) {
  Op::is_usual(a), Op::usual(a);
};

/// Leaves out the special cases for each block of arguments that has none.
template <class Op, class T>
void unary_in_blocks(const Layout& l, int64_t n, void* out, const void* a, arith::Parameters) {
  constexpr int64_t together = 256;
  if (l.out.item != 1 || l.a.item != 1) return loop<T, T>(Op(), l, n, out, a);
  for (int64_t r = 0; r < l.rows; ++r)
    for (int64_t i = 0; i < n; i += together) {
      const int64_t here = n - i < together ? n - i : together;
      T* const o = at<T>(out, r, l.out) + i;
      const T* const x = at<T>(a, r, l.a) + i;
      // Fetches the next block while this one is computed: reads come in bursts, which the hardware does not
      // foresee. Blocks of float64 take so long that it makes no difference.
      if constexpr (sizeof(T) == sizeof(float))
        for (int64_t j = 0; j < together; j += 16) __builtin_prefetch(x + together + j);
      T special = 0;
      for (int64_t j = 0; j < here; ++j) special = Op::is_usual(x[j]) ? special : T(1);
      if (special != T(0)) {
        TENON_INDEPENDENT
        for (int64_t j = 0; j < here; ++j) o[j] = Op()(x[j]);
      } else {
        TENON_INDEPENDENT
        for (int64_t j = 0; j < here; ++j) o[j] = Op::usual(x[j]);
      }
    }
}

template <class Op, class T>
constexpr UnaryLoop unary_loop = unary<Op, T>;
template <class Op, class T>
requires HasUsualCase<Op, T>
constexpr UnaryLoop unary_loop<Op, T> = unary_in_blocks<Op, T>;

}  // namespace

void add_unary(Table& table) {
  Elements::for_each([&]<class T>() {
    arith::UnaryOps::for_each([&]<class Op>() {
      if constexpr (arith::takes<Op, T>)
        table.elementwise.unary[Elements::index_of<T>()][arith::UnaryOps::index_of<Op>()] = unary_loop<Op, T>;
    });
  });
}

}  // namespace tenon::kernels::cpu::TENON_ISA
