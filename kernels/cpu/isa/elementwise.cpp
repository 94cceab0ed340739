// Elementwise loops of two and three operands, comparisons and copies.
#include <tenon/kernels/cpu/isa/elementwise.h>
#include <tenon/kernels/cpu/isa/parts.h>
#include <tenon/kernels/cpu/isa/vec.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

template <class To, class From, class F>
TENON_INLINE void loop(F f, const Layout& l, int64_t n, void* out, const void* a, const void* b) {
  for (int64_t r = 0; r < l.rows; ++r) {
    To* const o = at<To>(out, r, l.out);
    const From *const x = at<From>(a, r, l.a), *const y = at<From>(b, r, l.b);
    if (l.out.item == 1 && l.a.item == 1 && l.b.item == 1) {
      TENON_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) o[i] = f(x[i], y[i]);
    } else if (l.out.item == 1 && l.a.item == 1 && l.b.item == 0) {
      if (n == 0) continue;
      const From v = *y;
      TENON_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) o[i] = f(x[i], v);
    } else if (l.out.item == 1 && l.a.item == 0 && l.b.item == 1) {
      if (n == 0) continue;
      const From v = *x;
      TENON_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) o[i] = f(v, y[i]);
    } else {
      for (int64_t i = 0; i < n; ++i) o[i * l.out.item] = f(x[i * l.a.item], y[i * l.b.item]);
    }
  }
}

template <class A, class T, class F>
TENON_INLINE void loop(
    F f, const Layout& l, int64_t n, void* out, const void* a, const void* b, const void* c) {
  for (int64_t r = 0; r < l.rows; ++r) {
    T* const o = at<T>(out, r, l.out);
    const A* const x = at<A>(a, r, l.a);
    const T *const y = at<T>(b, r, l.b), *const z = at<T>(c, r, l.c);
    if (l.out.item == 1 && l.a.item == 1 && l.b.item == 1 && l.c.item == 1) {
      TENON_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) o[i] = f(x[i], y[i], z[i]);
    } else if (l.out.item == 1 && l.a.item == 0 && l.b.item == 1 && l.c.item == 1) {
      if (n == 0) continue;
      const A v = *x;
      TENON_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) o[i] = f(v, y[i], z[i]);
    } else if (l.out.item == 1 && l.a.item == 1 && l.b.item == 0 && l.c.item == 1) {
      if (n == 0) continue;
      const T v = *y;
      TENON_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) o[i] = f(x[i], v, z[i]);
    } else if (l.out.item == 1 && l.a.item == 1 && l.b.item == 1 && l.c.item == 0) {
      if (n == 0) continue;
      const T v = *z;
      TENON_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) o[i] = f(x[i], y[i], v);
    } else {
      for (int64_t i = 0; i < n; ++i)
        o[i * l.out.item] = f(x[i * l.a.item], y[i * l.b.item], z[i * l.c.item]);
    }
  }
}

template <class Op, class T>
void binary(const Layout& l, int64_t n, void* out, const void* a, const void* b, arith::Parameters p) {
  loop<T, T>(arith::bind<Op, T>(p), l, n, out, a, b);
}
/// Operations that do not vectorise.
template <class Op, class T>
void one_by_one(const Layout& l, int64_t n, void* out, const void* a, const void* b, arith::Parameters) {
  for (int64_t r = 0; r < l.rows; ++r) {
    T* const o = at<T>(out, r, l.out);
    const T *const x = at<T>(a, r, l.a), *const y = at<T>(b, r, l.b);
    for (int64_t i = 0; i < n; ++i) o[i * l.out.item] = Op()(x[i * l.a.item], y[i * l.b.item]);
  }
}
template <class Op, class T>
void ternary(
    const Layout& l, int64_t n, void* out, const void* a, const void* b, const void* c, arith::Parameters p) {
  loop<T, T>(arith::bind<Op, T>(p), l, n, out, a, b, c);
}
template <class Op, class T>
void compare(const Layout& l, int64_t n, void* out, const void* a, const void* b, arith::Parameters) {
  loop<uint8_t, T>(Op(), l, n, out, a, b);
}
template <class To, class From>
void convert(const Layout& l, int64_t n, void* out, const void* a, arith::Parameters) {
  loop<To, From>(arith::Cast<To>(), l, n, out, a);
}

// Loops that work in blocks. With a constant operand the compiler would hoist the choice of a special case
// out of the loop, and then not vectorise it. So costly functions work on copies, where elements do not
// follow each other or are less than a block.
constexpr int64_t block = 64;
template <class T>
TENON_INLINE const T* taken(T (&to)[block], const T* from, int64_t step, int64_t n) {
  if (step == 1 && n == block) return from;
  for (int64_t j = 0; j < n; ++j) to[j] = from[j * step];
  return to;
}

/// Operations that are faster for arguments other than those of their special cases.
template <class Op, class T>
concept HasUsualCase = requires(T a) {
  Op::is_usual(a, a), Op::usual(a, a);
};

template <class Op, class T>
void binary_in_blocks(
    const Layout& l, int64_t n, void* out, const void* a, const void* b, arith::Parameters p) {
  const auto f = arith::bind<Op, T>(p);
  T x[block] = {}, y[block] = {}, z[block];
  for (int64_t r = 0; r < l.rows; ++r)
    for (int64_t i = 0; i < n; i += block) {
      const int64_t here = n - i < block ? n - i : block;
      const T* const left = taken(x, at<T>(a, r, l.a) + i * l.a.item, l.a.item, here);
      const T* const right = taken(y, at<T>(b, r, l.b) + i * l.b.item, l.b.item, here);
      T* const to = at<T>(out, r, l.out) + i * l.out.item;
      T* const made = l.out.item == 1 && here == block ? to : z;
      T special = T(1);
      if constexpr (HasUsualCase<Op, T>) {
        special = T(0);
        for (int64_t j = 0; j < block; ++j) special = Op::is_usual(left[j], right[j]) ? special : T(1);
        if (special == T(0)) {
          TENON_INDEPENDENT
          for (int64_t j = 0; j < block; ++j) made[j] = Op::usual(left[j], right[j]);
        }
      }
      if (special != T(0)) {
        TENON_INDEPENDENT
        for (int64_t j = 0; j < block; ++j) made[j] = f(left[j], right[j]);
      }
      if (made != to)
        for (int64_t j = 0; j < here; ++j) to[j * l.out.item] = made[j];
    }
}

// Selects which of two values is moved; no arithmetic, so elements are treated as bytes.
template <class T>
void where(
    const Layout& l, int64_t n, void* out, const void* a, const void* b, const void* c, arith::Parameters) {
  loop<uint8_t, T>(arith::Where(), l, n, out, a, b, c);
}

/// out[r][i] = a[i][r], for r and i below W<F>; rows are `out_row` and `a_row` elements apart.
template <class F>
TENON_INLINE void transpose_block(F* out, int64_t out_row, const F* a, int64_t a_row) {
  V<F> v[W<F>];
#pragma GCC unroll 16
  for (int i = 0; i < W<F>; ++i) v[i] = load(a + i * a_row);
  transpose(v);
#pragma GCC unroll 16
  for (int r = 0; r < W<F>; ++r) store(out + r * out_row, v[r]);
}

/// out[r][i] = a[r][i], element by element.
template <class T>
void move_block(T* out, int64_t out_row, const T* a, Step from, int64_t rows, int64_t items) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = 0; i < items; ++i) out[r * out_row + i] = a[r * from.row + i * from.item];
}

// Transposes in tiles, so that each cache line is fully used while it is cached. A tile is long where the
// input's elements are neighbours: the hardware foresees long reads, and writes need not be foreseen.
template <class T>
void move(const Layout& l, int64_t n, void* out, const void* a, arith::Parameters) {
  constexpr int64_t tile_rows = 256, tile_items = 32;
  const auto distance = [](int64_t step) { return step < 0 ? -step : step; };
  const bool across =
      l.out.item == 1 && distance(l.a.row) < distance(l.a.item) && l.a.row != 0 && l.rows >= 8 && n >= 8;
  // With a known step the compiler loads vectors and selects from them.
  if (!across && l.out.item == 1 && l.a.item == 2) {
    for (int64_t r = 0; r < l.rows; ++r) {
      T* const o = at<T>(out, r, l.out);
      const T* const x = at<T>(a, r, l.a);
      TENON_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) o[i] = x[2 * i];
    }
    return;
  }
  if (!across)
    return loop<T, T>(
        [](T x) __attribute__((always_inline)) { return x; }, l, n, out, a);
  for (int64_t r = 0; r < l.rows; r += tile_rows)
    for (int64_t i = 0; i < n; i += tile_items) {
      const int64_t rows = l.rows - r < tile_rows ? l.rows - r : tile_rows;
      const int64_t items = n - i < tile_items ? n - i : tile_items;
      T* const o = at<T>(out, r, l.out) + i;
      const T* const x = at<T>(a, r, l.a) + i * l.a.item;
      if constexpr (sizeof(T) >= sizeof(float)) {
        // The floating-point type of this size: its vectors hold any bits.
        using F = decltype([] {
          if constexpr (sizeof(T) == sizeof(float)) return 0.0f;
          else return 0.0;
        }());
        if (l.a.row == 1) {
          for (int64_t j = 0; j < items; j += W<F>)
            for (int64_t q = 0; q < rows; q += W<F>) {
              T* const to = o + q * l.out.row + j;
              const T* const from = x + q + j * l.a.item;
              if (j + W<F> <= items && q + W<F> <= rows)
                transpose_block(
                    reinterpret_cast<F*>(to), l.out.row, reinterpret_cast<const F*>(from), l.a.item);
              else
                move_block(to, l.out.row, from, l.a, rows - q < W<F> ? rows - q : W<F>,
                    items - j < W<F> ? items - j : W<F>);
            }
          continue;
        }
      }
      move_block(o, l.out.row, x, l.a, rows, items);
    }
}

// Specialised loops where the compiler does not vectorise the plain one.
template <class Op, class T>
constexpr BinaryLoop binary_loop = binary<Op, T>;
template <class Op, class T>
requires(Op::costly && !Op::one_by_one) constexpr BinaryLoop binary_loop<Op, T> = binary_in_blocks<Op, T>;
template <class Op, class T>
requires(Op::one_by_one) constexpr BinaryLoop binary_loop<Op, T> = one_by_one<Op, T>;

/// The loops over elements of type T.
template <class T>
void add_loops(ElementwiseLoops& to) {
  constexpr int dtype = Elements::index_of<T>();
  arith::BinaryOps::for_each([&]<class Op>() {
    if constexpr (arith::takes<Op, T>)
      to.binary[dtype][arith::BinaryOps::index_of<Op>()] = binary_loop<Op, T>;
  });
  arith::TernaryOps::for_each([&]<class Op>() {
    if constexpr (arith::takes<Op, T>) to.ternary[dtype][arith::TernaryOps::index_of<Op>()] = ternary<Op, T>;
  });
  arith::CompareOps::for_each(
      [&]<class Op>() { to.compare[dtype][arith::CompareOps::index_of<Op>()] = compare<Op, T>; });
  to.where[dtype] = where<arith::Bytes<T>>;
}

/// The loops with results of type To, in column `dtype` of the table.
template <class To>
void add_copies(ElementwiseLoops& to, int dtype) {
  Elements::for_each([&]<class From>() { to.copy[dtype][Elements::index_of<From>()] = convert<To, From>; });
}

}  // namespace

void add_elementwise(Table& table) {
  ElementwiseLoops& loops = table.elementwise;
  Elements::for_each([&]<class T>() {
    constexpr int dtype = Elements::index_of<T>();
    add_loops<T>(loops);
    if constexpr (arith::is_same<T, uint8_t>) add_copies<arith::Bool>(loops, dtype);
    else add_copies<T>(loops, dtype);
    loops.copy[dtype][dtype] = move<arith::Bytes<T>>;
  });
}

}  // namespace tenon::kernels::cpu::TENON_ISA
