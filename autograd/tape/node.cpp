#include <tenon/autograd/tape/node.h>

#include <unordered_set>

#include <tenon/core/call.h>

namespace tenon::autograd {

namespace {

std::size_t block_bytes(int capacity) {
  return sizeof(Node) + static_cast<std::size_t>(capacity) * sizeof(Edge);
}

// Destroying a node destroys its saved tensors, and through them other nodes. Inner calls add to this list
// and the outermost call empties it, so the stack depth does not grow with the length of the chain.
constinit thread_local Node* doomed = nullptr;
constinit thread_local bool draining = false;

}  // namespace

Ref<Node> Node::create(const char* name, int capacity, const Tensor& value, CallSite site) {
  if (!site && running_call) site = running_call->site();
  return Ref<Node>::adopt(new (pool::allocate(block_bytes(capacity))) Node(name, capacity, value, site));
}

Node::~Node() {
  for (Edge& edge : edges()) edge.~Edge();
}

void Node::dispose() noexcept {
  if (draining) {
    next = std::exchange(doomed, this);
    return;
  }
  draining = true;
  for (Node* node = this; node;) {
    const std::size_t bytes = block_bytes(node->capacity);
    node->~Node();
    pool::release(node, bytes);
    if ((node = doomed)) doomed = node->next;
  }
  draining = false;
}

std::vector<Node*> nodes_below(std::span<Node* const> roots) {
  std::vector<Node*> found;
  std::unordered_set<Node*> seen;
  for (Node* root : roots)
    if (seen.insert(root).second) found.push_back(root);
  for (std::size_t i = 0; i < found.size(); ++i)
    for (Edge& edge : found[i]->edges())
      if (seen.insert(edge.source.get()).second) found.push_back(edge.source.get());
  return found;
}

std::vector<Node*> nodes_below(Node* root) { return nodes_below(std::span(&root, 1)); }

std::string describe(const Node& node) {
  return detail::format(node.site ? "\"{}\" at {}" : "\"{}\"", {node.name, node.site});
}

}  // namespace tenon::autograd
