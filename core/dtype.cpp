#include <tenon/core/dtype.h>

namespace tenon {

std::string to_string(DType dtype) {
  switch (dtype) {
    case DType::float32: return "float32";
    case DType::float64: return "float64";
    case DType::int64: return "int64";
    case DType::boolean: return "boolean";
  }
  return "unknown";
}

}  // namespace tenon
