// Tells which kernels run, to the tape explorer.
#pragma once
#include <pthread.h>

#include <atomic>
#include <string>
#include <vector>

#include <tenon/kernels/arith/list.h>
#include <tenon/kernels/matmul.h>

namespace tenon::kernels {

/// While it lives, every kernel that its thread calls is appended to `kernels` as a text: the function of
/// kernels/*.h, its operation and its sizes, such as "matmul [32, 10] @ [10, 128]" or "reduce sum [32, 10]".
/// The newest of a thread's observers gets them.
class KernelObserver {
 public:
  explicit KernelObserver(std::vector<std::string>& kernels);
  ~KernelObserver();
  KernelObserver(const KernelObserver&) = delete;
  KernelObserver& operator=(const KernelObserver&) = delete;

  /// The newest of this thread, or null.
  static KernelObserver* of_this_thread();

  std::vector<std::string>& kernels;

 private:
  pthread_t thread_;
  KernelObserver* older_;  // of any thread
};
/// Of all threads: thread-local storage is scarce, and a kernel asks only whether it is null.
extern constinit std::atomic<KernelObserver*> newest_observer;

/// Tells this thread's observer, if it has one. What a kernel does not have is null.
[[gnu::cold]] void observe(const char* kernel, const char* op, const Shape* shape, const Matrix* a,
    const Matrix* b, const Batch* batch);

/// What observe() is told, from the arguments of a kernel.
struct ObservedCall {
  const char* op = nullptr;
  const Shape* shape = nullptr;
  const Matrix *a = nullptr, *b = nullptr;
  const Batch* batch = nullptr;

  template <class Members>
  void add(arith::OneOf<Members> chosen) {
    op = chosen.name();
  }
  void add(const Shape& sizes) { shape = &sizes; }
  void add(const Matrix& matrix) { (a ? b : a) = &matrix; }
  void add(const Batch& products) { batch = &products; }
  void add(const auto&) {}
};

}  // namespace tenon::kernels
