#include <vector>

// A graph: inputs[n] are the nodes that node n sends a gradient to.
using Graph = std::vector<std::vector<int>>;

namespace {

// Depth first: a node comes as soon as something has been sent to it.
void visit(const Graph& inputs, int node, std::vector<bool>& seen, std::vector<int>& order) {
  if (seen[node]) return;
  seen[node] = true;
  order.push_back(node);
  for (const int input : inputs[node]) visit(inputs, input, seen, order);
}

}  // namespace

// The nodes that `root` depends on, and root itself, in the order in which they may run: each one once, after
// all nodes that send a gradient to it.
std::vector<int> backward_order(const Graph& inputs, int root) {
  std::vector<bool> seen(inputs.size());
  std::vector<int> order;
  visit(inputs, root, seen, order);  // TODO: another order
  return order;
}
