#include <tenon/autograd/anomaly.h>

#include <tenon/autograd/ops.h>
#include <tenon/autograd/tape/record.h>

namespace tenon::autograd {

bool has_nan(const Tensor& tensor) {
  if (!is_floating_point(tensor.dtype())) return false;
  const NoGradGuard no_grad;
  const ModeGuard quiet({.record = false, .anomaly = false});
  return (tensor != tensor).sum().item<std::int64_t>() != 0;
}

void detail::check_no_nan(const Tensor& output, const char* op) {
  if (has_nan(output))
    fail("anomaly mode: \"{}\" produced a NaN; the result has shape {}", op, output.shape());
}

}  // namespace tenon::autograd
