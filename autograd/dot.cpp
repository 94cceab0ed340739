#include <tenon/autograd/dot.h>

#include <unordered_map>

#include <tenon/autograd/explore/recording.h>
#include <tenon/autograd/tape/node.h>
#include <tenon/core/formatted.h>

namespace tenon::autograd {

namespace {

/// `\nvalue 1, 2`, or nothing if there are many elements.
std::string elements(const char* what, const Tensor& tensor) {
  constexpr std::int64_t most = 6;
  if (!tensor.defined() || tensor.numel() > most) return "";
  std::string text;
  for (const double x : excerpt(tensor, most).values)
    text += tenon::detail::formatted("{}{:.4g}", text.empty() ? "" : ", ", x);
  return std::string("\\n") + what + text;
}

/// The name with its values, inside the quotes of a label.
std::string named(const std::string& name, const Tensor& tensor) {
  std::string text;
  for (const char c : name) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + elements("value ", tensor) + elements("gradient ", tensor.grad()) + "\\n";
}

}  // namespace

std::string dot(const Tensor& root, const std::vector<std::pair<std::string, Tensor>>& names) {
  check(root.requires_grad(), "dot: the tensor does not depend on any that requires a gradient");
  const std::vector<Node*> found = nodes_below(node_of(root));
  std::unordered_map<const Node*, std::size_t> number;
  for (const Node* node : found) number.emplace(node, number.size());
  std::unordered_map<const Node*, std::string> labels;
  for (const auto& [name, tensor] : names)
    if (tensor.defined()) labels.emplace(node_of(tensor), named(name, tensor));
  std::string text = "digraph tape {\n  rankdir=BT;\n  node [shape=box, fontname=\"sans-serif\"];\n";
  for (std::size_t i = 0; i < found.size(); ++i) {
    Node& node = *found[i];
    std::string line = to_string(node.site);
    line.erase(0, line.rfind('/') + 1);
    const std::string& label = labels[&node];
    if (node.leaf())
      text += tenon::detail::format("  n{} [label=\"{}{}\", style=filled, fillcolor=\"#d9ead3\"];\n",
          {i, label.empty() ? "leaf\\n" : label, node.shape});
    else
      text += tenon::detail::format(
          "  n{} [label=\"{}{}\\n{}\\n{}\"];\n", {i, label, node.name, node.shape, line});
    for (Edge& edge : node.edges())
      text += tenon::detail::format("  n{} -> n{};\n", {i, number.at(edge.source.get())});
  }
  return text + "}\n";
}

}  // namespace tenon::autograd
