// Copies, transposes, and operands that are not contiguous.
#include "../case.h"

using namespace tenon;

namespace bench {
namespace {

const std::vector<Size> matrices{{300, 300}, {3000, 3000}}, on_cuda{{4096, 4096}};

template <class Function>
Case of_matrix(const std::string& name, Function f, DType dtype = DType::float32) {
  return {.name = "layout/" + name,
      .sizes = matrices,
      .inputs = normals(1, dtype),
      .make = function([f](const Tensors& in) { return f(in[0]); }),
      .cuda_sizes = on_cuda};
}

/// Rows that are joined: as many tensors as size[0], with size[1] elements each.
template <class Function>
Case of_rows(const std::string& name, Function f) {
  return {.name = "layout/" + name,
      .sizes = {{200, 10}, {10, 100'000}},
      .inputs =
          [](const Size& size) {
            Tensors rows;
            for (std::int64_t i = 0; i < size[0]; ++i) rows.push_back(randn({size[1]}));
            return rows;
          },
      .make = function(f)};
}

}  // namespace

std::vector<Case> layout_cases() {
  Case every_other =
      of_matrix("every_other_column", [](const Tensor& x) { return slice(x, 1, {.step = 2}).contiguous(); });
  every_other.traffic = [](const Size& size) {  // a cache line is read whole
    const auto n = static_cast<double>(size[0] * size[1]);
    return Traffic{4 * n, 2 * n};
  };
  Case sum_of_transposes = of_matrix("add_transposes", [](const Tensor& x) { return x.t() + x.t(); });
  sum_of_transposes.inputs = normals(2);
  sum_of_transposes.make = function([](const Tensors& in) { return in[0].t() + in[1].t(); });
  return {
      of_matrix("copy", [](const Tensor& x) { return x.clone(); }),
      of_matrix("transpose", [](const Tensor& x) { return x.t().contiguous(); }),
      of_matrix(
          "transpose_float64", [](const Tensor& x) { return x.t().contiguous(); }, DType::float64),
      of_matrix("to_float64", [](const Tensor& x) { return x.to(DType::float64); }),
      of_matrix("multiply_transpose", [](const Tensor& x) { return x.t() * 2.0; }),
      sum_of_transposes,
      every_other,
      {.name = "layout/permute",  // channels last
          .sizes = {{8, 64, 1000}},
          .inputs = normals(1),
          .make = function([](const Tensors& in) {
            return permute(in[0], {0, 2, 1}).contiguous();
          })},
      of_rows("cat", [](const Tensors& in) { return cat(in); }),
      of_rows("stack", [](const Tensors& in) { return stack(in); }),
  };
}

}  // namespace bench
