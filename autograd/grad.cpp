#include <tenon/autograd/grad.h>

#include <algorithm>

#include <tenon/autograd/backward.h>
#include <tenon/autograd/ops.h>
#include <tenon/autograd/tape/record.h>

namespace tenon::autograd {

namespace {

/// Every node between `root` and a requested one, mapped to where its gradient is stored (null:
/// intermediate).
std::unordered_map<Node*, Tensor*> nodes_between(Node* root, std::unordered_map<Node*, Tensor*> wanted) {
  std::vector<Node*> found = nodes_below(root);
  std::sort(found.begin(), found.end(), [](const Node* a, const Node* b) { return a->depth < b->depth; });
  std::unordered_map<Node*, Tensor*> needed;
  for (Node* node : found) {
    const auto target = wanted.find(node);
    bool reaches_wanted = target != wanted.end();
    for (Edge& edge : node->edges()) reaches_wanted |= needed.contains(edge.source.get());
    if (reaches_wanted) needed.emplace(node, target == wanted.end() ? nullptr : target->second);
  }
  return needed;
}

}  // namespace

std::vector<Tensor> grad(
    const Tensor& output, const std::vector<Tensor>& inputs, const GradOptions& options, CallSite site) {
  Call call("grad", site);
  check(!inputs.empty(), "grad: needs at least one input");
  Tensor gradient = root_gradient("grad", output, options.grad_output);
  std::vector<Tensor> results(inputs.size());
  std::unordered_map<Node*, Tensor*> wanted;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check(inputs[i].defined() && inputs[i].requires_grad(), "grad: input {} does not require a gradient", i);
    detail::needs_grad("grad", inputs[i]);
    wanted.emplace(node_of(inputs[i]), &results[i]);
  }
  const auto needed = nodes_between(node_of(output), wanted);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    check(options.allow_unused || needed.contains(node_of(inputs[i])),
        "grad: the output does not depend on input {} of shape {}; pass allow_unused to get an undefined "
        "gradient",
        i, inputs[i].shape());
  if (!needed.empty())
    run_pass(call, output, std::move(gradient), options.retain_graph, options.create_graph, &needed);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Tensor& found = *wanted.at(node_of(inputs[i]));
    if (!found.defined() && !options.allow_unused) found = zeros_like(inputs[i]);
    results[i] = found;
  }
  return results;
}

}  // namespace tenon::autograd
