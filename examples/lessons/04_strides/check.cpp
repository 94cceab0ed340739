// Checks three views: their shapes, and that every element is the right one in memory.
#include <cstdio>
#include <string>

#include "view.h"

View every(View a, int dim, int step);
View diagonal(View a);
View windows(View a, int size);

namespace {

std::string text(const std::vector<int>& numbers) {
  std::string all;
  for (const int n : numbers) all += (all.empty() ? "" : ", ") + std::to_string(n);
  return "[" + all + "]";
}

// `expected`: the positions of the elements in memory, in row-major order.
bool right(const char* name, const View& view, const double* memory, const std::vector<int>& shape,
    const std::vector<int>& expected, const char* hint) {
  if (view.shape != shape || view.strides.size() != shape.size()) {
    std::printf("failed: %s has shape %s and strides %s; the shape should be %s, with as many strides\n",
        name, text(view.shape).c_str(), text(view.strides).c_str(), text(shape).c_str());
    std::puts(hint);
    return false;
  }
  std::vector<int> index(shape.size());
  for (const int position : expected) {
    const auto found = &view.at(index) - memory;
    if (found != position) {
      std::printf(
          "failed: %s with strides %s: element %s is the one at position %ld in memory; it should be %d\n",
          name, text(view.strides).c_str(), text(index).c_str(), static_cast<long>(found), position);
      std::puts(hint);
      return false;
    }
    for (std::size_t d = shape.size(); d-- > 0;) {  // the next index
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  return true;
}

}  // namespace

int main() {
  const std::vector<double> memory(12);
  const double* const m = memory.data();
  const View row{m, {5}, {1}}, matrix{m, {3, 4}, {4, 1}}, square{m, {3, 3}, {3, 1}};
  const char* const of_every = "How many of 0, step, 2 step, ... are less than the old size? Round up.";
  const char* const of_diagonal = "How far apart in memory are two neighbours on the diagonal?";
  const char* const of_windows =
      "How far apart in memory are the first elements of two windows, and two elements of a window?";
  if (!right("every(row, 0, 2)", every(row, 0, 2), m, {3}, {0, 2, 4}, of_every) ||
      !right("every(matrix, 1, 3)", every(matrix, 1, 3), m, {3, 2}, {0, 3, 4, 7, 8, 11}, of_every) ||
      !right("every(transpose(matrix, 0, 1), 0, 2)", every(transpose(matrix, 0, 1), 0, 2), m, {2, 3},
          {0, 4, 8, 2, 6, 10}, of_every) ||
      !right("diagonal(square)", diagonal(square), m, {3}, {0, 4, 8}, of_diagonal) ||
      !right("diagonal(every(every(square, 0, 2), 1, 2))", diagonal(every(every(square, 0, 2), 1, 2)), m, {2},
          {0, 8}, of_diagonal) ||
      !right("windows(row, 2)", windows(row, 2), m, {4, 2}, {0, 1, 1, 2, 2, 3, 3, 4}, of_windows) ||
      !right(
          "windows(every(row, 0, 2), 2)", windows(every(row, 0, 2), 2), m, {2, 2}, {0, 2, 2, 4}, of_windows))
    return 1;
  std::puts("passed");
}
