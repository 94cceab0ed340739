#include <tenon/core/dtype.h>

#include <tenon/core/check.h>

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

void detail::fail_not_floating(const char* op, DType dtype) {
  fail("{}: needs floating-point numbers; the dtype is {}", op, dtype);
}
void detail::fail_not_number(const char* op, DType dtype) {
  fail("{}: needs numbers; the dtype is {}", op, dtype);
}

}  // namespace tenon
