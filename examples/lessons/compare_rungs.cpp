// Two rungs of the ladder of the matrix product (docs/kernels.md) side by side, by what they ask of a GPU's
// memory: compare_rungs RUNG RUNG [--size N]. Both multiply two matrices [N, N] in the emulator.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <tenon/kernels/cuda/matmul/ladder/coalesced.cuh>
#include <tenon/kernels/cuda/matmul/ladder/naive.cuh>
#include <tenon/kernels/cuda/matmul/ladder/shared_tile.cuh>
#include <tenon/kernels/cuda/matmul/ladder/thread_column.cuh>
#include <tenon/kernels/cuda/matmul/ladder/thread_tile.cuh>
#include <tenon/kernels/cuda/matmul/ladder/vectorized.cuh>
#include <tenon/kernels/cuda/matmul/ladder/warp_tile.cuh>

#include "11_tiles/matrices.h"
#include "cost.h"

namespace {

using namespace tenon::kernels::cuda;

template <class Rung>
KernelCounters cost_on(const Product<float>& p) {
  const bool in_packs = p.n % pack_width<float> == 0;  // of 16 bytes
  return cost_of(Rung::template kernel<float>(in_packs), static_cast<int>(Rung::blocks(p)),
      Rung::template threads<float>, p);
}

struct Rung {
  std::string_view name;
  KernelCounters (*cost)(const Product<float>& p);
};
template <class R>
constexpr Rung rung() {
  return {std::string_view(R::name).substr(std::string_view("matmul_").size()), cost_on<R>};
}
constexpr Rung rungs[] = {rung<Naive>(), rung<Coalesced>(), rung<SharedTile>(), rung<ThreadColumn>(),
    rung<ThreadTile>(), rung<Vectorized>(), rung<WarpTile>()};

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "compare_rungs: %s\nusage: compare_rungs RUNG RUNG [--size N], where RUNG is one of",
      why.c_str());
  for (const Rung& rung : rungs) std::fprintf(stderr, " %s", std::string(rung.name).c_str());
  std::fprintf(stderr, "\n");
  std::exit(2);
}

const Rung& rung_named(std::string_view name) {
  for (const Rung& rung : rungs)
    if (rung.name == name) return rung;
  stop("there is no rung " + std::string(name));
}

/// The cost of a product [n, n], which must be right.
KernelCounters cost_of_product(const Rung& rung, int n) {
  const std::vector<float> left = matrix(n, 3), right = matrix(n, 5);
  const DeviceArray a(left), b(right), c(n * n);
  Product<float> p{};
  p.m = p.n = p.k = n;
  p.a = a, p.b = b, p.c = c;
  p.a_row = p.b_row = n, p.a_col = p.b_col = 1;
  p.wide = n % pack_width<float> == 0;
  p.batch = 1, p.split = 1;
  const KernelCounters cost = rung.cost(p);
  if (c.numbers() != product(left, right, n)) {
    std::fprintf(stderr, "compare_rungs: %s computes something else\n", std::string(rung.name).c_str());
    std::exit(1);
  }
  return cost;
}

void print(const char* what, double first, double second, int digits = 0) {
  std::printf("%-34s %14.*f %14.*f", what, digits, first, digits, second);
  if (first > 0) std::printf(" %9.3g", second / first);
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && !(argc == 5 && std::string_view(argv[3]) == "--size")) stop("two rungs are needed");
  const int n = argc == 5 ? std::atoi(argv[4]) : 64;
  if (n < 1 || n > 512) stop("the size must be from 1 to 512");
  const Rung &first = rung_named(argv[1]), &second = rung_named(argv[2]);
  const KernelCounters a = cost_of_product(first, n), b = cost_of_product(second, n);

  const std::string size = std::to_string(n),
                    title = "[" + size + ", " + size + "] x [" + size + ", " + size + "]";
  std::printf("%-34s %14s %14s %9s\n", title.c_str(), argv[1], argv[2], "ratio");
  const auto row = [&](const char* what, auto counter, int digits = 0) {
    print(what, static_cast<double>(counter(a)), static_cast<double>(counter(b)), digits);
  };
  row("global memory: requests", [](const KernelCounters& k) { return k.global().requests; });
  row("  bytes asked for", [](const KernelCounters& k) { return k.global().bytes; });
  row("  sectors of 32 bytes", [](const KernelCounters& k) { return k.global().sectors; });
  row(
      "  asked for / moved (coalescing)", [](const KernelCounters& k) { return k.global().coalescing(); }, 2);
  row("shared memory: requests", [](const KernelCounters& k) { return k.shared().requests; });
  row("  passes (wavefronts)", [](const KernelCounters& k) { return k.shared().wavefronts; });
  row("  of them for bank conflicts", [](const KernelCounters& k) { return k.shared().conflicts(); });
}
