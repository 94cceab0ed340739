#include <tenon/autograd/grad_fn.h>

#include <tenon/autograd/tape/node.h>

namespace tenon {

namespace autograd {

GradFn::GradFn(Ref<Node> node) noexcept : node_(std::move(node)) {}
GradFn::GradFn(const GradFn&) noexcept = default;
GradFn& GradFn::operator=(const GradFn&) noexcept = default;
GradFn::~GradFn() = default;

std::string GradFn::name() const { return node_->name; }
const Shape& GradFn::shape() const { return node_->shape; }
CallSite GradFn::site() const { return node_->site; }

std::vector<GradFn> GradFn::next_functions() const {
  std::vector<GradFn> below;
  for (const Edge& edge : node_->edges()) below.emplace_back(edge.source);
  return below;
}

}  // namespace autograd

std::optional<autograd::GradFn> Tensor::grad_fn() const {
  if (is_leaf()) return {};
  return autograd::GradFn(autograd::node_ref(*this));
}

}  // namespace tenon
