// One case of the comparison with PyTorch: an operation, its arguments and its inputs.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <tenon/tenon.h>

namespace tenon::pytorch {

struct Case {
  std::string id, operation;
  int order = 0;                                     // 0: the outputs; 1: gradients too; 2: and second ones
  std::map<std::string, std::vector<double>> named;  // the arguments that are not tensors
  std::vector<Tensor> in;                            // the operands, after their view steps

  bool has(const std::string& name) const { return named.contains(name); }
  /// Throws std::runtime_error if there is no argument of this name: a mistake of the table, not a result.
  const std::vector<double>& list(const std::string& name) const;
  double number(const std::string& name) const;
  std::int64_t integer(const std::string& name) const { return static_cast<std::int64_t>(number(name)); }
  bool flag(const std::string& name) const { return number(name) != 0; }
  Shape shape(const std::string& name) const;
  /// Operand i, or an undefined tensor if there are fewer.
  Tensor optional(std::size_t i) const { return i < in.size() ? in[i] : Tensor(); }
};

using Operation = std::function<std::vector<Tensor>(const Case&)>;

/// Adds the modules and optimizers to the table.
void add_modules(std::map<std::string, Operation>& table);
/// The table by name; operations.py and modules.py have the same names.
const std::map<std::string, Operation>& operations();

}  // namespace tenon::pytorch
