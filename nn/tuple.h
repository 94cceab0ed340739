// Sizes as Python prints them.
#pragma once
#include <string>

#include <tenon/core/shape.h>

namespace tenon::nn::detail {

/// `(4, 3)`
inline std::string tuple(const Shape& shape) {
  std::string text = "(";
  for (int i = 0; i < shape.rank(); ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + (shape.rank() == 1 ? ",)" : ")");
}

}  // namespace tenon::nn::detail
