// Rows of the table of operations: rearrange.h.
#include "support/op_case_rows.h"

namespace tenon::test {

void add_rearranged(std::vector<OpCase>& rows) {
  using I = const Index&;
  rows.push_back(moved(
      "repeat", "", {3, 2},
      [](const Tensor& x) {
        return repeat(x, {2, 1, 3});
      },
      {2, 3, 6},
      [](I i) {
        return Index{i[1], i[2] % 2};
      }));
  rows.push_back(moved(
      "repeat", "once", {3, 2},
      [](const Tensor& x) {
        return repeat(x, {1, 1});
      },
      {3, 2}, [](I i) { return i; }));
  rows.push_back(moved(
      "flip", "one", {3, 4}, [](const Tensor& x) { return flip(x, 1); }, {3, 4},
      [](I i) {
        return Index{i[0], 3 - i[1]};
      }));
  rows.push_back(moved(
      "flip", "two", {3, 4},
      [](const Tensor& x) {
        return flip(x, {0, -1});
      },
      {3, 4},
      [](I i) {
        return Index{2 - i[0], 3 - i[1]};
      }));
  rows.push_back(moved(
      "roll", "all", {3, 4}, [](const Tensor& x) { return roll(x, -5); }, {3, 4},
      [](I i) {
        const std::int64_t at = (i[0] * 4 + i[1] + 5) % 12;
        return Index{at / 4, at % 4};
      }));
  rows.push_back(moved(
      "roll", "two", {3, 4},
      [](const Tensor& x) {
        return roll(x, {1, 6}, {0, 1});
      },
      {3, 4},
      [](I i) {
        return Index{(i[0] + 2) % 3, (i[1] + 2) % 4};
      }));
  rows.push_back({"tril", "", {{{2, 3, 4}}}, [](const Tensors& in) { return tril(in[0], 1); },
      [](const Arrays& in) {
        return build({2, 3, 4}, [&](I i) { return i[2] <= i[1] + 1 ? element(in[0], i) : 0; });
      }});
  rows.push_back({"triu", "", {{{3, 4}}}, [](const Tensors& in) { return triu(in[0]); },
      [](const Arrays& in) {
        return build({3, 4}, [&](I i) { return i[1] >= i[0] ? element(in[0], i) : 0; });
      }});
  rows.push_back(moved(
      "diag", "of a matrix", {3, 5}, [](const Tensor& x) { return diag(x, 1); }, {3},
      [](I i) {
        return Index{i[0], i[0] + 1};
      }));
  rows.push_back({"diag", "of a vector", {{{3}}}, [](const Tensors& in) { return diag(in[0], -2); },
      [](const Arrays& in) {
        return build({5, 5}, [&](I i) { return i[0] == i[1] + 2 ? element(in[0], {i[1]}) : 0; });
      }});
  rows.push_back({"slice_scatter", "", {{{3, 8}}, {{3, 3}}},
      [](const Tensors& in) { return slice_scatter(in[0], in[1], 1, {.start = 1, .step = 3}); },
      [](const Arrays& in) {
        return build({3, 8}, [&](I i) {
          return i[1] % 3 == 1 ? element(in[1], {i[0], i[1] / 3}) : element(in[0], i);
        });
      }});
  rows.push_back({"select_scatter", "", {{{3, 4}}, {{4}}},
      [](const Tensors& in) { return select_scatter(in[0], in[1], 0, -2); },
      [](const Arrays& in) {
        return build({3, 4}, [&](I i) { return i[0] == 1 ? element(in[1], {i[1]}) : element(in[0], i); });
      }});
}

}  // namespace tenon::test
