// Rows of the table of operations: linalg.h.
#include "support/op_case_rows.h"

namespace tenon::test {

void add_linalg(std::vector<OpCase>& rows) {
  const auto call = [](const Tensors& in) { return matmul(in[0], in[1]); };
  const auto ref = [](const Arrays& in) { return matmul(in[0], in[1]); };
  rows.push_back({"matmul", "wide", {{{3, 5}}, {{5, 4}}}, call, ref});
  rows.push_back({"matmul", "one column", {{{3, 19}}, {{19, 1}}}, call, ref});
  rows.push_back({"matmul", "one row", {{{1, 3}}, {{3, 18}}}, call, ref});
  rows.push_back({"matmul", "a batch", {{{2, 3, 4}}, {{2, 4, 5}}}, call, ref});
  rows.push_back({"matmul", "a batch with one column", {{{2, 3, 19}}, {{2, 19, 1}}}, call, ref});
  rows.push_back({"matmul", "batches that broadcast", {{{2, 1, 3, 4}}, {{3, 4, 2}}}, call, ref});
  rows.push_back({"matmul", "a batch and a matrix", {{{2, 3, 4}}, {{4, 5}}}, call, ref});
  rows.push_back({"matmul", "a matrix and a batch", {{{3, 4}}, {{2, 4, 5}}}, call, ref});
  rows.push_back({"matmul", "two vectors", {{{5}}, {{5}}}, call, [](const Arrays& in) {
                    return reshaped(matmul(reshaped(in[0], {1, 5}), reshaped(in[1], {5, 1})), {});
                  }});
  rows.push_back({"matmul", "a vector and a matrix", {{{5}}, {{5, 3}}}, call, [](const Arrays& in) {
                    return reshaped(matmul(reshaped(in[0], {1, 5}), in[1]), {3});
                  }});
  rows.push_back({"matmul", "a matrix and a vector", {{{3, 5}}, {{5}}}, call, [](const Arrays& in) {
                    return reshaped(matmul(in[0], reshaped(in[1], {5, 1})), {3});
                  }});
  rows.push_back({"matmul", "a vector and a batch", {{{4}}, {{2, 4, 3}}}, call, [](const Arrays& in) {
                    return reshaped(matmul(reshaped(in[0], {1, 4}), in[1]), {2, 3});
                  }});
  rows.push_back({"matmul", "a batch and a vector", {{{2, 3, 20}}, {{20}}}, call, [](const Arrays& in) {
                    return reshaped(matmul(in[0], reshaped(in[1], {20, 1})), {2, 3});
                  }});
  rows.push_back({"mm", "", {{{3, 5}}, {{5, 4}}}, [](const Tensors& in) { return mm(in[0], in[1]); }, ref});
  rows.push_back({"mv", "", {{{3, 5}}, {{5}}}, [](const Tensors& in) { return mv(in[0], in[1]); },
      [](const Arrays& in) {
        return reshaped(matmul(in[0], reshaped(in[1], {5, 1})), {3});
      }});
  rows.push_back(
      {"bmm", "", {{{2, 3, 4}}, {{2, 4, 5}}}, [](const Tensors& in) { return bmm(in[0], in[1]); }, ref});
  rows.push_back({"linear", "batches", {{{2, 3, 5}}, {{4, 5}}, {{4}}},
      [](const Tensors& in) { return linear(in[0], in[1], in[2]); },
      [](const Arrays& in) {
        return map(matmul(in[0], transposed(in[1])), in[2], [](double a, double b) { return a + b; });
      }});
  rows.push_back({"linear", "a vector", {{{5}}, {{3, 5}}, {{3}}},
      [](const Tensors& in) { return linear(in[0], in[1], in[2]); },
      [](const Arrays& in) {
        const Array product = matmul(reshaped(in[0], {1, 5}), transposed(in[1]));
        return map(reshaped(product, {3}), in[2], [](double a, double b) { return a + b; });
      }});
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
  rows.push_back({"outer", "", {{{3}}, {{4}}}, [](const Tensors& in) { return outer(in[0], in[1]); },
      [](const Arrays& in) {
        return build({3, 4}, [&](const Index& i) { return element(in[0], {i[0]}) * element(in[1], {i[1]}); });
      }});
  rows.push_back({"dot", "", {{{5}}, {{5}}}, [](const Tensors& in) { return dot(in[0], in[1]); },
      [](const Arrays& in) {
        double total = 0;
        for (std::size_t i = 0; i < 5; ++i) total += in[0].values[i] * in[1].values[i];
        return Array{{}, {total}};
      }});
}

}  // namespace tenon::test
