// Rows of the table of operations: shape.h and copy.h.
#include "support/op_case_rows.h"

namespace tenon::test {

void add_views(std::vector<OpCase>& rows) {
  using I = const Index&;
  rows.push_back(moved(
      "reshape", "", {2, 6},
      [](const Tensor& x) {
        return reshape(x, {3, -1});
      },
      {3, 4},
      [](I i) {
        const std::int64_t at = i[0] * 4 + i[1];
        return Index{at / 6, at % 6};
      }));
  rows.push_back(moved(
      "flatten", "", {2, 3, 2}, [](const Tensor& x) { return flatten(x, 1); }, {2, 6},
      [](I i) {
        return Index{i[0], i[1] / 2, i[1] % 2};
      }));
  rows.push_back(moved(
      "narrow", "", {4, 5}, [](const Tensor& x) { return narrow(x, 1, 2, 2); }, {4, 2},
      [](I i) {
        return Index{i[0], i[1] + 2};
      }));
  rows.push_back(moved(
      "select", "", {3, 4}, [](const Tensor& x) { return select(x, 0, -1); }, {4},
      [](I i) {
        return Index{2, i[0]};
      }));
  rows.push_back(moved(
      "slice", "", {3, 9}, [](const Tensor& x) { return slice(x, 1, {.start = 1, .stop = -1, .step = 3}); },
      {3, 3},
      [](I i) {
        return Index{i[0], 1 + 3 * i[1]};
      }));
  rows.push_back(moved(
      "expand", "", {3, 1},
      [](const Tensor& x) {
        return expand(x, {2, -1, 4});
      },
      {2, 3, 4},
      [](I i) {
        return Index{i[1], 0};
      }));
  rows.push_back(moved(
      "unsqueeze", "", {3, 4}, [](const Tensor& x) { return unsqueeze(x, 1); }, {3, 1, 4},
      [](I i) {
        return Index{i[0], i[2]};
      }));
  rows.push_back(moved(
      "squeeze", "all", {1, 3, 1}, [](const Tensor& x) { return squeeze(x); }, {3},
      [](I i) {
        return Index{0, i[0], 0};
      }));
  rows.push_back(moved(
      "squeeze", "one", {1, 3, 1}, [](const Tensor& x) { return squeeze(x, -1); }, {1, 3},
      [](I i) {
        return Index{0, i[1], 0};
      }));
  rows.push_back(moved(
      "transpose", "", {2, 3, 4}, [](const Tensor& x) { return transpose(x, 0, -1); }, {4, 3, 2},
      [](I i) {
        return Index{i[2], i[1], i[0]};
      }));
  rows.push_back(moved(
      "t", "", {2, 3}, [](const Tensor& x) { return t(x); }, {3, 2},
      [](I i) {
        return Index{i[1], i[0]};
      }));
  rows.push_back(moved(
      "permute", "", {2, 3, 4},
      [](const Tensor& x) {
        return permute(x, {2, 0, 1});
      },
      {4, 2, 3},
      [](I i) {
        return Index{i[1], i[2], i[0]};
      }));
  rows.push_back(moved(
      "split", "size", {2, 5}, [](const Tensor& x) { return split(x, 2, 1)[2]; }, {2, 1},
      [](I i) {
        return Index{i[0], 4};
      }));
  rows.push_back(moved(
      "split", "sizes", {5, 2},
      [](const Tensor& x) {
        return split(x, {1, 4})[1];
      },
      {4, 2},
      [](I i) {
        return Index{i[0] + 1, i[1]};
      }));
  rows.push_back(moved(
      "chunk", "", {2, 5}, [](const Tensor& x) { return chunk(x, 2, -1)[1]; }, {2, 2},
      [](I i) {
        return Index{i[0], i[1] + 3};
      }));
  rows.push_back(moved(
      "unbind", "", {3, 4}, [](const Tensor& x) { return unbind(x, 1)[2]; }, {3},
      [](I i) {
        return Index{i[0], 2};
      }));
  rows.push_back(moved(
      "clone", "", {2, 3}, [](const Tensor& x) { return clone(x); }, {2, 3}, [](I i) { return i; }));
  rows.push_back(moved(
      "contiguous", "", {2, 3}, [](const Tensor& x) { return contiguous(t(x)); }, {3, 2},
      [](I i) {
        return Index{i[1], i[0]};
      }));
  rows.push_back(moved(
      "to", "and back", {2, 3}, [](const Tensor& x) { return to(to(x, DType::float64), x.dtype()) * 1; },
      {2, 3}, [](I i) { return i; }));
  rows.push_back({"cat", "rows", {{{2, 3}}, {{1, 3}}, {{3, 3}}}, [](const Tensors& in) { return cat(in, 0); },
      [](const Arrays& in) {
        return build({6, 3}, [&](I i) {
          return i[0] < 2   ? element(in[0], i)
                 : i[0] < 3 ? element(in[1], {0, i[1]})
                            : element(in[2], {i[0] - 3, i[1]});
        });
      }});
  rows.push_back({"cat", "columns", {{{2, 1}}, {{2, 3}}}, [](const Tensors& in) { return cat(in, -1); },
      [](const Arrays& in) {
        return build({2, 4}, [&](I i) {
          return i[1] == 0 ? element(in[0], i) : element(in[1], {i[0], i[1] - 1});
        });
      }});
  rows.push_back({"stack", "", {{{2, 3}}, {{2, 3}}}, [](const Tensors& in) { return stack(in, 1); },
      [](const Arrays& in) {
        return build({2, 2, 3}, [&](I i) {
          return element(in[static_cast<std::size_t>(i[1])], {i[0], i[2]});
        });
      }});
}

}  // namespace tenon::test
