#include <vector>

// A graph: inputs[n] are the nodes that node n sends a gradient to.
using Graph = std::vector<std::vector<int>>;

namespace {

void count_senders(const Graph& inputs, int node, std::vector<bool>& seen, std::vector<int>& senders) {
  if (seen[node]) return;
  seen[node] = true;
  for (const int input : inputs[node]) {
    ++senders[input];
    count_senders(inputs, input, seen, senders);
  }
}

}  // namespace

// Counts for each node how many gradients it will receive; a node runs when the last one has arrived. PyTorch
// does this. Depth works too, and so does: list each node after its inputs, then reverse the list (lesson 2).
std::vector<int> backward_order(const Graph& inputs, int root) {
  std::vector<bool> seen(inputs.size());
  std::vector<int> senders(inputs.size());
  count_senders(inputs, root, seen, senders);

  std::vector<int> order = {root};
  for (std::size_t i = 0; i < order.size(); ++i)
    for (const int input : inputs[order[i]])
      if (--senders[input] == 0) order.push_back(input);
  return order;
}
