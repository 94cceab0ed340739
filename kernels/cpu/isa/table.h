// The kernels of one instruction set: plain functions over pointers. Each source in this folder is compiled
// once per instruction set, with TENON_ISA naming it (cmake/TenonLibrary.cmake), and fills its part of that
// set's Table; cpu_table() is the fastest that this machine can run. All tables give the same bits.
//
// These sources may include only types and code with internal linkage: an inline function of a standard
// header, compiled here for a newer machine, could be the copy that the linker keeps for the whole program.
#pragma once
#include <stddef.h>

#include <tenon/core/dtype_list.h>
#include <tenon/kernels/arith/elementwise.h>
#include <tenon/kernels/arith/fill.h>
#include <tenon/kernels/arith/reduce.h>
#include <tenon/kernels/arith/update.h>
#include <tenon/kernels/arith/windows.h>

namespace tenon::kernels::cpu {

/// The element types, in DType's order. A boolean is a byte.
using Elements = arith::List<float, double, int64_t, uint8_t>;
static_assert(Elements::size == dtype_count);

/// Distances between rows and between items of an operand, in elements.
struct Step {
  int64_t row, item;
};
/// A loop covers `rows` rows of items; the number of items is an argument of the loop.
struct Layout {
  int64_t rows;
  Step out, a, b, c;
};

using UnaryLoop = void (*)(const Layout&, int64_t items, void* out, const void* a, arith::Parameters);
using BinaryLoop = void (*)(
    const Layout&, int64_t items, void* out, const void* a, const void* b, arith::Parameters);
using TernaryLoop = void (*)(
    const Layout&, int64_t items, void* out, const void* a, const void* b, const void* c, arith::Parameters);

/// By dtype and operation; null if the operation does not support the dtype.
struct ElementwiseLoops {
  UnaryLoop unary[dtype_count][arith::UnaryOps::size];
  BinaryLoop binary[dtype_count][arith::BinaryOps::size];
  TernaryLoop ternary[dtype_count][arith::TernaryOps::size];
  BinaryLoop compare[dtype_count][arith::CompareOps::size];
  TernaryLoop where[dtype_count];
  UnaryLoop copy[dtype_count][dtype_count];  // [to][from]
};

/// Returns a buffer of the calling thread with this many bytes, 64-byte aligned; valid until the next call.
using Scratch = void* (*)(size_t bytes);

template <class T>
struct ReduceLoops {
  /// R over each of `rows` rows of k consecutive elements; a_row and b_row are the row strides.
  void (*rows)(
      int64_t rows, int64_t k, const T* a, int64_t a_row, const T* b, int64_t b_row, T* out, Scratch);
  /// The sums of chunks [begin, end) of n consecutive elements, without the levels above them, written to
  /// out[begin ... end).
  void (*chunks)(int64_t n, int64_t begin, int64_t end, const T* a, const T* b, T* out);
  /// R down each of w consecutive columns; a_row and b_row are the row strides. b has one number per row if
  /// b_item is 0, and w consecutive ones if it is 1.
  void (*columns)(int64_t k, int64_t w, const T* a, int64_t a_row, const T* b, int64_t b_row, int64_t b_item,
      T* out, Scratch);
};

/// Reductions of integers and booleans, which have no order. Partial results start as `identity`.
struct IntegerReduceLoops {
  int64_t identity;
  /// Reduces n elements, `step` apart, into one partial result, and returns it.
  int64_t (*line)(int64_t n, const void* a, int64_t step, int64_t partial);
  /// Reduces each of n consecutive elements into the partial result in its place.
  void (*across)(int64_t n, const void* a, int64_t* partials);
};

template <class T>
struct MatmulLoops {
  /// CHAIN: c[m, n] (row stride n) = a[m, k] b[k, n] (+ bias[n]).
  void (*chain)(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row, int64_t a_col, const T* b,
      int64_t b_row, int64_t b_col, T* c, int64_t c_row, const T* bias, Scratch);
};

/// Fills of elements [begin, end); `out` points to element 0.
template <class T>
struct FillLoops {
  void (*arange)(int64_t begin, int64_t end, T* out, const arith::Arange<T>&);
  void (*linspace)(int64_t begin, int64_t end, T* out, const arith::Linspace&);  // null for int64
  /// begin is a multiple of 128
  void (*integers)(
      int64_t begin, int64_t end, T* out, uint64_t seed, uint64_t stream, const arith::IntegerDraw&);
};

/// The parameters of a random fill, in the element type.
template <class T>
struct RandomFill {
  uint64_t seed, stream;
  T low, high, width;  // uniform; for the normals, low is the mean and width the deviation
};
template <class T>
struct RandomLoops {
  /// Fills elements [begin, end) of a random call; begin is a multiple of 256. `out` points to element 0.
  void (*uniform)(int64_t begin, int64_t end, T* out, const RandomFill<T>&);
  void (*normal)(int64_t begin, int64_t end, T* out, const RandomFill<T>&);
};

/// Rows of a dense array [outer, size, row] and of one [outer, count, row], whose row i belongs to row
/// index[i] of the first one; the indices of outer position o start at index + o * index_step. They are in
/// range.
struct IndexedRows {
  int64_t size, count;
  int64_t row, width;  // the distance between rows, and how much of each is worked on
  const int64_t* index;
  int64_t index_step;
};
/// Columns of such arrays at one outer position, with an index for each element: index[i * row + j].
struct IndexedColumns {
  int64_t size, count;
  int64_t row, width;
  const int64_t* index;
};
struct IndexLoops {
  /// Whether all n indices are in [0, size).
  bool (*in_range)(int64_t n, const int64_t* index, int64_t size);
  /// Copies rows [begin, end) of outer * count whole ones, whose size is in bytes.
  void (*take)(const IndexedRows&, int64_t begin, int64_t end, void* out, const void* a);
  /// out[i, j] = a[index[i, j], j]. Checks the indices: false if one is out of range.
  bool (*take_columns[dtype_count])(const IndexedColumns&, void* out, const void* a);
};
template <class T>
struct IndexAddLoops {
  /// Rows [begin, end) of outer * size: +0, and what g has for them, added in ascending order.
  void (*rows)(const IndexedRows&, int64_t begin, int64_t end, T* out, const T* g);
  /// The same for columns: out[index[i, j], j] += g[i, j].
  void (*columns)(const IndexedColumns&, T* out, const T* g);
};

/// Parts [begin, end) of the results of kernels/windows.h.
template <class T>
struct WindowLoops {
  /// Of planes * h.kernel * w.kernel: an element of all windows of a plane.
  void (*unfold)(const arith::Windows&, int64_t begin, int64_t end, T* out, const T* a);
  /// Of planes * h.size: a row of an image.
  void (*fold)(const arith::Windows&, int64_t begin, int64_t end, T* out, const T* a);
  /// Of planes * h.windows: a row of windows.
  void (*argmax)(const arith::Windows&, int64_t begin, int64_t end, int64_t* index, const T* a);
};

/// A step of n elements; `states` has Step::most arrays, of which those that are absent come last and are
/// null.
template <class Step>
using UpdateLoop = void (*)(int64_t n, typename Step::Element* param, const typename Step::Element* grad,
    typename Step::Element* const* states, const Step&);
template <class T>
struct UpdateLoops {
  UpdateLoop<arith::Sgd<T>> sgd;
  UpdateLoop<arith::Adam<T>> adam;
  UpdateLoop<arith::RmsProp<T>> rmsprop;
  UpdateLoop<arith::Adagrad<T>> adagrad;
};

/// Kernels that exist for float and for double.
template <class T>
struct Floating {
  ReduceLoops<T> reduce[arith::ReduceOps::size];
  MatmulLoops<T> matmul;
  RandomLoops<T> random;
  FillLoops<T> fill;
  UpdateLoops<T> update;
  IndexAddLoops<T> index_add;
  WindowLoops<T> windows;
  /// Of rows of n elements: out[r, i] = a[r, i] - b[r, i] * c[r], in two roundings. `out` may be a or b.
  void (*subtract_products)(int64_t rows, int64_t n, T* out, const T* a, const T* b, const T* c);
  /// Likewise y[r, i] = a[r, i] * c[r], and out[r, i] = y[r, i] * weight[i] + bias[i], in three roundings. y
  /// may be `out`, which is then written last, or a.
  void (*scale_and_shift)(
      int64_t rows, int64_t n, T* out, T* y, const T* a, const T* c, const T* weight, const T* bias);
};

struct Table {
  const char* name;
  ElementwiseLoops elementwise;
  Floating<float> f32;
  Floating<double> f64;
  /// By dtype and operation; null if the operation does not support the dtype.
  IntegerReduceLoops reduce_integers[dtype_count][arith::ReduceOps::size];
  FillLoops<int64_t> fill_int64;
  IndexLoops index;
  /// The 64 random bits of elements [begin, end), written to out[0 ...]; begin is even.
  void (*random_bits)(int64_t begin, int64_t end, uint64_t* out, uint64_t seed, uint64_t stream);
  /// a * b + a in two roundings: detects unwanted contraction by the compiler.
  float (*unfused)(float a, float b);

  template <class T>
  const Floating<T>& of() const {
    static_assert(arith::is_same<T, float> || arith::is_same<T, double>);
    if constexpr (arith::is_same<T, float>) return f32;
    else return f64;
  }
  template <class T>
  const FillLoops<T>& fill() const {
    if constexpr (arith::is_same<T, int64_t>) return fill_int64;
    else return of<T>().fill;
  }
};

// Always built; the other two only on x86-64.
namespace baseline {
Table make_table();
}
namespace avx2 {
Table make_table();
}
namespace avx512 {
Table make_table();
}

}  // namespace tenon::kernels::cpu
