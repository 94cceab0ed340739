#include <tenon/kernels/observer.h>

namespace tenon::kernels {

constinit thread_local std::vector<std::string>* observed = nullptr;

void observe(const char* kernel, const char* op, const Shape* shape, const Matrix* a, const Matrix* b,
    const Batch* batch) {
  std::string& text = observed->emplace_back(kernel);
  if (op) text.append(" ").append(op);
  if (shape) text.append(" ").append(to_string(*shape));
  if (!a) return;
  if (batch->rank > 0) text.append(" ").append(std::to_string(batch->count())).append(" ×");
  for (const Matrix* matrix : {a, b})
    text.append(matrix == a ? " " : " @ ").append(to_string(Shape{matrix->rows, matrix->cols}));
}

}  // namespace tenon::kernels
