// A sum that is cut into pieces, which threads may add up at the same time.
#pragma once
#include <vector>

// The elements first ... last - 1
struct Piece {
  int first, last;
};

// How to cut a sum of `count` numbers for this many threads.
std::vector<Piece> cut(int count, int threads);
