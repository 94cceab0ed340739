// The runs of plants.py: `emu_plants RUN` makes a few small launches with each of three schedules and
// compares the results with the CPU, bit for bit. Every tensor is an allocation of its exact size. An error
// is printed as one line; the exit status is then 1.
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iterator>
#include <new>
#include <string_view>
#include <vector>

#include <cuda_runtime_api.h>
#include <simt_emu/emulator.h>
#include <tenon/core/matmul_kernel.h>
#include <tenon/core/matmul_precision.h>
#include <tenon/kernels/arg_reduce.h>
#include <tenon/kernels/elementwise.h>
#include <tenon/kernels/index.h>
#include <tenon/kernels/matmul.h>
#include <tenon/kernels/mse.h>
#include <tenon/kernels/normalization.h>
#include <tenon/kernels/random.h>
#include <tenon/kernels/reduce.h>
#include <tenon/kernels/scan.h>
#include <tenon/kernels/softmax.h>
#include <tenon/kernels/sort.h>
#include <tenon/kernels/update.h>
#include <tenon/kernels/windows.h>
#include <tenon/tenon.h>

namespace {

using namespace tenon;

/// Memory of the exact size that both kernels and the host may access.
template <class T>
struct Pinned {
  using value_type = T;
  Pinned() = default;
  template <class U>
  Pinned(const Pinned<U>&) {}
  T* allocate(std::size_t n) {
    void* memory = nullptr;
    if (cudaMallocHost(&memory, n * sizeof(T)) != cudaSuccess) throw std::bad_alloc();
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t) noexcept { cudaFreeHost(memory); }
  friend bool operator==(const Pinned&, const Pinned&) { return true; }
};
using Floats = std::vector<float, Pinned<float>>;
using Indices = std::vector<std::int64_t, Pinned<std::int64_t>>;

constexpr DType f32 = DType::float32;
constexpr float untouched = 7;

Stream device() { return Stream::current(Device::cuda()); }

/// Values in [-1, 1).
Floats noise(std::size_t n, std::uint32_t seed = 1) {
  Floats values(n);
  for (float& x : values) {
    seed = seed * 1664525u + 1013904223u;
    x = static_cast<float>(static_cast<std::int32_t>(seed)) * 0x1p-31f;
  }
  return values;
}

void require_same(const Floats& want, const Floats& got) {
  for (std::size_t i = 0; i < want.size(); ++i) {
    const auto w = std::bit_cast<std::uint32_t>(want[i]), g = std::bit_cast<std::uint32_t>(got[i]);
    if (w == g) continue;
    std::printf("wrong result at %zu: %08x, not %08x\n", i, g, w);
    std::exit(1);
  }
}

template <class Body>
void on_every_schedule(const Body& body) {
  for (unsigned seed = 0; seed < 3; ++seed) {
    simt::emu::schedule_seed = seed;
    body();
  }
}

/// run(stream, out) writes `n` elements and must give the same bits on the CPU and on the device.
template <class Run>
void compare(std::size_t n, const Run& run) {
  Floats want(n, untouched);
  run(Stream(), want.data());
  on_every_schedule([&] {
    Floats got(n, untouched);
    run(device(), got.data());
    require_same(want, got);
  });
}

// ---- copies: map_dense, map_strided, copy_tiles, copy_packs

void dense() {
  const Floats a = noise(1027);
  compare(1027, [&](Stream s, float* out) { kernels::copy(s, f32, f32, {1027}, out, a.data()); });
}
void unaligned() {
  const Floats a = noise(1025);
  compare(1024, [&](Stream s, float* out) { kernels::copy(s, f32, f32, {1024}, out, a.data() + 1); });
}
void strided() {
  const Floats a = noise(6 * 300 + 8 * 25 + 10 * 2 + 1);
  const Strides steps{300, 25, 2};
  compare(7 * 9 * 11, [&](Stream s, float* out) {
    kernels::copy(s, f32, f32, {7, 9, 11}, out, {a.data(), steps});
  });
}
/// 68 tiles, four more than there are blocks.
void turned() {
  const Floats a = noise(17 * 33 * 33);
  const Strides steps{33 * 33, 1, 33};
  compare(17 * 33 * 33, [&](Stream s, float* out) {
    kernels::copy(s, f32, f32, {17, 33, 33}, out, {a.data(), steps});
  });
}
/// 68 tiles again, of 64 x 64.
void turned_packs() {
  const Floats a = noise(17 * 68 * 68);
  const Strides steps{68 * 68, 1, 68};
  compare(17 * 68 * 68, [&](Stream s, float* out) {
    kernels::copy(s, f32, f32, {17, 68, 68}, out, {a.data(), steps});
  });
}

// ---- sums

void sum(std::size_t n, const Shape& shape, std::uint32_t dims, std::size_t outputs) {
  const Floats a = noise(n);
  compare(outputs, [&](Stream s, float* out) {
    kernels::reduce(s, arith::Sum(), f32, shape, dims, out, a.data(), a.data(), 1);
  });
}
void short_rows() { sum(20 * 99, {20, 99}, 0b10, 20); }
/// Contiguous and aligned.
void rows() { sum(20 * 200, {20, 200}, 0b10, 20); }
/// Two blocks per output.
void long_rows() { sum(2 * 9220, {2, 9220}, 0b10, 2); }
/// Two blocks and three chunks per column.
void columns() { sum(8 * 2049 * 2, {8, 2049, 2}, 0b010, 16); }

void mse() {
  constexpr std::size_t n = 9218;  // two blocks
  const Floats a = noise(n), b = noise(n, 2);
  compare(n + 1, [&](Stream s, float* out) {
    Floats gradient(n);
    kernels::mse(s, f32, n, out + n, gradient.data(), a.data(), b.data(), n);
    std::memcpy(out, gradient.data(), n * sizeof(float));
  });
}

// ---- products

void product(std::int64_t m, std::int64_t k, std::int64_t n) {
  const auto size = [](std::int64_t rows, std::int64_t cols) {
    return static_cast<std::size_t>(rows * cols);
  };
  const Floats a = noise(size(m, k)), b = noise(size(k, n), 2), bias = noise(size(n, 1), 3);
  compare(size(m, n), [&](Stream s, float* out) {
    kernels::matmul(s, f32, out, {a.data(), m, k, k, 1}, {b.data(), k, n, n, 1}, bias.data());
  });
}
void matmul_elements() { product(7, 40, 9); }
void matmul_tiles() { product(60, 520, 36); }
/// Five blocks that share a tile.
void matmul_split() { product(33, 2052, 20); }
/// Lines of 16-byte loads, and of single ones where a chunk ends; more lines than two blocks have.
void matmul_skinny() { product(260, 600, 5); }
/// A rung of the ladder, with single elements and with groups of 16 bytes.
template <cuda::MatmulKernel rung>
void matmul_rung() {
  const cuda::MatmulKernelGuard guard(rung);
  product(33, 530, 20);
  product(36, 520, 20);
}

/// Integers of 9 bits, most of them two pieces, whose sums are exact in any order.
void matmul_tensor_cores() {
  const std::size_t m = 128, k = 192, n = 129;
  Floats a = noise(m * k), b = noise(k * n, 2);
  for (Floats* const operand : {&a, &b})
    for (float& x : *operand) x = std::trunc(x * 290);
  set_float32_matmul_precision("high");
  compare(m * n, [&](Stream s, float* out) {
    kernels::matmul(s, f32, out, {a.data(), m, k, k, 1}, {b.data(), k, n, n, 1});
  });
}

// ---- many SGD steps

/// A network of two layers, with momentum.
void train() {
  const auto filled = [](const Shape& shape, std::uint32_t seed, Device device) {
    const Floats values = noise(static_cast<std::size_t>(shape.numel()), seed);
    return tensor(std::vector<float>(values.begin(), values.end()), shape).to(device);
  };
  compare(6 * 10 + 6, [&](Stream s, float* out) {
    const Device on = s.device();
    const Tensor first = filled({6, 10}, 1, on).requires_grad_(), bias = filled({6}, 2, on).requires_grad_(),
                 second = filled({1, 6}, 3, on).requires_grad_();
    optim::SGD optimizer({first, bias, second}, {.lr = 0.1, .momentum = 0.9});
    optimizer.train_steps({{first, bias, optim::Activation::tanh}, {second}}, filled({3, 4, 10}, 4, on),
        filled({3, 4, 1}, 5, on));
    for (const Tensor& param : {first, bias}) {
      const Tensor here = param.detach().to(kCPU);
      out = std::copy(here.data<float>().begin(), here.data<float>().end(), out);
    }
  });
}

// ---- the SGD step

/// Parameters of these sizes, with momentum.
void step(const std::vector<std::size_t>& sizes, float momentum) {
  const auto result = [&](Stream s) {
    std::vector<Floats> params, grads, buffers;
    for (const std::size_t n : sizes) {
      params.push_back(noise(n, 1));
      grads.push_back(noise(n, 2));
      buffers.push_back(noise(n, 3));
    }
    std::vector<kernels::SgdItem> items;
    for (std::size_t i = 0; i < sizes.size(); ++i)
      items.push_back({params[i].data(), grads[i].data(), momentum != 0 ? buffers[i].data() : nullptr,
          static_cast<std::int64_t>(sizes[i]), 0.1 + 0.01 * static_cast<double>(i), momentum, 0, 0.01, false,
          false, false});
    kernels::sgd(s, f32, items);
    Floats all;
    for (const auto* const part : {&params, &buffers})
      for (const Floats& x : *part) all.insert(all.end(), x.begin(), x.end());
    return all;
  };
  const Floats want = result(Stream());
  on_every_schedule([&] { require_same(want, result(device())); });
}
void sgd_short() { step({5000, 1, 703}, 0.9f); }
void sgd_long() { step(std::vector<std::size_t>(600, 5), 0); }

// A launch that must report index 5 as out of range for a dimension of size 5.

/// A launch that finds index 5 to be beyond a dimension of 5.
template <class Run>
void out_of_range(std::size_t n, std::string_view op, const Run& run) {
  on_every_schedule([&] {
    Floats out(n, untouched);
    run(device(), out.data());
    try {
      device().synchronize();
    } catch (const Error& error) {
      const std::string_view text = error.what();
      if (text.starts_with(op) && text.find(": index 5 at position ") == op.size()) return;
    }
    std::printf("wrong result at the end: no error of an index out of range\n");
    std::exit(1);
  });
}
/// From an array of shape [2, 5, 3]; with `fault` some indices are 5.
auto select(bool fault) {
  return [a = noise(2 * 5 * 3), index = Indices{4, fault ? 5 : 1, 0, fault ? 5 : 3}](Stream s, float* out) {
    kernels::index_select(s, f32, {2, 5, 3}, out, a.data(), index.data(), 4, 1);
  };
}
void index_select() { compare(2 * 4 * 3, select(false)); }
void select_out_of_range() { out_of_range(2 * 4 * 3, "index_select", select(true)); }

Indices indices(std::size_t n) {
  Indices all(n);
  for (std::size_t i = 0; i < n; ++i) all[i] = static_cast<std::int64_t>(i * i % 5);
  return all;
}
/// 5 rows, each selected by many of the indices.
void add(kernels::Indexed layout, std::size_t count) {
  const auto elements = static_cast<std::size_t>(layout.outer * layout.inner);
  const Floats g = noise(elements * count);
  const Indices index = indices(count);
  compare(elements * 5, [&](Stream s, float* out) {
    kernels::index_add(s, f32, layout, out, g.data(), index.data(), static_cast<std::int64_t>(count));
  });
}
void index_add() { add({2, 5, 30}, 300); }
/// More indices than a block sorts, and rows with more than it sorts at a time.
void index_add_groups() { add({1, 5, 16}, 6000); }
auto gathering(bool fault) {
  Indices index = indices(2 * 4 * 3);
  if (fault) index.front() = index.back() = 5;
  return [a = noise(2 * 5 * 3), index](Stream s, float* out) {
    kernels::gather(s, f32, {2, 5, 3}, out, a.data(), index.data(), 4, 1);
  };
}
void gather() { compare(2 * 4 * 3, gathering(false)); }
void gather_out_of_range() { out_of_range(2 * 4 * 3, "gather", gathering(true)); }
void gather_add(std::int64_t inner, std::int64_t count) {
  const auto n = static_cast<std::size_t>(2 * count * inner);
  const Floats g = noise(n);
  const Indices index = indices(n);
  compare(static_cast<std::size_t>(2 * 5 * inner), [&](Stream s, float* out) {
    kernels::gather_add(s, f32, {2, 5, inner}, out, g.data(), index.data(), count);
  });
}
void gather_add_columns() { gather_add(3, 4); }
void gather_add_column() { gather_add(1, 40); }

// ---- positions of extremes

/// The positions are two floats each.
void arg_extreme(kernels::Indexed layout, bool ties) {
  const auto outputs = static_cast<std::size_t>(layout.outer * layout.inner);
  Floats a = noise(outputs * static_cast<std::size_t>(layout.size));
  if (ties)
    for (float& x : a) x = x > 0 ? 1.0f : 0.0f;
  compare(2 * outputs, [&](Stream s, float* out) {
    kernels::arg_extreme(s, f32, layout, true, reinterpret_cast<std::int64_t*>(out), a.data());
  });
}
void arg_lines() { arg_extreme({3, 40, 1}, true); }
/// Several blocks.
void arg_long() { arg_extreme({1, 20000, 1}, false); }
void arg_columns() { arg_extreme({1, 20, 33}, true); }

// ---- sorting and running sums

/// The values that sort() writes; the indices go to memory of their own.
void sort(std::int64_t lines, std::int64_t length) {
  const auto n = static_cast<std::size_t>(lines * length);
  const Floats a = noise(n);
  Indices indices(n);
  compare(n, [&](Stream s, float* out) {
    kernels::sort(s, f32, lines, length, false, {0, length}, out, indices.data(), a.data());
  });
}
void sort_short() { sort(40, 100); }
void sort_long() { sort(2, 2500); }
void cumsum() {
  const Floats a = noise(300);
  compare(300, [&](Stream s, float* out) { kernels::cumsum(s, f32, {1, 300, 1}, out, a.data()); });
}

void softmax_row() {
  const Floats a = noise(45);
  compare(45, [&](Stream s, float* out) {
    kernels::softmax(s, kernels::Softmax::plain, f32, {1, 45, 1}, out, a.data());
  });
}
/// In two chunks.
void softmax_long_row() {
  const Floats a = noise(1030);
  compare(1030, [&](Stream s, float* out) {
    kernels::softmax(s, kernels::Softmax::plain, f32, {1, 1030, 1}, out, a.data());
  });
}
void softmax_row_backward() {
  const Floats g = noise(45), y = noise(45);
  compare(45, [&](Stream s, float* out) {
    kernels::softmax_backward(s, kernels::Softmax::plain, f32, {1, 45, 1}, out, g.data(), y.data());
  });
}

// ---- normalisation

/// The result of one row and its scale, or the gradient of it.
void normalize_row_of(std::int64_t n) {
  const kernels::Normalization what{kernels::Normalization::Kind::layer, f32, 1, n, 1e-5};
  const auto size = static_cast<std::size_t>(n);
  const Floats a = noise(size), weight = noise(size);
  compare(size + 1, [&](Stream s, float* out) {
    kernels::normalize(s, what, out, nullptr, out + n, a.data(), weight.data(), nullptr);
  });
}
void normalize_row() { normalize_row_of(45); }
void normalize_long_row() { normalize_row_of(1030); }
void normalize_row_backward() {
  const kernels::Normalization what{kernels::Normalization::Kind::layer, f32, 1, 45, 1e-5};
  const Floats g = noise(45), y = noise(45), scale = noise(1);
  compare(45, [&](Stream s, float* out) {
    kernels::normalize_backward(s, what, out, g.data(), nullptr, y.data(), scale.data());
  });
}

// ---- windows

/// Two images of 5 x 6, with a row and a column of padding.
constexpr kernels::Windows windows{2, {5, 3, 2, 1, 1, 3}, {6, 2, 3, 1, 2, 2}};
constexpr std::size_t image_elements = 2 * 5 * 6, window_count = 2 * 3 * 2;

void unfold() {
  const Floats a = noise(image_elements);
  compare(
      window_count * 3 * 2, [&](Stream s, float* out) { kernels::unfold(s, f32, windows, out, a.data()); });
}
void fold() {
  const Floats a = noise(window_count * 3 * 2);
  compare(image_elements, [&](Stream s, float* out) { kernels::fold(s, f32, windows, out, a.data()); });
}
/// With equal elements; the positions are two floats each.
void argmax_windows() {
  Floats a = noise(image_elements);
  for (float& x : a) x = x > 0 ? 1.0f : 0.0f;
  compare(2 * window_count, [&](Stream s, float* out) {
    kernels::argmax_windows(s, f32, windows, reinterpret_cast<std::int64_t*>(out), a.data());
  });
}

// ---- random numbers

void uniform() {
  compare(1027, [](Stream s, float* out) { kernels::random_uniform(s, f32, 1027, out, {1, 2}, -1, 1); });
}
void normal() {
  compare(1027, [](Stream s, float* out) { kernels::random_normal(s, f32, 1027, out, {1, 2}, 0, 1); });
}
void normal_unaligned() {
  compare(1028, [](Stream s, float* out) { kernels::random_normal(s, f32, 1027, out + 1, {1, 2}, 0, 1); });
}

const struct {
  const char* name;
  void (*body)();
} runs[] = {{"dense", dense}, {"unaligned", unaligned}, {"strided", strided}, {"turned", turned},
    {"turned_packs", turned_packs}, {"short_rows", short_rows}, {"rows", rows}, {"long_rows", long_rows},
    {"columns", columns}, {"mse", mse}, {"matmul_elements", matmul_elements}, {"matmul_tiles", matmul_tiles},
    {"matmul_split", matmul_split}, {"matmul_skinny", matmul_skinny},
    {"matmul_shared_tile", matmul_rung<cuda::MatmulKernel::shared_tile>},
    {"matmul_vectorized", matmul_rung<cuda::MatmulKernel::vectorized>},
    {"matmul_warp_tile", matmul_rung<cuda::MatmulKernel::warp_tile>},
    {"matmul_persistent", matmul_rung<cuda::MatmulKernel::persistent>},
    {"matmul_tensor_cores", matmul_tensor_cores}, {"train", train}, {"sgd_short", sgd_short},
    {"sgd_long", sgd_long}, {"index_select", index_select}, {"select_out_of_range", select_out_of_range},
    {"index_add", index_add}, {"index_add_groups", index_add_groups}, {"gather", gather},
    {"gather_out_of_range", gather_out_of_range}, {"gather_add_columns", gather_add_columns},
    {"gather_add_column", gather_add_column}, {"arg_lines", arg_lines}, {"arg_long", arg_long},
    {"arg_columns", arg_columns}, {"sort_short", sort_short}, {"sort_long", sort_long}, {"cumsum", cumsum},
    {"unfold", unfold}, {"fold", fold}, {"argmax_windows", argmax_windows}, {"softmax_row", softmax_row},
    {"softmax_long_row", softmax_long_row}, {"softmax_row_backward", softmax_row_backward},
    {"normalize_row", normalize_row}, {"normalize_long_row", normalize_long_row},
    {"normalize_row_backward", normalize_row_backward}, {"uniform", uniform}, {"normal", normal},
    {"normal_unaligned", normal_unaligned}};

}  // namespace

int main(int argc, char** argv) {
  for (const auto& [name, body] : runs) {
    if (argc != 2 || std::strcmp(argv[1], name) != 0) continue;
    try {
      body();
    } catch (const std::exception& error) {
      std::printf("%s\n", error.what());
      return 1;
    }
    std::printf("right\n");
    return 0;
  }
  std::fprintf(stderr, "usage: emu_plants RUN\n");
  return 2;
}
