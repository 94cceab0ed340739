#include "array.h"

// Goes through the dimensions from the last to the first. `rest` is the index of those not yet seen. A
// dimension of size 1, or one that the result lacks, contributes nothing to the place: its stride is 0.
Array sum_to(const Array& g, const std::vector<int>& shape) {
  Array result = zeros(shape);
  for (std::size_t i = 0; i < g.data.size(); ++i) {
    std::size_t rest = i, place = 0, stride = 1;
    for (std::size_t d = 1; d <= shape.size(); ++d) {
      const auto of_g = static_cast<std::size_t>(g.shape[g.shape.size() - d]);
      const auto of_result = static_cast<std::size_t>(shape[shape.size() - d]);
      if (of_result > 1) place += rest % of_g * stride;
      rest /= of_g;
      stride *= of_result;
    }
    result.data.at(place) += g.data[i];
  }
  return result;
}
