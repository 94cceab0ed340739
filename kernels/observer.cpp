#include <tenon/kernels/observer.h>

#include <mutex>

namespace tenon::kernels {

constinit std::atomic<KernelObserver*> newest_observer = nullptr;
static constinit std::mutex mutex;  // of the list

KernelObserver::KernelObserver(std::vector<std::string>& list) : kernels(list), thread_(pthread_self()) {
  const std::lock_guard lock(mutex);
  older_ = newest_observer;
  newest_observer = this;
}

KernelObserver::~KernelObserver() {
  const std::lock_guard lock(mutex);
  KernelObserver* newer = newest_observer;
  if (newer == this) newest_observer = older_;
  else {
    while (newer->older_ != this) newer = newer->older_;
    newer->older_ = older_;
  }
}

KernelObserver* KernelObserver::of_this_thread() {
  const std::lock_guard lock(mutex);
  KernelObserver* one = newest_observer;
  while (one && one->thread_ != pthread_self()) one = one->older_;
  return one;
}

void observe(const char* kernel, const char* op, const Shape* shape, const Matrix* a, const Matrix* b,
    const Batch* batch) {
  KernelObserver* const observer = KernelObserver::of_this_thread();
  if (!observer) return;
  std::string& text = observer->kernels.emplace_back(kernel);
  if (op) text.append(" ").append(op);
  if (shape) text.append(" ").append(to_string(*shape));
  if (!a) return;
  if (batch->rank > 0) text.append(" ").append(std::to_string(batch->count())).append(" ×");
  for (const Matrix* matrix : {a, b})
    text.append(matrix == a ? " " : " @ ").append(to_string(Shape{matrix->rows, matrix->cols}));
}

}  // namespace tenon::kernels
