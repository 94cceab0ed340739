// Checks how a sum is cut: the pieces cover it, every thread can have one, and the sum is always the same.
#include <cstdio>
#include <random>

#include "pieces.h"

namespace {

float sum(const std::vector<float>& x, const std::vector<Piece>& pieces) {
  float total = 0;
  for (const Piece& piece : pieces) {
    float part = 0;
    for (int i = piece.first; i < piece.last; ++i) part += x[i];
    total += part;
  }
  return total;
}

bool right(int count) {
  std::vector<float> x(count);
  std::mt19937 generator(0);
  for (float& element : x) element = static_cast<float>(generator() >> 8) / 16777216;
  float first_sum = 0;
  for (int threads = 1; threads <= 8; ++threads) {
    const std::vector<Piece> pieces = cut(count, threads);
    int end = 0;
    for (const Piece& piece : pieces) {
      if (piece.first != end || piece.last <= piece.first || piece.last > count) {
        std::printf("failed: %d numbers, %d threads: a piece from %d to %d follows the end %d\n", count,
            threads, piece.first, piece.last, end);
        return false;
      }
      end = piece.last;
    }
    if (end != count) {
      std::printf("failed: %d numbers, %d threads: the pieces end at %d\n", count, threads, end);
      return false;
    }
    if (count >= 10'000 && static_cast<int>(pieces.size()) < threads) {
      std::printf("failed: %d numbers: there are %zu pieces for %d threads\n", count, pieces.size(), threads);
      std::puts("A sum in one piece is always the same, but only one thread works.");
      return false;
    }
    const float found = sum(x, pieces);
    if (threads == 1) first_sum = found;
    if (found != first_sum) {
      std::printf("failed: the sum of %d numbers is %.3f with one thread and %.3f with %d\n", count,
          first_sum, found, threads);
      std::puts("The pieces determine the order of the additions. What may they depend on?");
      return false;
    }
  }
  return true;
}

}  // namespace

int main() {
  for (const int count : {1'000'000, 123'456, 10'000, 7})
    if (!right(count)) return 1;
  std::puts("passed");
}
