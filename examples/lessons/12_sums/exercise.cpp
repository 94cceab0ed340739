#include "pieces.h"

// The pieces are summed one by one, each from its first to its last element, and their sums are added in
// their order. If count is 10'000 or more, there must be a piece for every thread, for up to 8 threads. The
// sum must not depend on the number of threads.
std::vector<Piece> cut(int count, int threads) {
  std::vector<Piece> pieces;
  const int length = (count + threads - 1) / threads;  // TODO
  for (int first = 0; first < count; first += length)
    pieces.push_back({first, first + length < count ? first + length : count});
  return pieces;
}
