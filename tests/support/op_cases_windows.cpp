// Rows of the table of operations: convolution.h and pooling.h.
#include <cmath>

#include "support/op_case_rows.h"

namespace tenon::test {
namespace {

using Sizes = std::vector<std::int64_t>;

struct Sliding {
  Sizes kernel, stride{1, 1}, padding{0, 0}, dilation{1, 1};
};

/// The shape of `in`, [N, C, H, W], with a number for each window in place of H and W.
Sizes with_windows(const Sizes& in, const Sliding& s, const Sizes& beyond = {0, 0}) {
  Sizes out = in;
  for (std::size_t d = 0; d < 2; ++d)
    out[d + 2] =
        (in[d + 2] + 2 * s.padding[d] - s.dilation[d] * (s.kernel[d] - 1) - 1) / s.stride[d] + 1 + beyond[d];
  return out;
}

/// Calls use(element, i, j, is_padding) for the elements of window (y, x) that are in the padded image.
void each_element(const Array& a, std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x,
    const Sliding& s, const std::function<void(double, std::int64_t, std::int64_t, bool)>& use) {
  const std::int64_t height = a.shape[2], width = a.shape[3];
  for (std::int64_t i = 0; i < s.kernel[0]; ++i)
    for (std::int64_t j = 0; j < s.kernel[1]; ++j) {
      const std::int64_t row = y * s.stride[0] + i * s.dilation[0] - s.padding[0],
                         column = x * s.stride[1] + j * s.dilation[1] - s.padding[1];
      if (row >= height + s.padding[0] || column >= width + s.padding[1]) continue;
      const bool is_there = row >= 0 && row < height && column >= 0 && column < width;
      use(is_there ? element(a, {n, c, row, column}) : 0, i, j, !is_there);
    }
}

Array convolved(const Array& a, const Array& weight, const Sliding& s, std::int64_t groups = 1) {
  Sizes shape = with_windows(a.shape, s);
  shape[1] = weight.shape[0];
  const std::int64_t of_group = weight.shape[1], outputs = weight.shape[0] / groups;
  return build(shape, [&](const Index& at) {
    double total = 0;
    for (std::int64_t c = 0; c < of_group; ++c)
      each_element(a, at[0], at[1] / outputs * of_group + c, at[2], at[3], s,
          [&](double x, std::int64_t i, std::int64_t j, bool) {
            total += x * element(weight, {at[1], c, i, j});
          });
    return total;
  });
}

/// Each element of `a`, [N, C, H, W], times the kernel, added up where the windows of the result lie.
Array transposed(const Array& a, const Array& weight, const Sliding& s, const Sizes& beyond = {0, 0},
    std::int64_t groups = 1) {
  const std::int64_t inputs = weight.shape[0] / groups, outputs = weight.shape[1];
  Sizes shape{a.shape[0], outputs * groups};
  for (std::size_t d = 0; d < 2; ++d)
    shape.push_back((a.shape[d + 2] - 1) * s.stride[d] - 2 * s.padding[d] +
                    s.dilation[d] * (s.kernel[d] - 1) + 1 + beyond[d]);
  return build(shape, [&](const Index& at) {
    double total = 0;
    for (std::int64_t c = 0; c < inputs; ++c)
      for (std::int64_t y = 0; y < a.shape[2]; ++y)
        for (std::int64_t x = 0; x < a.shape[3]; ++x)
          for (std::int64_t i = 0; i < s.kernel[0]; ++i)
            for (std::int64_t j = 0; j < s.kernel[1]; ++j)
              if (y * s.stride[0] + i * s.dilation[0] - s.padding[0] == at[2] &&
                  x * s.stride[1] + j * s.dilation[1] - s.padding[1] == at[3]) {
                const std::int64_t channel = at[1] / outputs * inputs + c;
                total +=
                    element(a, {at[0], channel, y, x}) * element(weight, {channel, at[1] % outputs, i, j});
              }
    return total;
  });
}

/// Window i of `count` has the elements from i size / count, rounded down, to (i + 1) size / count, rounded
/// up.
Array pooled_to(const Array& a, const Sizes& count) {
  const auto begin = [&](std::size_t d, std::int64_t i) { return i * a.shape[d + 2] / count[d]; };
  const auto end = [&](std::size_t d, std::int64_t i) {
    return ((i + 1) * a.shape[d + 2] + count[d] - 1) / count[d];
  };
  return build({a.shape[0], a.shape[1], count[0], count[1]}, [&](const Index& at) {
    double total = 0, elements = 0;
    for (std::int64_t y = begin(0, at[2]); y < end(0, at[2]); ++y)
      for (std::int64_t x = begin(1, at[3]); x < end(1, at[3]); ++x, ++elements)
        total += element(a, {at[0], at[1], y, x});
    return total / elements;
  });
}

Array pooled_max(const Array& a, const Sliding& s, const Sizes& beyond = {0, 0}) {
  return build(with_windows(a.shape, s, beyond), [&](const Index& at) {
    double largest = -INFINITY;
    each_element(
        a, at[0], at[1], at[2], at[3], s, [&](double x, std::int64_t, std::int64_t, bool is_padding) {
          if (!is_padding) largest = std::fmax(largest, x);
        });
    return largest;
  });
}

Array pooled_mean(const Array& a, const Sliding& s, bool with_padding = true, const Sizes& beyond = {0, 0}) {
  return build(with_windows(a.shape, s, beyond), [&](const Index& at) {
    double total = 0, count = 0;
    each_element(
        a, at[0], at[1], at[2], at[3], s, [&](double x, std::int64_t, std::int64_t, bool is_padding) {
          total += x;
          if (with_padding || !is_padding) ++count;
        });
    return total / count;
  });
}

/// [N, C, H, W] to [N, C KH KW, L]
Array columns_of(const Array& a, const Sliding& s) {
  const Sizes windows = with_windows(a.shape, s);
  return build(
      {a.shape[0], a.shape[1] * s.kernel[0] * s.kernel[1], windows[2] * windows[3]}, [&](const Index& at) {
        const std::int64_t elements = s.kernel[0] * s.kernel[1];
        double found = 0;
        each_element(a, at[0], at[1] / elements, at[2] / windows[3], at[2] % windows[3], s,
            [&](double x, std::int64_t i, std::int64_t j, bool) {
              if (i * s.kernel[1] + j == at[1] % elements) found = x;
            });
        return found;
      });
}

/// Images of `shape` to which each column's elements are added where columns_of() has them from.
Array folded(const Array& columns, const Sizes& shape, const Sliding& s) {
  Array places = build(shape, [](const Index&) { return 0; });
  for (std::size_t k = 0; k < places.values.size(); ++k) places.values[k] = static_cast<double>(k + 1);
  const Array from = columns_of(places, s);
  Array out = build(shape, [](const Index&) { return 0; });
  for (std::size_t k = 0; k < from.values.size(); ++k)
    if (from.values[k] > 0) out.values[static_cast<std::size_t>(from.values[k]) - 1] += columns.values[k];
  return out;
}

Array biased(const Array& a, const Array& bias) {
  return map(a, reshaped(bias, {bias.numel(), 1, 1}), [](double x, double b) { return x + b; });
}
Array image(const Array& a) { return reshaped(a, {1, a.shape[0], a.shape[1], a.shape[2]}); }
Array without_first(const Array& a) { return reshaped(a, {a.shape.begin() + 1, a.shape.end()}); }

void add_convolutions(std::vector<OpCase>& rows) {
  rows.push_back({"conv2d", "3 x 3", {{{2, 2, 4, 3}}, {{3, 2, 3, 3}}, {{3}}},
      [](const Tensors& in) { return conv2d(in[0], in[1], in[2], {.padding = 1}); },
      [](const Arrays& in) {
        return biased(convolved(in[0], in[1], {.kernel = {3, 3}, .padding = {1, 1}}), in[2]);
      },
      true});
  rows.push_back({"conv2d", "groups", {{{2, 4, 3, 4}}, {{6, 2, 2, 1}}, {{6}}},
      [](const Tensors& in) { return conv2d(in[0], in[1], in[2], {.groups = 2}); },
      [](const Arrays& in) {
        return biased(convolved(in[0], in[1], {.kernel = {2, 1}}, 2), in[2]);
      },
      true});
  rows.push_back({"conv2d", "stride, padding and dilation", {{{1, 2, 5, 6}}, {{2, 2, 2, 3}}},
      [](const Tensors& in) {
        return conv2d(in[0], in[1], {}, {.stride = {2, 3}, .padding = {1, 2}, .dilation = {3, 2}});
      },
      [](const Arrays& in) {
        return convolved(
            in[0], in[1], {.kernel = {2, 3}, .stride = {2, 3}, .padding = {1, 2}, .dilation = {3, 2}});
      }});
  rows.push_back({"conv2d", "1 x 1 of an image", {{{3, 2, 3}}, {{2, 3, 1, 1}}, {{2}}},
      [](const Tensors& in) { return conv2d(in[0], in[1], in[2]); },
      [](const Arrays& in) {
        return without_first(biased(convolved(image(in[0]), in[1], {.kernel = {1, 1}}), in[2]));
      },
      true});
  rows.push_back({"conv2d", "one window", {{{2, 3, 3, 2}}, {{2, 3, 3, 2}}},
      [](const Tensors& in) { return conv2d(in[0], in[1]); },
      [](const Arrays& in) {
        return convolved(in[0], in[1], {.kernel = {3, 2}});
      },
      true});

  rows.push_back({"conv_transpose2d", "3 x 3", {{{2, 2, 3, 2}}, {{2, 3, 3, 3}}, {{3}}},
      [](const Tensors& in) { return conv_transpose2d(in[0], in[1], in[2]); },
      [](const Arrays& in) {
        return biased(transposed(in[0], in[1], {.kernel = {3, 3}}), in[2]);
      }});
  rows.push_back({"conv_transpose2d", "groups", {{{1, 4, 2, 3}}, {{4, 3, 1, 2}}},
      [](const Tensors& in) { return conv_transpose2d(in[0], in[1], {}, {.groups = 2}); },
      [](const Arrays& in) {
        return transposed(in[0], in[1], {.kernel = {1, 2}}, {0, 0}, 2);
      }});
  rows.push_back(
      {"conv_transpose2d", "stride, padding and dilation of an image", {{{2, 3, 3}}, {{2, 2, 2, 3}}},
          [](const Tensors& in) {
            return conv_transpose2d(in[0], in[1], {},
                {.stride = {3, 2}, .padding = {1, 2}, .output_padding = {2, 1}, .dilation = {1, 2}});
          },
          [](const Arrays& in) {
            return without_first(transposed(image(in[0]), in[1],
                {.kernel = {2, 3}, .stride = {3, 2}, .padding = {1, 2}, .dilation = {1, 2}}, {2, 1}));
          }});

  rows.push_back({"unfold", "overlapping", {{{2, 2, 3, 4}}},
      [](const Tensors& in) {
        return unfold(in[0], {2, 3}, {.padding = {1, 0}});
      },
      [](const Arrays& in) {
        return columns_of(in[0], {.kernel = {2, 3}, .padding = {1, 0}});
      },
      true});
  rows.push_back({"unfold", "stride and dilation", {{{2, 5, 7}}},
      [](const Tensors& in) {
        return unfold(in[0], 2, {.dilation = {2, 3}, .padding = {2, 1}, .stride = {3, 2}});
      },
      [](const Arrays& in) {
        return without_first(columns_of(
            image(in[0]), {.kernel = {2, 2}, .stride = {3, 2}, .padding = {2, 1}, .dilation = {2, 3}}));
      }});
  rows.push_back({"fold", "overlapping", {{{2, 12, 8}}},
      [](const Tensors& in) {
        return fold(in[0], {3, 4}, {2, 3}, {.padding = {1, 0}});
      },
      [](const Arrays& in) {
        return folded(in[0], {2, 2, 3, 4}, {.kernel = {2, 3}, .padding = {1, 0}});
      }});
  rows.push_back({"fold", "stride and dilation", {{{8, 9}}},
      [](const Tensors& in) {
        return fold(in[0], {5, 7}, 2, {.dilation = {2, 3}, .padding = {2, 1}, .stride = {3, 2}});
      },
      [](const Arrays& in) {
        return without_first(folded(in[0], {1, 2, 5, 7},
            {.kernel = {2, 2}, .stride = {3, 2}, .padding = {2, 1}, .dilation = {2, 3}}));
      }});
}

}  // namespace

void add_windows(std::vector<OpCase>& rows) {
  add_convolutions(rows);
  const std::vector<InputSpec> images{{{2, 2, 4, 6}, Domain::apart}};
  rows.push_back({"max_pool2d", "tiles", images, [](const Tensors& in) { return max_pool2d(in[0], 2); },
      [](const Arrays& in) {
        return pooled_max(in[0], {.kernel = {2, 2}, .stride = {2, 2}});
      },
      true});
  rows.push_back({"max_pool2d", "overlapping", {{{2, 5, 5}, Domain::apart}},
      [](const Tensors& in) {
        return max_pool2d(in[0], {3, 2}, {.stride = 1, .padding = 1, .dilation = {1, 2}});
      },
      [](const Arrays& in) {
        return without_first(
            pooled_max(image(in[0]), {.kernel = {3, 2}, .padding = {1, 1}, .dilation = {1, 2}}));
      },
      true});
  rows.push_back({"max_pool2d", "beyond the image", {{{1, 2, 5, 4}, Domain::apart}},
      [](const Tensors& in) { return max_pool2d(in[0], 3, {.stride = 2, .ceil_mode = true}); },
      [](const Arrays& in) {
        return pooled_max(in[0], {.kernel = {3, 3}, .stride = {2, 2}}, {0, 1});
      },
      true});
  rows.push_back({"avg_pool2d", "tiles", {{{2, 2, 5, 6}}},
      [](const Tensors& in) {
        return avg_pool2d(in[0], {2, 3});
      },
      [](const Arrays& in) {
        return pooled_mean(in[0], {.kernel = {2, 3}, .stride = {2, 3}});
      }});
  rows.push_back({"avg_pool2d", "overlapping", {{{2, 4, 5}}},
      [](const Tensors& in) {
        return avg_pool2d(in[0], 3, {.stride = {1, 2}, .padding = {0, 1}});
      },
      [](const Arrays& in) {
        return without_first(
            pooled_mean(image(in[0]), {.kernel = {3, 3}, .stride = {1, 2}, .padding = {0, 1}}));
      },
      true});
  rows.push_back({"avg_pool2d", "beyond the image", {{{1, 2, 6, 4}}},
      [](const Tensors& in) { return avg_pool2d(in[0], 3, {.stride = 2, .padding = 1, .ceil_mode = true}); },
      [](const Arrays& in) {
        return pooled_mean(in[0], {.kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}}, true, {1, 1});
      },
      true});
  rows.push_back({"avg_pool2d", "without the padding", {{{1, 2, 5, 4}}},
      [](const Tensors& in) {
        return avg_pool2d(
            in[0], 3, {.stride = 2, .padding = 1, .ceil_mode = true, .count_include_pad = false});
      },
      [](const Arrays& in) {
        return pooled_mean(in[0], {.kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}}, false, {0, 1});
      },
      true});
  rows.push_back({"adaptive_avg_pool2d", "one window", {{{2, 2, 3, 4}}},
      [](const Tensors& in) { return adaptive_avg_pool2d(in[0], 1); },
      [](const Arrays& in) {
        return pooled_to(in[0], {1, 1});
      },
      true});
  rows.push_back({"adaptive_avg_pool2d", "windows that overlap", {{{1, 2, 5, 7}}},
      [](const Tensors& in) {
        return adaptive_avg_pool2d(in[0], {3, 4});
      },
      [](const Arrays& in) {
        return pooled_to(in[0], {3, 4});
      },
      true});
  rows.push_back({"adaptive_avg_pool2d", "more windows than rows", {{{2, 2, 6}}},
      [](const Tensors& in) {
        return adaptive_avg_pool2d(in[0], {5, 3});
      },
      [](const Arrays& in) {
        return without_first(pooled_to(image(in[0]), {5, 3}));
      },
      true});
}

}  // namespace tenon::test
