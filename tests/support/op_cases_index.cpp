// Rows of the table of operations: index.h.
#include "support/op_case_rows.h"

namespace tenon::test {

void add_indices(std::vector<OpCase>& rows) {
  using I = const Index&;
  rows.push_back(moved(
      "index_select", "repeated", {4, 3},
      [](const Tensor& x) {
        return index_select(x, 0, tensor({2, 0, 2, 3}, {.dtype = DType::int64, .device = x.device()}));
      },
      {4, 3},
      [](I i) {
        const std::int64_t rows_of[] = {2, 0, 2, 3};
        return Index{rows_of[i[0]], i[1]};
      }));
  rows.push_back(moved(
      "index_select", "inner", {2, 4, 3},
      [](const Tensor& x) {
        return index_select(x, 1, tensor({3, 1}, {.dtype = DType::int64, .device = x.device()}));
      },
      {2, 2, 3},
      [](I i) {
        return Index{i[0], i[1] == 0 ? 3 : 1, i[2]};
      }));
  rows.push_back(moved(
      "embedding", "repeated", {4, 3},
      [](const Tensor& x) {
        return embedding(tensor({{3, 0}, {3, 2}}, {.dtype = DType::int64, .device = x.device()}), x);
      },
      {2, 2, 3},
      [](I i) {
        const std::int64_t rows_of[2][2] = {{3, 0}, {3, 2}};
        return Index{rows_of[i[0]][i[1]], i[2]};
      }));
  rows.push_back(moved(
      "gather", "rows", {3, 4},
      [](const Tensor& x) {
        return gather(
            x, 0, tensor({{2, 0, 1, 1}, {2, 2, 0, 1}}, {.dtype = DType::int64, .device = x.device()}));
      },
      {2, 4},
      [](I i) {
        const std::int64_t rows_of[2][4] = {{2, 0, 1, 1}, {2, 2, 0, 1}};
        return Index{rows_of[i[0]][i[1]], i[1]};
      }));
  rows.push_back(moved(
      "gather", "of a part, repeated", {2, 3, 5},
      [](const Tensor& x) {
        return gather(x, -1, tensor({{{4, 4}, {0, 4}}}, {.dtype = DType::int64, .device = x.device()}));
      },
      {1, 2, 2},
      [](I i) {
        return Index{i[0], i[1], i[1] == 1 && i[2] == 0 ? 0 : 4};
      }));
}

}  // namespace tenon::test
