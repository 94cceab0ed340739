// A table of operations; tests check each property of operations for all of its rows.
#pragma once
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "support/reference.h"

namespace tenon::test {

/// The distribution of an input.
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
  std::string name;   // as declared in ops.h
  std::string label;  // tells variants of an operation apart
  std::vector<InputSpec> inputs;
  std::function<Tensor(const std::vector<Tensor>&)> call;
  std::function<Array(const std::vector<Array>&)> reference;
  bool elementwise = false;  // NaN in an input must appear in the result
};

/// The differentiable operations.
const std::vector<OpCase>& op_cases();
/// In-place functions; their rows have no reference.
const std::vector<OpCase>& in_place_cases();

/// The functions declared in ops.h, differentiable or not.
std::set<std::string> declared_operations();
/// Those whose first parameter is a tensor.
std::set<std::string> operations_of_one_tensor();

/// Inputs of a row, always the same: drawn in float64, rounded to `dtype`.
std::vector<Tensor> make_inputs(const OpCase& row, DType dtype);

}  // namespace tenon::test
