// Orders in which a graph can be run backwards, with every gradient that is sent; then tenon's own pass.
#include <algorithm>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

#include <tenon/autograd/ops.h>
#include <tenon/autograd/tape/node.h>

namespace {

struct Node;
struct Edge {
  Node* input;
  double slope;
};
struct Node {
  std::string name;
  std::vector<Edge> edges;
  int depth = 0;  // one more than that of the deepest input
  double grad = 0;
  bool visited = false;
};

Node operation(std::string name, std::vector<Edge> edges) {
  Node node{std::move(name), std::move(edges)};
  for (const Edge& edge : node.edges) node.depth = std::max(node.depth, edge.input->depth + 1);
  return node;
}

// x = 3, a = 2 x = 6, b = a + 1 = 7, y = a b = 42
struct Graph {
  Node x{"x", {}};
  Node a = operation("a", {{&x, 2}});
  Node b = operation("b", {{&a, 1}});
  Node y = operation("y", {{&a, 7}, {&b, 6}});
};

long sent = 0;
bool trace = true;

void send(const Node& node, double gradient, const Edge& edge) {
  const double part = gradient * edge.slope;
  edge.input->grad += part;
  ++sent;
  if (trace)
    std::printf("   %s sends %g * %g = %g to %s\n", node.name.c_str(), gradient, edge.slope, part,
        edge.input->name.c_str());
}

// Wrong: goes on to an input as soon as it has received something.
void depth_first(Node& node) {
  node.visited = true;
  for (const Edge& edge : node.edges) {
    send(node, node.grad, edge);
    if (!edge.input->visited) depth_first(*edge.input);
  }
}

// Wrong as well: nodes nearer to the result come first.
void breadth_first(Node& root) {
  std::deque<Node*> waiting = {&root};
  for (; !waiting.empty(); waiting.pop_front())
    for (const Edge& edge : waiting.front()->edges) {
      send(*waiting.front(), waiting.front()->grad, edge);
      if (!edge.input->visited) waiting.push_back(edge.input);
      edge.input->visited = true;
    }
}

// Right: of the nodes that have received something, the deepest is next.
void deepest_first(Node& root) {
  std::vector<Node*> waiting = {&root};
  while (!waiting.empty()) {
    const auto deeper = [](const Node* p, const Node* q) { return p->depth < q->depth; };
    const auto deepest = std::max_element(waiting.begin(), waiting.end(), deeper);
    Node* const node = *deepest;
    waiting.erase(deepest);
    for (const Edge& edge : node->edges) {
      send(*node, node->grad, edge);
      if (!edge.input->visited) waiting.push_back(edge.input);
      edge.input->visited = true;
    }
  }
}

// Right, but slow: passes on each part that arrives, so a node runs once for every path that leads to it.
void every_path(Node& node, double part) {
  for (const Edge& edge : node.edges) {
    send(node, part, edge);
    every_path(*edge.input, part * edge.slope);
  }
}

void run(const char* name, void (*order)(Node&)) {
  Graph graph;
  graph.y.grad = 1;
  std::printf("%s\n", name);
  order(graph.y);
  std::printf("   dy/dx = %g\n", graph.x.grad);
}

// x + x, then that plus itself, and so on
struct Doublings {
  std::deque<Node> nodes{{"x", {}}};
  explicit Doublings(int count) {
    for (int i = 0; i < count; ++i)
      nodes.push_back(operation("sum", {{&nodes.back(), 1}, {&nodes.back(), 1}}));
    nodes.back().grad = 1;
  }
};

void count() {
  trace = false;
  Doublings slow(20), fast(20);
  sent = 0;
  every_path(slow.nodes.back(), 1);
  std::printf("20 doublings, every path: %ld gradients sent, dy/dx = %.0f\n", sent, slow.nodes.front().grad);
  sent = 0;
  deepest_first(fast.nodes.back());
  std::printf(
      "20 doublings, deepest first: %ld gradients sent, dy/dx = %.0f\n", sent, fast.nodes.front().grad);
}

void tenon_pass() {
  using namespace tenon;
  const Tensor x = tensor(3, {.requires_grad = true});
  const Tensor a = 2 * x, b = a + 1, y = a * b;

  std::printf("tenon\n");
  const std::vector<std::pair<const char*, Tensor>> named = {{"x", x}, {"a", a}, {"b", b}, {"y", y}};
  for (const auto& [name, value] : named) {
    const int depth = static_cast<int>(autograd::node_of(value)->depth);
    // A hook is called when the gradient of its tensor is complete.
    value.register_hook([name = name, depth](const Tensor& g) {
      std::printf("   %s, depth %d, has %g\n", name, depth, g.item());
    });
  }
  y.backward();
  std::printf("   dy/dx = %g\n", x.grad().item());
}

}  // namespace

int main() {
  run("depth first", depth_first);
  run("breadth first", breadth_first);
  run("every path", [](Node& y) { every_path(y, 1); });
  run("deepest first", deepest_first);
  count();
  tenon_pass();
}
