// What the kernels of SGD need of a parameter. Private.
#pragma once
#include <tenon/kernels/update.h>
#include <tenon/optim/sgd.h>
#include <tenon/optim/step.h>

namespace tenon::optim {

/// Throws if a rate of the group is not finite in the parameter's dtype.
kernels::SgdItem sgd_item(const SGDOptions& options, SGDParamState& state, StepParam& p);

}  // namespace tenon::optim
