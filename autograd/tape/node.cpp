#include <tenon/autograd/tape/node.h>

#include <unordered_set>

#include <tenon/core/call.h>

namespace tenon::autograd {

namespace {

std::size_t block_bytes(int capacity) {
  return sizeof(Node) + static_cast<std::size_t>(capacity) * sizeof(Edge);
}

// Dropping a node drops what it saved, and through that other nodes. The outermost drop empties this list and
// inner ones only join it, so the stack stays flat however long the chain is.
constinit thread_local Node* doomed = nullptr;
constinit thread_local bool draining = false;

}  // namespace

Ref<Node> Node::create(const char* name, int capacity, const Tensor& value, CallSite site) {
  if (!site && running_call) site = running_call->site();
  return Ref<Node>::adopt(new (pool::allocate(block_bytes(capacity))) Node(name, capacity, value, site));
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

std::vector<Node*> nodes_below(Node* root) {
  std::vector<Node*> found{root};
  std::unordered_set<Node*> seen{root};
  for (std::size_t i = 0; i < found.size(); ++i)
    for (Edge& edge : found[i]->edges())
      if (seen.insert(edge.source.get()).second) found.push_back(edge.source.get());
  return found;
}

std::string describe(const Node& node) {
  return detail::format(node.site ? "\"{}\" at {}" : "\"{}\"", {node.name, node.site});
}

}  // namespace tenon::autograd
