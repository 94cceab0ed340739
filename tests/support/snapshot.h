// Checks that a failing call leaves everything unchanged.
#pragma once
#include <vector>

#include "support/tensors.h"

namespace tenon::test {

/// Saved state of tensors: elements, version, dtype and gradient.
class Snapshot {
 public:
  Snapshot() = default;
  explicit Snapshot(const std::vector<Tensor>& tensors) {
    for (const Tensor& tensor : tensors)
      taken_.push_back({tensor, tensor.detach().clone(), tensor.raw(), tensor.version(), tensor.grad(),
          tensor.grad().defined() ? tensor.grad().clone() : Tensor()});
  }
  bool holds() const {
    for (const Taken& taken : taken_) {
      const Tensor grad = taken.tensor.grad();
      if (!bitwise_equal(taken.tensor, taken.elements) || taken.tensor.raw() != taken.memory ||
          taken.tensor.version() != taken.version || !grad.is_same(taken.grad) ||
          (grad.defined() && !bitwise_equal(grad, taken.grad_elements)))
        return false;
    }
    return true;
  }

 private:
  struct Taken {
    Tensor tensor, elements;
    const void* memory;
    std::uint32_t version;
    Tensor grad, grad_elements;
  };
  std::vector<Taken> taken_;
};

}  // namespace tenon::test
