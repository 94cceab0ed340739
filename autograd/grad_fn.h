// The tape as a tensor shows it.
#pragma once
#include <string>
#include <vector>

#include <tenon/core/ref.h>
#include <tenon/core/tensor.h>

namespace tenon::autograd {

struct Node;

/// An operation on the tape, for reading: what computed a tensor (Tensor::grad_fn) and, through
/// next_functions(), everything that this depends on. While it lives, so do the nodes below it.
class TENON_API GradFn {
 public:
  /// That of the function, "add"; a leaf's is "leaf".
  std::string name() const;
  /// The shape of the result.
  const Shape& shape() const;
  /// The line that called the operation.
  CallSite site() const;
  /// What computed the inputs that require a gradient, in their order.
  std::vector<GradFn> next_functions() const;
  /// True for the same operation on the tape.
  bool operator==(const GradFn& other) const { return node_.get() == other.node_.get(); }

  explicit GradFn(Ref<Node> node) noexcept;
  GradFn(const GradFn&) noexcept;
  GradFn& operator=(const GradFn&) noexcept;
  ~GradFn();

 private:
  Ref<Node> node_;
};

}  // namespace tenon::autograd
