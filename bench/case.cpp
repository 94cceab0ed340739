#include "case.h"

namespace bench {

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (const auto group : {training_cases, overhead_cases, elementwise_cases, layout_cases, reduce_cases,
           softmax_cases, matmul_cases, index_cases, random_cases, layer_cases, program_cases})
    for (Case& one : group()) all.push_back(std::move(one));
  return all;
}

}  // namespace bench
