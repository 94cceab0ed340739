// Tells which kernels run, to the tape explorer.
#pragma once
#include <string>
#include <vector>

#include <tenon/kernels/arith/list.h>
#include <tenon/kernels/matmul.h>

namespace tenon::kernels {

/// While it is set, every kernel that this thread calls is appended as a text: the function of kernels/*.h,
/// its operation and its sizes, such as "matmul [32, 10] @ [10, 128]" or "reduce sum [32, 10]".
extern constinit thread_local std::vector<std::string>* observed;

/// Appends it to `observed`. What a kernel does not have is null.
[[gnu::cold]] void observe(const char* kernel, const char* op, const Shape* shape, const Matrix* a,
    const Matrix* b, const Batch* batch);

/// What observe() is told, from the arguments of a kernel. All is inlined: if it were not, kernels that
/// nobody observes could not be called by a jump.
struct ObservedCall {
  const char* op = nullptr;
  const Shape* shape = nullptr;
  const Matrix *a = nullptr, *b = nullptr;
  const Batch* batch = nullptr;

  template <class Members>
  [[gnu::always_inline]] void add(arith::OneOf<Members> chosen) {
    op = chosen.name();
  }
  [[gnu::always_inline]] void add(const Shape& sizes) { shape = &sizes; }
  [[gnu::always_inline]] void add(const Matrix& matrix) { (a ? b : a) = &matrix; }
  [[gnu::always_inline]] void add(const Batch& products) { batch = &products; }
  [[gnu::always_inline]] void add(const auto&) {}
};

}  // namespace tenon::kernels
