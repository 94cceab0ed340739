// The sum of the same numbers in different orders.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include <tenon/autograd/ops.h>
#include <tenon/core/parallel.h>

namespace {

using Numbers = std::vector<float>;

unsigned bits(float x) {
  unsigned pattern;
  std::memcpy(&pattern, &x, sizeof x);
  return pattern;
}

// One after the other: x[first] + ... + x[last - 1]
float loop(const Numbers& x, std::size_t first, std::size_t last) {
  float sum = 0;
  for (std::size_t i = first; i < last; ++i) sum += x[i];
  return sum;
}

// The sum of both halves, each of which is computed in the same way.
float tree(const Numbers& x, std::size_t first, std::size_t last) {
  if (last - first == 1) return x[first];
  const std::size_t middle = (first + last) / 2;
  return tree(x, first, middle) + tree(x, middle, last);
}

// As a program with threads would do it: a piece per thread, then the sum of the pieces.
float a_piece_per_thread(const Numbers& x, std::size_t threads) {
  float sum = 0;
  for (std::size_t t = 0; t < threads; ++t)
    sum += loop(x, x.size() * t / threads, x.size() * (t + 1) / threads);
  return sum;
}

// An imitation of atomicAdd on a GPU, where 1000 pieces are added in the order in which they are ready: here
// it is shuffled.
float any_order(const Numbers& x, unsigned seed) {
  std::vector<std::size_t> order(1000);
  std::iota(order.begin(), order.end(), 0u);
  std::mt19937 generator(seed);
  for (std::size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[generator() % (i + 1)]);
  float sum = 0;
  for (const std::size_t piece : order) sum += loop(x, piece * 1000, (piece + 1) * 1000);
  return sum;
}

// A million numbers in [0, 1)
Numbers random_numbers() {
  Numbers x(1'000'000);
  std::mt19937 generator(0);
  for (float& element : x) element = static_cast<float>(generator() >> 8) / 16777216;  // 24 bits
  return x;
}

}  // namespace

int main() {
  const float big = 100'000'000;
  std::printf("(1e8 + 1) - 1e8 = %g\n(1e8 - 1e8) + 1 = %g\n", (big + 1) - big, (big - big) + 1);

  const Numbers tenths(1'000'000, 0.1f);
  std::printf("\na million times 0.1\none by one: %10.2f\ntree:       %10.2f\n",
      loop(tenths, 0, tenths.size()), tree(tenths, 0, tenths.size()));
  std::printf("tenon:      %10.2f\n", tenon::tensor(tenths).sum().item<float>());

  const Numbers x = random_numbers();
  std::printf("\na million random numbers, a piece per thread\n");
  for (const std::size_t threads : {1, 2, 3, 4}) {
    const float sum = a_piece_per_thread(x, threads);
    std::printf("%zu %s %.3f, bits %08x\n", threads, threads == 1 ? "thread: " : "threads:", sum, bits(sum));
  }

  std::set<float> found;
  for (unsigned seed = 0; seed < 100; ++seed) found.insert(any_order(x, seed));
  std::printf("\nthe same numbers, 1000 pieces in random order\n");
  std::printf(
      "100 orders: %zu different sums, from %.3f to %.3f\n", found.size(), *found.begin(), *found.rbegin());

  std::printf("\nthe same numbers, tenon\n");
  const tenon::Tensor tensor = tenon::tensor(x);
  for (const int threads : {1, 2, 3, 4}) {
    tenon::set_num_threads(threads);
    const float sum = tensor.sum().item<float>();
    std::printf("%d %s %.3f, bits %08x\n", threads, threads == 1 ? "thread: " : "threads:", sum, bits(sum));
  }
}
