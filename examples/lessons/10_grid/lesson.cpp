// The same loop as three kernels, and what the accesses of a warp cost.
#include <cstdio>
#include <numeric>

#include "../cost.h"

// The loop: for (int i = 0; i < n; ++i) y[i] = 2 * x[i];

// One element per thread. The grid has a few threads too many.
__global__ void twice(const float* x, float* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = 2 * x[i];
}

// Any number of elements with any grid: each thread takes steps as long as the grid.
__global__ void twice_strided(const float* x, float* y, int n) {
  const int first = blockIdx.x * blockDim.x + threadIdx.x;
  const int step = gridDim.x * blockDim.x;
  for (int i = first; i < n; i += step) y[i] = 2 * x[i];
}

// Who does what: the same index, written down instead of used.
__global__ void note_thread(float* block, float* thread, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    block[i] = static_cast<float>(blockIdx.x);
    thread[i] = static_cast<float>(threadIdx.x);
  }
}

// Copies of a matrix [64, 64]. A warp has 32 neighbours of a row, or 32 neighbours of a column.
__global__ void copy_along_rows(const float* x, float* y) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, row = i / 64, column = i % 64;
  y[row * 64 + column] = x[row * 64 + column];
}
__global__ void copy_down_columns(const float* x, float* y) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, row = i % 64, column = i / 64;
  y[row * 64 + column] = x[row * 64 + column];
}

namespace {

std::vector<float> count_to(int n) {
  std::vector<float> numbers(n);
  std::iota(numbers.begin(), numbers.end(), 0.0f);
  return numbers;
}

void run(const char* name, void (*kernel)(const float*, float*, int), int blocks) {
  const DeviceArray x(count_to(10)), y(10);
  launch(kernel, blocks, 4, x, y, 10);
  std::printf("%s:", name);
  for (const float element : y.numbers()) std::printf(" %g", element);
  std::printf("\n");
}

void print_owners(int blocks) {
  const DeviceArray block(10), thread(10);
  launch(note_thread, blocks, 4, block, thread, 10);
  const std::vector<float> blocks_of = block.numbers(), threads_of = thread.numbers();
  std::printf("%d blocks of 4 threads:", blocks);
  for (int i = 0; i < 10; ++i) std::printf(" %g.%g", blocks_of[i], threads_of[i]);
  std::printf("\n");
}

void print_cost(const char* name, void (*kernel)(const float*, float*)) {
  const DeviceArray x(count_to(64 * 64)), y(64 * 64);
  const simt::emu::GlobalAccesses cost = cost_of(kernel, 16, 256, x, y).global();
  std::printf("%-13s right: %s, %d requests, %d sectors of 32 bytes\n", name,
      x.numbers() == y.numbers() ? "yes" : "no", static_cast<int>(cost.requests),
      static_cast<int>(cost.sectors));
}

}  // namespace

int main() {
  run("3 blocks, with a guard", twice, 3);
  run("2 blocks, with a guard", twice, 2);
  run("2 blocks, with a stride", twice_strided, 2);

  std::printf("\nthe block.thread of each of 10 elements\n");
  print_owners(3);
  print_owners(2);

  std::printf("\n");
  print_cost("along rows:", copy_along_rows);
  print_cost("down columns:", copy_down_columns);
}
