#include <tenon/autograd/grad.h>

#include <tenon/autograd/ops.h>
#include <tenon/autograd/pass.h>

namespace tenon::autograd {

std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
    const GradOptions& options, CallSite site) {
  Call call("grad", site);
  std::vector<Root> roots = roots_of("grad", outputs, options.grad_outputs);
  std::vector<Tensor> results;
  const Needed wanted = wanted_nodes("grad", inputs, results);
  const Needed needed = nodes_between(roots, wanted);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    check(options.allow_unused || needed.contains(node_of(inputs[i])),
        "grad: no output depends on input {} of shape {}; pass allow_unused to get an undefined gradient", i,
        inputs[i].shape());
  if (!needed.empty())
    run_pass(call, roots,
        {.retain_graph = options.retain_graph, .create_graph = options.create_graph, .needed = &needed});
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Tensor& found = *wanted.at(node_of(inputs[i]));
    if (!found.defined() && !options.allow_unused) found = zeros_like(inputs[i]);
    results[i] = found;
  }
  return results;
}

}  // namespace tenon::autograd
