// Random numbers and other tensors made from nothing. The input is a tensor of the size and device wanted.
#include <cmath>

#include "../case.h"

using namespace tenon;

namespace bench {
namespace {

const std::vector<Size> vectors{{10}, {1000}, {100'000}, {10'000'000}};

/// Libraries draw different numbers: what they have in common is the mean and the deviation.
auto distribution(double mean, double deviation) {
  return [=](const Tensors& found) {
    const Tensor numbers = found[0].to(Device::cpu()).to(DType::float64);
    const double n = static_cast<double>(numbers.numel());
    const double centre = numbers.mean().item<double>();
    const Tensor away = numbers - mean;
    const double spread = std::sqrt((away * away).mean().item<double>());
    // six standard errors
    check(std::abs(centre - mean) <= 6 * deviation / std::sqrt(n), "the mean is {}, not {}", centre, mean);
    check(std::abs(spread - deviation) <= 6 * deviation / std::sqrt(n), "the deviation is {}, not {}", spread,
        deviation);
  };
}

template <class Function>
Case made_of_nothing(const std::string& name, Function f) {
  return {.name = "random/" + name,
      .sizes = vectors,
      .inputs = normals(1),
      .make = function([f](const Tensors& in) { return f(in[0].numel(), in[0].device()); }),
      .traffic =
          [](const Size& size) {
            return Traffic{0, 4.0 * static_cast<double>(size[0])};
          },
      .cuda_sizes = {{16 << 20}}};
}

}  // namespace

std::vector<Case> random_cases() {
  Case normal = made_of_nothing("randn", [](std::int64_t n, Device d) { return randn({n}, {.device = d}); });
  normal.check_result = distribution(0, 1);
  Case uniform = made_of_nothing("rand", [](std::int64_t n, Device d) { return rand({n}, {.device = d}); });
  uniform.check_result = distribution(0.5, std::sqrt(1 / 12.0));
  Case integers = made_of_nothing("randint",
      [](std::int64_t n, Device d) { return randint(0, 1000, {n}, {.dtype = DType::int64, .device = d}); });
  integers.check_result = distribution(499.5, std::sqrt((1e6 - 1) / 12));
  integers.traffic = [](const Size& size) { return Traffic{0, 8.0 * static_cast<double>(size[0])}; };
  Case permutation = made_of_nothing(
      "randperm", [](std::int64_t n, Device d) { return randperm(n, {.dtype = DType::int64, .device = d}); });
  permutation.sizes = {{1000}, {1'000'000}};
  permutation.traffic = integers.traffic;
  permutation.check_result = [](const Tensors& found) {
    const Tensor sorted = arange(static_cast<double>(found[0].numel()), {.dtype = DType::int64});
    check(found[0].sum().item<double>() == sorted.sum().item<double>(), "this is no permutation");
  };
  return {
      normal,
      uniform,
      integers,
      permutation,
      made_of_nothing(
          "arange", [](std::int64_t n, Device d) { return arange(static_cast<double>(n), {.device = d}); }),
      made_of_nothing("linspace", [](std::int64_t n, Device d) { return linspace(0, 1, n, {.device = d}); }),
      made_of_nothing("full", [](std::int64_t n, Device d) { return full({n}, 1.5, {.device = d}); }),
  };
}

}  // namespace bench
