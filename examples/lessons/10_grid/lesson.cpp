// The same loop as three kernels, and what the accesses of a warp cost.
#include <cstdio>
#include <numeric>

#include "grid.h"

namespace {

Array numbers(int count) {
  std::vector<float> elements(static_cast<std::size_t>(count));
  std::iota(elements.begin(), elements.end(), 0.0f);
  return Array(elements);
}

// The loop: for (int i = 0; i < n; ++i) y[i] = 2 * x[i];

// One element per thread. The grid has a few threads too many.
void twice(Thread t, Array& x, Array& y, int n) {
  const int i = t.block * t.threads_per_block + t.thread;
  if (i < n) y[i] = 2 * x[i];
}
void twice_without_guard(Thread t, Array& x, Array& y, int /*n*/) {
  const int i = t.block * t.threads_per_block + t.thread;
  y[i] = 2 * x[i];
}
// Any number of elements with any grid: each thread takes a step as long as the grid.
void twice_strided(Thread t, Array& x, Array& y, int n) {
  for (int i = t.block * t.threads_per_block + t.thread; i < n; i += t.blocks * t.threads_per_block)
    y[i] = 2 * x[i];
}

// Who does what: the same index, written down instead of used.
void note_thread(Thread t, Array& who, int n) {
  for (int i = t.block * t.threads_per_block + t.thread; i < n; i += t.blocks * t.threads_per_block)
    who[i] = static_cast<float>(10 * t.block + t.thread);
}

void print_owners(int blocks, int threads_per_block, int n) {
  Array who = numbers(n);
  launch(blocks, threads_per_block, note_thread, who, n);
  std::printf("%d blocks of %d threads:", blocks, threads_per_block);
  for (const float owner : who.elements())
    std::printf(" %d.%d", static_cast<int>(owner) / 10, static_cast<int>(owner) % 10);
  std::printf("\n");
}

void run(const char* name, int blocks, void (*kernel)(Thread, Array&, Array&, int)) {
  Array x = numbers(10), y(std::vector<float>(10));
  std::printf("%s:", name);
  try {
    launch(blocks, 4, kernel, x, y, 10);
    for (const float element : y.elements()) std::printf(" %g", element);
    std::printf("\n");
  } catch (const std::exception& error) { std::printf(" %s\n", error.what()); }
}

// Copies a matrix [64, 64]. A warp has 32 neighbours of a row, or 32 neighbours of a column.
void copy_along_rows(Thread t, Array& x, Array& y) {
  const int i = t.block * t.threads_per_block + t.thread, row = i / 64, column = i % 64;
  y[row * 64 + column] = x[row * 64 + column];
}
void copy_down_columns(Thread t, Array& x, Array& y) {
  const int i = t.block * t.threads_per_block + t.thread, row = i % 64, column = i / 64;
  y[row * 64 + column] = x[row * 64 + column];
}

void print_cost(const char* name, void (*kernel)(Thread, Array&, Array&)) {
  Array x = numbers(64 * 64), y(std::vector<float>(64 * 64));
  launch(16, 256, kernel, x, y);
  std::printf("%-13s right: %s, %zu requests, %zu sectors of 32 bytes\n", name,
      x.elements() == y.elements() ? "yes" : "no", device.requests(), device.sectors());
}

}  // namespace

int main() {
  std::printf("the block.thread of each of 10 elements\n");
  print_owners(3, 4, 10);
  print_owners(2, 4, 10);

  std::printf("\n");
  run("3 blocks, with a guard", 3, twice);
  run("3 blocks, without a guard", 3, twice_without_guard);
  run("2 blocks, with a guard", 2, twice);
  run("2 blocks, with a stride", 2, twice_strided);

  std::printf("\n");
  print_cost("along rows:", copy_along_rows);
  print_cost("down columns:", copy_down_columns);
}
