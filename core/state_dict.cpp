#include <tenon/core/state_dict.h>

namespace tenon {

StateReader::StateReader(const StateDict& state, const char* owner) : state_(state), owner_(owner) {
  for (const auto& [name, tensor] : state)
    if (!left_.emplace(name, &tensor).second) complain("\"{}\" is given twice", name);
}

const Tensor* StateReader::take(const std::string& name) {
  const auto found = left_.find(name);
  if (found == left_.end()) {
    complain("\"{}\" is missing", name);
    return nullptr;
  }
  const Tensor* const tensor = found->second;
  left_.erase(found);
  if (tensor->defined()) return tensor;
  complain("\"{}\" is undefined", name);
  return nullptr;
}

const Tensor* StateReader::take(const std::string& name, const Shape& shape, DType dtype) {
  const Tensor* const tensor = take(name);
  if (!tensor || (tensor->shape() == shape && tensor->dtype() == dtype)) return tensor;
  complain("\"{}\" is {} {}, the {} has {} {}", name, tensor->dtype(), tensor->shape(), owner_, dtype, shape);
  return nullptr;
}

bool StateReader::has_prefix(std::string_view prefix) const {
  const auto found = left_.lower_bound(prefix);
  return found != left_.end() && found->first.starts_with(prefix);
}

void StateReader::finish() {
  // Unknown names come first: next to the missing ones they reveal misspelled names.
  const std::string others = std::exchange(mistakes_, {});
  for (const auto& [name, tensor] : state_)
    if (left_.contains(name)) complain("\"{}\" is not in the {}", name, owner_);
  if (!others.empty()) complain("{}", others);
  check(mistakes_.empty(), "load_state_dict: {}", mistakes_);
}

}  // namespace tenon
