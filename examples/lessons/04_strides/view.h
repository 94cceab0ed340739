// A view of numbers that belong to someone else: where the first one is, and how far apart neighbours are.
#pragma once
#include <utility>
#include <vector>

struct View {
  const double* first;
  std::vector<int> shape, strides;

  const double& at(const std::vector<int>& index) const {
    int offset = 0;
    for (std::size_t d = 0; d < index.size(); ++d) offset += index[d] * strides[d];
    return first[offset];
  }
};

// An example: exchanges two dimensions. No element is touched.
inline View transpose(View a, int dim0, int dim1) {
  std::swap(a.shape[dim0], a.shape[dim1]);
  std::swap(a.strides[dim0], a.strides[dim1]);
  return a;
}
