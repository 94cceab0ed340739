// Compares every operation with its scalar definition and counts the values compared.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "support.h"

namespace tenon::test {

/// For one operation: the number of values compared and of values that differ.
struct Count {
  std::int64_t values = 0, different = 0;
  std::string text() const {
    if (different) return std::to_string(different) + " of " + std::to_string(values) + " differ";
    return std::to_string(values);
  }
};

/// One entry per operation, in the order of their first values.
struct Tally {
  std::vector<std::string> order;
  std::map<std::string, Count> counts;

  template <class T>
  void compare(const std::string& op, const Vector<T>& want, const Vector<T>& got) {
    if (!counts.count(op)) order.push_back(op);
    Count& count = counts[op];
    count.values += static_cast<std::int64_t>(want.size());
    for (std::size_t i = 0; i < want.size(); ++i) count.different += bits(want[i]) != bits(got[i]);
  }
};

/// Runs all operations on the test's device with the selected instruction set.
Tally compare_all();

}  // namespace tenon::test
