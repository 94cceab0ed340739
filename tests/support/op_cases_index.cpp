// Rows of the table of operations: index.h.
#include "support/op_case_rows.h"

namespace tenon::test {

namespace {

Tensor integers(const Tensor& x, const TensorData& data) {
  return tensor(data, {.dtype = DType::int64, .device = x.device()});
}
Tensor flags(const Tensor& x, const TensorData& data) {
  return tensor(data, {.dtype = DType::boolean, .device = x.device()});
}

/// index() of a tensor [2, 3, 4].
OpCase indexed(const char* label, std::function<std::vector<TensorIndex>(const Tensor&)> indices,
    std::vector<std::int64_t> out_shape, std::function<Index(const Index&)> at) {
  return moved(
      "index", label, {2, 3, 4}, [indices](const Tensor& x) { return x.index(indices(x)); },
      std::move(out_shape), std::move(at));
}

void add_advanced(std::vector<OpCase>& rows) {
  using I = const Index&;
  using Indices = std::vector<TensorIndex>;
  rows.push_back(indexed(
      "view",
      [](const Tensor&) {
        return Indices{None, 1, Ellipsis, Slice(1, None, 2)};
      },
      {1, 3, 2},
      [](I i) {
        return Index{1, i[1], 1 + 2 * i[2]};
      }));
  rows.push_back(indexed(
      "rows and columns",
      [](const Tensor& x) {
        return Indices{"...", integers(x, {{0}, {-1}}), integers(x, {3, 0, 3})};
      },
      {2, 2, 3},
      [](I i) {
        return Index{i[0], i[1] * 2, i[2] == 1 ? 0 : 3};
      }));
  rows.push_back(indexed(
      "apart",
      [](const Tensor& x) {
        return Indices{integers(x, {1, 1, 0}), Slice(0, 2), integers(x, {2, 2, 0})};
      },
      {3, 2},
      [](I i) {
        return Index{i[0] < 2 ? 1 : 0, i[1], i[0] < 2 ? 2 : 0};
      }));
  rows.push_back(indexed(
      "mask",
      [](const Tensor& x) {
        return Indices{flags(x, {{0, 1, 0}, {1, 0, 1}})};
      },
      {3, 4},
      [](I i) {
        return Index{i[0] == 0 ? 0 : 1, i[0] == 0 ? 1 : i[0] == 1 ? 0 : 2, i[1]};
      }));
  rows.push_back(moved(
      "masked_select", "", {2, 3},
      [](const Tensor& x) {
        return masked_select(x, flags(x, {{1, 0, 1}, {0, 1, 1}}));
      },
      {4},
      [](I i) {
        return Index{i[0] / 2, i[0] == 1 || i[0] == 3 ? 2 : i[0] / 2};
      }));
  rows.push_back(moved(
      "masked_select", "broadcast", {2, 1, 2},
      [](const Tensor& x) {
        return masked_select(x, flags(x, {{1, 0}, {1, 1}}));
      },
      {6},
      [](I i) {
        return Index{i[0] / 3, 0, i[0] % 3 == 2 ? 1 : 0};
      }));
  rows.push_back({"index_put", "", {{{2, 3}}, {{3}}},
      [](const Tensors& in) {
        return index_put(in[0], {1, integers(in[0], {0, 2, 0})}, in[1]);
      },
      [](const Arrays& in) {
        return build({2, 3}, [&](I i) {
          if (i[0] == 0 || i[1] == 1) return element(in[0], i);
          return element(in[1], {i[1] == 0 ? 2 : 1});
        });
      }});
  rows.push_back({"index_put", "accumulate", {{{2, 3}}, {{1}}},
      [](const Tensors& in) {
        return index_put(in[0], {Ellipsis, integers(in[0], {0, 2, 0})}, in[1], true);
      },
      [](const Arrays& in) {
        return build({2, 3}, [&](I i) {
          return element(in[0], i) + element(in[1], {0}) * (i[1] == 0 ? 2 : i[1] == 1 ? 0 : 1);
        });
      }});
  rows.push_back({"index_put", "number", {{{2, 3}}},
      [](const Tensors& in) {
        return index_put(in[0], {flags(in[0], {{0, 0, 1}, {0, 1, 0}})}, 2.5);
      },
      [](const Arrays& in) {
        return build({2, 3}, [&](I i) { return i[0] + i[1] == 2 ? 2.5 : element(in[0], i); });
      }});
}

void add_scatters(std::vector<OpCase>& rows) {
  using I = const Index&;
  rows.push_back({"index_add", "", {{{4, 3}}, {{3, 3}}},
      [](const Tensors& in) {
        return index_add(in[0], 0, integers(in[0], {2, 0, 2}), in[1], -1.5);
      },
      [](const Arrays& in) {
        return build({4, 3}, [&](I i) {
          double sum = 0;
          if (i[0] == 2) sum = element(in[1], {0, i[1]}) + element(in[1], {2, i[1]});
          if (i[0] == 0) sum = element(in[1], {1, i[1]});
          return element(in[0], i) - 1.5 * sum;
        });
      }});
  // Position 1 along dimension 0 has the same index as position 0 in column 1. The index covers a part.
  static constexpr std::int64_t at[2][2] = {{2, 1}, {0, 1}};
  const auto index = [](const Tensor& x) { return integers(x, {{2, 1}, {0, 1}}); };
  const std::vector<InputSpec> inputs{{{3, 3}}, {{3, 2}}};
  rows.push_back(
      {"scatter", "", inputs, [index](const Tensors& in) { return scatter(in[0], 0, index(in[0]), in[1]); },
          [](const Arrays& in) {
            Array out = in[0];
            for (std::int64_t i = 0; i < 2; ++i)
              for (std::int64_t j = 0; j < 2; ++j)
                out.values[static_cast<std::size_t>(at[i][j] * 3 + j)] = element(in[1], {i, j});
            return out;
          }});
  rows.push_back({"scatter", "number", {{{3, 3}}},
      [index](const Tensors& in) { return scatter(in[0], -2, index(in[0]), 0.5); },
      [](const Arrays& in) {
        Array out = in[0];
        for (std::int64_t i = 0; i < 2; ++i)
          for (std::int64_t j = 0; j < 2; ++j) out.values[static_cast<std::size_t>(at[i][j] * 3 + j)] = 0.5;
        return out;
      }});
  rows.push_back({"scatter_add", "", inputs,
      [index](const Tensors& in) { return scatter_add(in[0], 0, index(in[0]), in[1]); },
      [](const Arrays& in) {
        Array out = in[0];
        for (std::int64_t i = 0; i < 2; ++i)
          for (std::int64_t j = 0; j < 2; ++j)
            out.values[static_cast<std::size_t>(at[i][j] * 3 + j)] += element(in[1], {i, j});
        return out;
      }});
}

}  // namespace

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
  rows.push_back(moved(
      "take_along_dim", "broadcast", {2, 1, 5},
      [](const Tensor& x) {
        return take_along_dim(x, integers(x, {{{4}, {0}, {4}}}), 2);
      },
      {2, 3, 1},
      [](I i) {
        return Index{i[0], 0, i[1] == 1 ? 0 : 4};
      }));
  rows.push_back(moved(
      "take_along_dim", "flattened", {2, 3},
      [](const Tensor& x) {
        return take_along_dim(x, integers(x, {{5, 0}, {3, 3}}));
      },
      {4},
      [](I i) {
        return Index{i[0] == 1 ? 0 : 1, i[0] == 0 ? 2 : 0};
      }));
  add_scatters(rows);
  add_advanced(rows);
}

}  // namespace tenon::test
