// Checks sum_to with numbers that can be added by hand.
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <stdexcept>
#include <string>

#include "array.h"

Array sum_to(const Array& g, const std::vector<int>& shape);

namespace {

template <class T>
std::string text(const std::vector<T>& numbers) {
  std::string all;
  for (const T n : numbers) all += (all.empty() ? "" : ", ") + std::to_string(static_cast<int>(n));
  return all;
}

void print_hint(const std::vector<int>& shape) {
  if (std::find(shape.begin(), shape.end(), 1) != shape.end())
    std::puts("Where the result has size 1, all of g along that dimension belongs to one element.");
  else
    std::puts("Align the shapes at the right. A dimension that the result lacks has no part in the place.");
}

// g holds 1, 2, 3, ...
bool right(const std::vector<int>& from, const std::vector<int>& to, const std::vector<double>& expected) {
  Array g = zeros(from);
  std::iota(g.data.begin(), g.data.end(), 1);
  Array sum;
  try {
    sum = sum_to(g, to);
  } catch (const std::out_of_range&) {
    std::printf("failed: shape [%s], summed to [%s]: an index is beyond the last element\n",
        text(from).c_str(), text(to).c_str());
    print_hint(to);
    return false;
  }
  if (sum.shape == to && sum.data == expected) return true;
  std::printf("failed: g = %s in shape [%s], summed to [%s], should be %s; yours is %s in shape [%s]\n",
      text(g.data).c_str(), text(from).c_str(), text(to).c_str(), text(expected).c_str(),
      text(sum.data).c_str(), text(sum.shape).c_str());
  print_hint(to);
  return false;
}

}  // namespace

int main() {
  if (!right({2, 3}, {}, {21}) || !right({2, 3}, {3}, {5, 7, 9}) || !right({2, 3}, {1, 3}, {5, 7, 9}) ||
      !right({2, 3}, {2, 1}, {6, 15}) || !right({2, 3}, {2, 3}, {1, 2, 3, 4, 5, 6}) ||
      !right({2, 3}, {1, 1}, {21}) || !right({2, 2, 2}, {2, 1, 2}, {4, 6, 12, 14}) ||
      !right({2, 2, 2}, {2, 1}, {14, 22}) || !right({2, 2, 2}, {2}, {16, 20}))
    return 1;
  std::puts("passed");
}
