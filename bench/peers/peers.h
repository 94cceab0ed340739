// Other libraries, each linked if it was found.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "../case.h"

namespace bench {

struct Library {
  std::string name;                   // as in the columns of the report
  std::string version;                // of the library, and of what it computes with
  std::map<std::string, Make> cases;  // by the case's name
  void (*set_threads)(int);           // null: it has one thread
  std::string file{};                 // how the names of its shared libraries begin
};

// Null if the library was not found when the benchmarks were built.
const Library* libtorch();
const Library* openblas();
const Library* eigen();

/// Enters a library's matrix product for all cases of matmul but the batches.
void add_products(std::map<std::string, Make>& cases, const Make& product);

/// Those that were found.
std::vector<const Library*> libraries();

}  // namespace bench
