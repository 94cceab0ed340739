// Numbers with a shape, in row-major order.
#pragma once
#include <vector>

struct Array {
  std::vector<int> shape;
  std::vector<double> data;
};

inline Array zeros(std::vector<int> shape) {
  std::size_t count = 1;
  for (const int size : shape) count *= static_cast<std::size_t>(size);
  return {std::move(shape), std::vector<double>(count)};
}
