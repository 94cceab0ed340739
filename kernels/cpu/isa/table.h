// What a build for one instruction set offers: plain functions over pointers. isa.cpp fills one Table for
// each instruction set; cpu_table() is the best that this machine can run. All tables give the same bits.
#pragma once
#include <stddef.h>

#include <tenon/kernels/arith/functors.h>

namespace tenon::kernels::cpu {

/// How far apart the rows and the items of an operand are, in elements.
struct Step {
  int64_t row, item;
};
/// The rectangle that a loop covers is `rows` times its own number of items.
struct Layout {
  int64_t rows;
  Step out, a, b, c;
};

using UnaryLoop = void (*)(const Layout&, int64_t items, void* out, const void* a);
using BinaryLoop = void (*)(const Layout&, int64_t items, void* out, const void* a, const void* b);
using TernaryLoop = void (*)(
    const Layout&, int64_t items, void* out, const void* a, const void* b, const void* c);
/// Loops with two numbers: low and high, scale and count.
using UnaryLoop2 = void (*)(const Layout&, int64_t items, void* out, const void* a, double, double);
using BinaryLoop2 = void (*)(
    const Layout&, int64_t items, void* out, const void* a, const void* b, double, double);
using TernaryLoop2 = void (*)(
    const Layout&, int64_t items, void* out, const void* a, const void* b, const void* c, double, double);

/// A buffer of this many bytes, 64-byte aligned, of the calling thread; valid until the next call.
using Scratch = void* (*)(size_t bytes);

/// Numbers of a random fill, in the element type.
template <class T>
struct RandomFill {
  uint64_t seed, stream;
  T low, high, width;  // uniform;  mean = low, deviation = width for the normals
};

/// Kernels that exist for float and for double.
template <class T>
struct Floating {
  /// CHAIN: c[m, n] (row stride n) = a[m, k] b[k, n] (+ bias[n]).
  void (*chain)(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row, int64_t a_col, const T* b,
      int64_t b_row, int64_t b_col, T* c, int64_t c_row, const T* bias, Scratch);
  /// R of each of `rows` rows of k consecutive elements; rows are a_row and b_row apart.
  void (*rows[reduce_count])(
      int64_t rows, int64_t k, const T* a, int64_t a_row, const T* b, int64_t b_row, T* out, Scratch);
  /// The values of the chunks [begin, end) of n consecutive elements, without the levels above them, to
  /// out[begin ... end).
  void (*chunks[reduce_count])(int64_t n, int64_t begin, int64_t end, const T* a, const T* b, T* out);
  /// R down each of w consecutive columns; rows are a_row and b_row apart. b is one number a row where b_item
  /// is 0, and w consecutive ones where it is 1.
  void (*columns[reduce_count])(int64_t k, int64_t w, const T* a, int64_t a_row, const T* b, int64_t b_row,
      int64_t b_item, T* out, Scratch);
  void (*sgd)(int64_t n, T* param, const T* grad, T* buffer, const Sgd<T>&);
  /// Elements [begin, end) of a random call; begin is a multiple of 256. `out` is element 0.
  void (*uniform)(int64_t begin, int64_t end, T* out, const RandomFill<T>&);
  void (*normal)(int64_t begin, int64_t end, T* out, const RandomFill<T>&);
};

struct Table {
  const char* name;
  // By dtype (core/dtype.h's order); null where the operation does not take the dtype.
  UnaryLoop unary[4][unary_count];
  BinaryLoop binary[4][binary_count];
  BinaryLoop compare[4][compare_count];
  TernaryLoop where[4];
  UnaryLoop copy[4][4];  // [to][from]
  UnaryLoop2 clamp[4];
  BinaryLoop2 clamp_backward[2];
  TernaryLoop2 scaled_difference[2];
  TernaryLoop2 scaled_sign[2];
  Floating<float> f32;
  Floating<double> f64;
  /// a * b + a in two roundings: shows whether the compiler contracts what nobody asked it to.
  float (*unfused)(float a, float b);

  const Floating<float>& of(float) const { return f32; }
  const Floating<double>& of(double) const { return f64; }
};

// Built always; the other two on x86-64.
namespace baseline {
extern const Table table;
}
namespace avx2 {
extern const Table table;
}
namespace avx512 {
extern const Table table;
}

}  // namespace tenon::kernels::cpu
