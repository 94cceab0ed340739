// Checks and times one case in one size.
#pragma once
#include <string>
#include <vector>

#include "case.h"
#include "roofs.h"
#include "timing.h"

namespace bench {

struct Row {
  std::string name;  // reduce/sum/1000 or, if its inputs are in no cache, reduce/sum/1000/cold
  Size size{};
  bool cold = false;
  double bytes = 0, flops = 0;    // of one call; flops is 0 where memory is the limit
  std::vector<Timing> timings{};  // tenon first
  // On a CUDA device: calls that are waited for, or the device's own time where `timings` are such calls; and
  // whether the host could not keep the device busy, so that the device's time includes pauses.
  std::vector<Timing> other_timings{};
  std::vector<bool> host_bound{};
  std::string limit{};       // arithmetic, caches or memory; empty where a call's overhead is the limit
  Timing roof{};             // the time of the limit alone
  double page_faults = 0;    // per call of tenon
  double largest_error = 0;  // of tenon and its peers, relative to the largest value
  std::string failure{};     // why there are no timings
};

/// 512x512x512
std::string text_of(const Size& size);
/// The name of the row that `measure` would return.
std::string row_name(const Case& one, const Size& size, bool cold);
/// Whether a case makes sense with cold caches: not if the call itself dominates, or if its inputs exceed the
/// caches anyway.
bool has_cold_row(const Case& one, const Size& size, const Caches& caches);

/// The bytes of a call with these inputs and results.
Traffic traffic_of(const Case& one, const Size& size, const Tensors& inputs, const Tensors& results);
/// Copies on the CUDA device. A transposed matrix stays one; the copy of another view is contiguous.
Tensors on_cuda(const Tensors& tensors);
Tensors result_on_cpu(const Case& one, const Tensors& inputs);
/// The case's call on the CUDA device, for inputs there. Throws unless its first result has the bits of
/// `expected`, from result_on_cpu. Both start from the same seed, for the cases that draw numbers.
Work work_on_cuda(const Case& one, const std::vector<Tensors>& sets, const Tensors& expected);
/// The largest difference relative to the largest value. Throws if it exceeds the tolerance, or is NaN.
double compare(const std::string& who, const Tensors& found, const Tensors& expected, double tolerance);

struct Plan {
  int rounds = 21;
  double min_time = 0.002, pause = 0;  // seconds, see timing.h
  int threads = 1;
};
/// A result that is wrong, or any other exception, becomes the row's failure.
Row measure(const Case& one, const Size& size, bool cold, const Plan& plan, const Roofs& roofs);

}  // namespace bench
