// Sums and maxima, over contiguous elements, dimensions and views, and the losses.
#include "../case.h"

using namespace tenon;

namespace bench {
namespace {

constexpr std::int64_t mi = 1 << 20;
const std::vector<Size> vectors{{1000}, {100'000}, {10'000'000}}, matrices{{300, 300}, {3000, 3000}};

template <class Function>
Case reduction(
    const std::string& name, const std::vector<Size>& sizes, Function f, std::vector<Size> cuda_sizes = {}) {
  return {.name = "reduce/" + name,
      .sizes = sizes,
      .inputs = uniforms(1),
      .make = function([f](const Tensors& in) { return f(in[0]); }),
      .cuda_sizes = std::move(cuda_sizes)};
}

template <class Function>
Case loss(const std::string& name, Function f) {
  return {.name = "loss/" + name,
      .sizes = vectors,
      .inputs = normals(2),
      .make = function([f](const Tensors& in) { return f(in[0], in[1]); }),
      .tolerance = 1e-3,  // Eigen adds 10^7 squares into few partial sums
      .cuda_sizes = {{16 * mi}}};
}

/// Forward and backward, in one pass of the fused kernel.
template <class Function>
Case loss_with_gradient(const std::string& name, Function f) {
  Case made = loss(name + "_with_gradient", f);
  made.make = work([f](const Tensors& in) {
    return [f, x = in[0].detach().set_requires_grad(), &y = in[1]]() mutable {
      x.zero_grad();
      f(x, y).backward();
      return x.grad();
    };
  });
  return made;
}

}  // namespace

std::vector<Case> reduce_cases() {
  const std::vector<Size> square{{4096, 4096}};
  Case integers = reduction("sum_int64", vectors, [](const Tensor& x) { return x.sum(); });
  integers.inputs = [](const Size& size) { return Tensors{randint(-1000, 1000, Shape(size))}; };
  Case wide = reduction("sum_float64", vectors, [](const Tensor& x) { return x.sum(); });
  wide.inputs = uniforms(1, DType::float64);
  Case short_rows =
      reduction("sum_many_short_rows", {{100'000, 10}}, [](const Tensor& x) { return x.sum({1}); });
  short_rows.emulated_sizes = {{10'000, 10}};  // a warp per row, which shuffles
  Case part = reduction(
      "sum_of_columns_view", matrices, [](const Tensor& x) { return x.narrow(1, 0, x.size(1) / 2).sum(); });
  part.traffic = [](const Size& size) { return Traffic{2.0 * static_cast<double>(size[0] * size[1]), 4}; };
  const auto squared = [](const Tensor& a, const Tensor& b) { return mse_loss(a, b); };
  const auto absolute = [](const Tensor& a, const Tensor& b) { return l1_loss(a, b); };
  return {
      reduction("sum", vectors, [](const Tensor& x) { return x.sum(); }, {{16 * mi}}),
      wide,
      integers,
      reduction("mean", vectors, [](const Tensor& x) { return x.mean(); }),
      reduction("amax", vectors, [](const Tensor& x) { return x.amax(); }),
      reduction(
          "sum_rows", matrices, [](const Tensor& x) { return x.sum({1}); }, square),
      reduction(
          "sum_columns", {{128, 512}, {300, 300}, {1024, 1024}, {3000, 3000}},
          [](const Tensor& x) { return x.sum({0}); }, square),
      reduction("sum_few_long_columns", {{10, 100'000}}, [](const Tensor& x) { return x.sum({0}); }),
      short_rows,
      reduction("sum_outer_dims", {{20, 50, 100}},
          [](const Tensor& x) {
            return x.sum({0, 2});
          }),
      reduction("sum_transpose", matrices, [](const Tensor& x) { return x.t().sum(); }),
      part,
      loss("mse", squared),
      loss("l1", absolute),
      loss_with_gradient("mse", squared),
      loss_with_gradient("l1", absolute),
  };
}

}  // namespace bench
