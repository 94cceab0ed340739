// Checks an order of the backward pass on graphs with one way, two ways and very many ways from node to node.
#include <algorithm>
#include <cstdio>
#include <vector>

using Graph = std::vector<std::vector<int>>;

std::vector<int> backward_order(const Graph& inputs, int root);

namespace {

bool right(const char* name, const Graph& inputs, int root, std::size_t expected) {
  const std::vector<int> order = backward_order(inputs, root);
  const auto place = [&](int node) { return std::find(order.begin(), order.end(), node); };
  for (auto at = order.begin(); at != order.end(); ++at) {
    if (std::find(at + 1, order.end(), *at) != order.end()) {
      std::printf("failed: %s: node %d runs twice\n", name, *at);
      return false;
    }
    for (const int input : inputs[*at])
      if (place(input) < at) {
        std::printf(
            "failed: %s: node %d runs before node %d, which sends a gradient to it\n", name, input, *at);
        std::printf("Your order is");
        for (const int node : order) std::printf(" %d", node);
        std::printf(". What node %d receives after it has run is lost.\n", input);
        return false;
      }
  }
  if (order.size() == expected) return true;
  std::printf("failed: %s: %zu nodes run; there are %zu below the result\n", name, order.size(), expected);
  return false;
}

}  // namespace

int main() {
  // The graph of the lesson: 0 is x, 1 is a, 2 is b, 3 is y.
  const Graph lesson = {{}, {0}, {1}, {1, 2}};
  const Graph square = {{}, {0, 0}};
  const Graph unused = {{}, {0}, {0}, {1}};  // node 2 does not lead to node 3
  // The numbers need not tell the order: node 1 is the result of 3, 3 of 0 and 2, 2 of 0.
  const Graph renumbered = {{}, {3}, {0}, {0, 2}};
  Graph ladder(61);  // 2^60 ways from the top to the bottom
  for (int n = 1; n <= 60; ++n) ladder[n] = {n - 1, n - 1};

  if (!right("a chain", {{}, {0}, {1}}, 2, 3) || !right("y = a b", lesson, 3, 4) ||
      !right("y = x x", square, 1, 2) || !right("an unused node", unused, 3, 3) ||
      !right("other numbers", renumbered, 1, 4) || !right("60 doublings", ladder, 60, 61))
    return 1;
  std::puts("passed");
}
