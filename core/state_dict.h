// The saved state of a module, an optimizer or a data loader, and how it is read back.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/core/tensor.h>

namespace tenon {

/// Ordered names and tensors; the names follow PyTorch: `fc1.weight`, `state.0.momentum_buffer`. A number is
/// a 0-dimensional tensor of float64, int64 or boolean.
using StateDict = std::vector<std::pair<std::string, Tensor>>;

/// Reads a state dict that must match its owner exactly. Mistakes are collected, and finish() throws one
/// Error that lists them all. Call finish() before changing anything.
class TENON_API StateReader {
 public:
  /// `owner` is the name of the loading object in error texts, such as "module".
  StateReader(const StateDict& state, const char* owner);

  /// The tensor named `name`. If there is none, records a mistake and returns null.
  const Tensor* take(const std::string& name);
  /// The same; a different shape or dtype is a mistake too.
  const Tensor* take(const std::string& name, const Shape& shape, DType dtype);
  /// Replaces `value` by the number named `name`.
  template <Element T>
  void take_number(const std::string& name, T& value) {
    if (const Tensor* number = take(name, {}, dtype_of<T>)) value = number->item<T>();
  }
  /// True if a name that begins with `prefix` has not been taken.
  bool has_prefix(std::string_view prefix) const;
  /// Records a mistake found by the owner.
  template <class... Args>
  void complain(std::string_view text, const Args&... args) {
    mistakes_ += (mistakes_.empty() ? "" : "; ") + detail::format(text, {detail::Arg(args)...});
  }
  /// Throws if there was a mistake, or if `state` has a name that was not taken.
  void finish();

 private:
  const StateDict& state_;
  const char* owner_;
  std::map<std::string_view, const Tensor*> left_;  // names not taken yet
  std::string mistakes_;
};

}  // namespace tenon
