// One table of operations; every property of an operation is tested over its rows.
#pragma once
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "support/reference.h"

namespace tenon::test {

/// Which numbers an input is drawn from.
enum class Domain {
  real,      // standard normal
  positive,  // in [0.5, 2): log, sqrt, divisors, powers
  apart,  // no two elements of one input, or of two inputs at one place, closer than 0.01: for kinks and ties
};

struct InputSpec {
  Shape shape;
  Domain domain = Domain::real;
};

struct OpCase {
  std::string name;   // as ops.h declares it
  std::string label;  // which form of it
  std::vector<InputSpec> inputs;
  std::function<Tensor(const std::vector<Tensor>&)> call;
  std::function<Array(const std::vector<Array>&)> reference;
  bool elementwise = false;  // a NaN in an input must show in the result
};

/// The differentiable operations.
const std::vector<OpCase>& op_cases();
/// Functions that overwrite a tensor on the way; their rows have no reference.
const std::vector<OpCase>& in_place_cases();

/// The functions that ops.h declares, differentiable or not.
std::set<std::string> declared_operations();

/// Inputs of a row, the same for the same row: drawn in float64, rounded to `dtype`.
std::vector<Tensor> make_inputs(const OpCase& row, DType dtype);

}  // namespace tenon::test
