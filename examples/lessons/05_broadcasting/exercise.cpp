#include "array.h"

// The pullback of broadcasting an array of this shape to the shape of g: each element of the result is the
// sum of the elements of g that it was copied to.
Array sum_to(const Array& g, const std::vector<int>& shape) {
  Array result = zeros(shape);
  for (std::size_t i = 0; i < g.data.size(); ++i) {
    // TODO: g.data[i] belongs to one element of the result. Which one?
    result.data.at(0) += g.data[i];
  }
  return result;
}
