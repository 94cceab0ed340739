#include "peers.h"

namespace bench {

#if !defined(TENON_BENCH_TORCH)
const Library* libtorch() { return nullptr; }
#endif
#if !defined(TENON_BENCH_OPENBLAS)
const Library* openblas() { return nullptr; }
#endif
#if !defined(TENON_BENCH_EIGEN)
const Library* eigen() { return nullptr; }
#endif

void add_products(std::map<std::string, Make>& cases, const Make& product) {
  for (const Case& one : matmul_cases())
    if (!one.name.starts_with("matmul/batch")) cases.emplace(one.name, product);
}

std::vector<const Library*> libraries() {
  std::vector<const Library*> found;
  for (const Library* library : {libtorch(), openblas(), eigen()})
    if (library) found.push_back(library);
  return found;
}

}  // namespace bench
