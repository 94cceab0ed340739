#include <tenon/autograd/dot.h>

#include <unordered_map>

#include <tenon/autograd/tape/node.h>

namespace tenon::autograd {

std::string dot(const Tensor& root) {
  check(root.requires_grad(), "dot: the tensor does not depend on any that requires a gradient");
  const std::vector<Node*> found = nodes_below(node_of(root));
  std::unordered_map<const Node*, std::size_t> number;
  for (const Node* node : found) number.emplace(node, number.size());
  std::string text = "digraph tape {\n  rankdir=BT;\n  node [shape=box, fontname=\"sans-serif\"];\n";
  for (std::size_t i = 0; i < found.size(); ++i) {
    Node& node = *found[i];
    std::string line = to_string(node.site);
    line.erase(0, line.rfind('/') + 1);
    if (node.leaf())
      text += tenon::detail::format(
          "  n{} [label=\"leaf\\n{}\", style=filled, fillcolor=\"#d9ead3\"];\n", {i, node.shape});
    else text += tenon::detail::format("  n{} [label=\"{}\\n{}\\n{}\"];\n", {i, node.name, node.shape, line});
    for (Edge& edge : node.edges())
      text += tenon::detail::format("  n{} -> n{};\n", {i, number.at(edge.source.get())});
  }
  return text + "}\n";
}

}  // namespace tenon::autograd
