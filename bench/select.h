// Chooses what to measure.
#pragma once
#include <string>
#include <vector>

#include "case.h"

namespace bench {

/// An emulated device is so slow that only sizes of some milliseconds of work count.
enum class Where { cpu, cuda, emulated };

struct Wanted {
  std::string filter = ".*";  // a regular expression that the row's name contains
  std::vector<std::string>
      sizes{};  // as in 64x784x256, for cases with as many numbers; empty: the cases' own
  Where device = Where::cpu;
  bool warm = true, cold = false;
};
struct Selected {
  Case one;
  Size size;
  bool cold;
};
/// Throws Error for a wrong filter or size, and if nothing matches.
std::vector<Selected> select(const Wanted& wanted);

}  // namespace bench
