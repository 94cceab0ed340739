// Products of [m, k] and [k, n]; a size is m x k x n, or batch x m x k x n.
#include <iterator>
#include <string_view>

#include "../case.h"

using namespace tenon;

namespace bench {
namespace {

/// `nt`: the second matrix is the transpose of a row-major one, as the weight of a layer. `tn`: the first is.
enum class Layout { nn, nt, tn };

Case product(const std::string& name, Layout layout, const std::vector<Size>& sizes,
    std::vector<Size> cuda_sizes = {}, DType dtype = DType::float32) {
  return {.name = "matmul/" + name,
      .sizes = sizes,
      .inputs =
          [layout, dtype](const Size& size) {
            const std::int64_t m = size[0], k = size[1], n = size[2];
            const Options options{.dtype = dtype};
            return Tensors{layout == Layout::tn ? randn({k, m}, options).t() : randn({m, k}, options),
                layout == Layout::nt ? randn({n, k}, options).t() : randn({k, n}, options)};
          },
      .make = function([](const Tensors& in) { return matmul(in[0], in[1]); }),
      .flops = [](const Size& size) { return 2.0 * static_cast<double>(size[0] * size[1] * size[2]); },
      .cuda_sizes = std::move(cuda_sizes)};
}

/// `shared`: all products of the batch have the same second matrix.
Case batch(const std::string& name, bool shared, const Size& of) {
  return {.name = "matmul/" + name,
      .sizes = {of},
      .inputs =
          [shared](const Size& size) {
            const std::int64_t count = size[0], m = size[1], k = size[2], n = size[3];
            return Tensors{randn({count, m, k}), shared ? randn({k, n}) : randn({count, k, n})};
          },
      .make = function([](const Tensors& in) { return matmul(in[0], in[1]); }),
      .flops =
          [](const Size& size) { return 2.0 * static_cast<double>(size[0] * size[1] * size[2] * size[3]); },
      .cuda_sizes = {of}};
}

/// Products with one kernel: a rung of the ladder in docs/kernels.md or, after the last rung, another one.
Case forced(cuda::MatmulKernel kernel, const std::vector<Size>& sizes) {
  const int number = static_cast<int>(kernel);
  const std::string kind =
      kernel > cuda::MatmulKernel::persistent ? "kernel_" : "ladder_" + std::to_string(number) + "_";
  Case one = product(kind + cuda::matmul_kernel_names[number], Layout::nn, {{128, 128, 128}}, sizes);
  one.make = function([kernel](const Tensors& in) {
    const cuda::MatmulKernelGuard guard(kernel);
    return matmul(in[0], in[1]);
  });
  one.only_cuda = true;
  return one;
}

#if TENON_TENSOR_CORES
struct Precision {
  explicit Precision(std::string_view precision) { set_float32_matmul_precision(precision); }
  ~Precision() { set_float32_matmul_precision("highest"); }
};

/// Products on tensor cores.
Case precise(std::string_view precision, const std::vector<Size>& sizes) {
  Case one = product("float32_" + std::string(precision), Layout::nn, {{128, 128, 128}}, sizes);
  one.make = function([precision](const Tensors& in) {
    const Precision scope(precision);
    return matmul(in[0], in[1]);
  });
  one.tolerance = precision == "high" ? 1e-5 : 0.02;
  one.only_cuda = one.own_bits = true;
  return one;
}
#endif

std::vector<Size> squares(std::initializer_list<std::int64_t> sides) {
  std::vector<Size> sizes;
  for (const std::int64_t n : sides) sizes.push_back({n, n, n});
  return sizes;
}

}  // namespace

std::vector<Case> matmul_cases() {
  const std::vector<Size> big = squares({128, 512, 1024, 2048, 4096});
  std::vector<Case> all{
      product("square", Layout::nn, squares({16, 32, 64, 127, 128, 256, 384, 512, 1000, 1024, 2048}), big),
      product("square_nt", Layout::nt, squares({64, 127, 256, 512, 1024}), big),
      product("square_tn", Layout::tn, squares({64, 127, 256, 512, 1024})),
      product("square_float64", Layout::nn, squares({128, 512, 1024}), {}, DType::float64),
      product("layer", Layout::nt,
          {{5, 200, 1}, {32, 64, 128}, {32, 128, 10}, {64, 784, 256}, {64, 512, 512}}, {{5, 200, 1}}),
      product("layer_gradient", Layout::tn, {{128, 32, 64}, {256, 64, 784}, {512, 64, 512}}),
      product("few_rows", Layout::nn,
          {{1, 4096, 4096}, {4, 4096, 4096}, {8, 4096, 4096}, {2, 1024, 1024}, {16, 1024, 1024}},
          {{8, 4096, 4096}}),
      product(
          "few_rows_nt", Layout::nt, {{1, 4096, 4096}, {4, 4096, 4096}, {8, 4096, 4096}}, {{8, 4096, 4096}}),
      product(
          "few_columns", Layout::nn, {{4096, 4096, 1}, {4096, 4096, 8}}, {{4096, 4096, 1}, {4096, 4096, 8}}),
      product("few_columns_tn", Layout::tn, {{4096, 4096, 1}, {4096, 4096, 8}}),
      product("outer", Layout::nn, {{1000, 1, 1000}, {4096, 1, 4096}}),
      product("deep", Layout::nn, {{64, 8192, 64}}, {{64, 8192, 64}}),
      batch("batch", false, {32, 64, 64, 64}),
      batch("batch_and_matrix", true, {8, 128, 128, 128}),
  };
  for (int number = 1; number <= static_cast<int>(cuda::MatmulKernel::persistent); ++number)
    all.push_back(forced(static_cast<cuda::MatmulKernel>(number), squares({1024, 4096})));
  all.push_back(forced(cuda::MatmulKernel::elements, {{8, 256, 1024}}));
  all.push_back(forced(cuda::MatmulKernel::skinny, {{8, 4096, 4096}}));
#if TENON_TENSOR_CORES
  for (const char* precision : {"high", "medium"}) all.push_back(precise(precision, squares({1024, 4096})));
#endif
  for (Case& one : all)  // a tile has 64 rows, however few there are
    if (one.name.starts_with("matmul/few_rows")) one.emulated_sizes = {{8, 1024, 1024}};
  return all;
}

}  // namespace bench
