#include <tenon/autograd/backward.h>

#include <tenon/autograd/pass.h>

namespace tenon {
namespace autograd {

void run_backward(Call& call, std::span<Root> roots, const BackwardOptions& options, PassObserver* observer) {
  PassOptions pass{
      .retain_graph = options.retain_graph, .create_graph = options.create_graph, .observer = observer};
  if (!options.inputs.list) return run_pass(call, roots, pass);
  std::vector<Tensor> found;
  const Needed needed = nodes_between(roots, wanted_nodes("backward", *options.inputs.list, found));
  pass.needed = &needed;
  pass.accumulate = true;
  run_pass(call, roots, pass);
}

void backward(const std::vector<Tensor>& tensors, const std::vector<Tensor>& grad_tensors,
    const BackwardOptions& options, CallSite site) {
  Call call("backward", site);
  std::vector<Root> roots = roots_of("backward", tensors, grad_tensors);
  run_backward(call, roots, options);
}

}  // namespace autograd

void Tensor::backward(const BackwardOptions& options, CallSite site) const {
  backward(Tensor(), options, site);
}

void Tensor::backward(const Tensor& gradient, const BackwardOptions& options, CallSite site) const {
  Call call("backward", site);
  autograd::Root root = autograd::root_of("backward", *this, gradient);
  autograd::run_backward(call, {&root, 1}, options);
}

}  // namespace tenon
