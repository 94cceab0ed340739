// Rows of the table of operations: linalg.h.
#include "support/op_case_rows.h"

namespace tenon::test {

void add_linalg(std::vector<OpCase>& rows) {
  const auto call = [](const Tensors& in) { return matmul(in[0], in[1]); };
  const auto ref = [](const Arrays& in) { return matmul(in[0], in[1]); };
  rows.push_back({"matmul", "wide", {{{3, 5}}, {{5, 4}}}, call, ref});
  rows.push_back({"matmul", "one column", {{{3, 19}}, {{19, 1}}}, call, ref});
  rows.push_back({"matmul", "one row", {{{1, 3}}, {{3, 18}}}, call, ref});
  rows.push_back({"linear", "with bias", {{{4, 5}}, {{3, 5}}, {{3}}},
      [](const Tensors& in) { return linear(in[0], in[1], in[2]); },
      [](const Arrays& in) {
        return map(matmul(in[0], transposed(in[1])), in[2], [](double a, double b) { return a + b; });
      }});
  rows.push_back({"linear", "one output", {{{5, 20}}, {{1, 20}}, {{1}}},
      [](const Tensors& in) { return linear(in[0], in[1], in[2]); },
      [](const Arrays& in) {
        return map(matmul(in[0], transposed(in[1])), in[2], [](double a, double b) { return a + b; });
      }});
  rows.push_back(
      {"linear", "without bias", {{{4, 5}}, {{3, 5}}}, [](const Tensors& in) { return linear(in[0], in[1]); },
          [](const Arrays& in) { return matmul(in[0], transposed(in[1])); }});
}

}  // namespace tenon::test
