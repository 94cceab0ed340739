// Convolution as a matrix product with the windows of the images.
#include <algorithm>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/windows.h>
#include <tenon/core/parallel.h>
#include <tenon/kernels/matmul.h>

namespace tenon {

using autograd::as_before;
using autograd::as_images;
using autograd::check_same_kind;
using autograd::dense;
using autograd::Input;
using autograd::new_tensor;
using autograd::record;
using autograd::with;
using kernels::Matrix;
using kernels::Windows;

namespace {

/// [N, C, KH KW, OH OW] or a shape that merges its dimensions, to [N, C, H, W].
Tensor fold_windows(const Tensor& columns, const Shape& images, const Windows& windows, CallSite site) {
  const Tensor from = dense(columns);
  Tensor out = new_tensor(images, columns.dtype(), columns.stream());
  kernels::fold(columns.stream(), columns.dtype(), windows, out.raw(), from.raw());
  return record("fold", site, std::move(out), Input(columns, [windows](const Tensor& g, const Shape& shape) {
    return reshape(autograd::unfold_windows(g, windows, CallSite::current()), shape);
  }));
}

void check_bias(const char* op, const Tensor& images, const Tensor& bias, std::int64_t outputs) {
  if (!bias.defined()) return;
  check(bias.dim() == 1 && bias.shape()[0] == outputs, "{}: the bias must be [{}]; it is {}", op, outputs,
      bias.shape());
  check_same_kind(op, images, bias);
}

/// A number per channel added, if there is a bias.
Tensor with_bias(const Tensor& out, const Tensor& bias) {
  return bias.defined() ? add(out, reshape(bias, {bias.shape()[0], 1, 1})) : out;
}

/// The sizes of conv2d(), from images to results, and of its transpose, from results to images. The weight is
/// [groups * outputs, inputs, KH, KW].
struct Convolution {
  std::int64_t n, groups, inputs, outputs;  // inputs and outputs: channels per group
  kernels::WindowAxis h, w;

  Shape images() const { return {n, groups * inputs, h.size, w.size}; }
  Shape results() const { return {n, groups * outputs, h.windows, w.windows}; }
  std::int64_t products() const { return inputs * h.kernel * w.kernel; }  // per element of a result
  std::int64_t area() const { return h.windows * w.windows; }
  /// Windows of one element each, side by side, are the image: nothing is copied.
  bool is_pointwise() const {
    const auto is_one = [](const kernels::WindowAxis& axis) {
      return axis.kernel == 1 && axis.stride == 1 && axis.padding == 0 && axis.windows == axis.size;
    };
    return is_one(h) && is_one(w);
  }
  Windows windows(std::int64_t count) const { return {count * groups * inputs, h, w}; }
  Matrix weight(const Tensor& dense_weight) const {
    return {dense_weight.raw(), outputs, products(), products(), 1};
  }
  /// Of the products of `count` images, in each of which a matrix of `rows` is multiplied by the weight.
  kernels::Batch batch(std::int64_t count, std::int64_t rows) const {
    kernels::Batch dims;
    dims.push(count, {0, groups * rows * area()});
    dims.push(groups, {outputs * products(), rows * area()});
    return dims;
  }
};

void* element_of(const Tensor& tensor, std::int64_t i) {
  return static_cast<char*>(tensor.raw()) + i * static_cast<std::int64_t>(size_of(tensor.dtype()));
}

/// Calls body(count, columns [count, groups, products, area], from, to) for parts of the images: on a CPU for
/// so few that their columns stay in the caches between the two steps.
template <class Body>
void in_parts(const Convolution& c, const Tensor& from, const Tensor& to, const Body& body) {
  constexpr std::int64_t cached = 512 * 1024;  // bytes per thread
  if (to.numel() == 0) return;
  const std::int64_t columns = c.is_pointwise() ? 0 : c.groups * c.products() * c.area(),
                     bytes = columns * static_cast<std::int64_t>(size_of(from.dtype()));
  const std::int64_t most = from.device().is_cpu() && bytes > 0
                                ? std::clamp<std::int64_t>(cached * num_threads() / bytes, 1, c.n)
                                : c.n;
  const Tensor room = new_tensor({most, columns}, from.dtype(), from.stream());
  for (std::int64_t i = 0; i < c.n; i += most)
    body(std::min(most, c.n - i), room.raw(), element_of(from, i * (from.numel() / c.n)),
        element_of(to, i * (to.numel() / c.n)));
}

/// [N, groups * rows, ...] as matrices with rows of the windows' area.
Tensor as_matrices(const Tensor& a, const Convolution& c, std::int64_t rows) {
  return reshape(a, {c.n, c.groups, rows, c.area()});
}
Tensor columns_of(const Tensor& images, const Convolution& c) {
  const bool as_is = c.is_pointwise();
  return as_matrices(as_is ? images : autograd::unfold_windows(images, c.windows(c.n), CallSite::current()),
      c, c.products());
}

Tensor convolve_transposed(const Tensor& results, const Tensor& weight, const Convolution& c, CallSite site);

/// From images to results: the weight times the windows.
Tensor convolve(const Tensor& images, const Tensor& weight, const Convolution& c, CallSite site) {
  const Tensor from = dense(images), factor = dense(weight);
  Tensor out = new_tensor(c.results(), images.dtype(), images.stream());
  in_parts(c, from, out, [&](std::int64_t count, void* columns, const void* x, void* y) {
    if (!c.is_pointwise()) kernels::unfold(from.stream(), from.dtype(), c.windows(count), columns, x);
    kernels::matmul(from.stream(), from.dtype(), y, c.weight(factor),
        {c.is_pointwise() ? x : columns, c.products(), c.area(), c.area(), 1}, nullptr,
        c.batch(count, c.products()));
  });
  return record("conv2d", site, std::move(out),
      Input(images, with(weight),
          [c](const Tensor& g, const Tensor& w) {
            return convolve_transposed(g, w, c, CallSite::current());
          }),
      Input(weight, with(images), [c](const Tensor& g, const Shape& shape, const Tensor& x) {
        return reshape(
            sum(matmul(as_matrices(g, c, c.outputs), transpose(columns_of(x, c), -2, -1)), {0}), shape);
      }));
}

/// From results to images: the transposed weight times the results, added where windows overlap.
Tensor convolve_transposed(const Tensor& results, const Tensor& weight, const Convolution& c, CallSite site) {
  const Tensor from = dense(results), factor = dense(weight);
  Tensor out = new_tensor(c.images(), results.dtype(), results.stream());
  in_parts(c, from, out, [&](std::int64_t count, void* columns, const void* x, void* y) {
    kernels::matmul(from.stream(), from.dtype(), c.is_pointwise() ? y : columns,
        c.weight(factor).transposed(), {x, c.outputs, c.area(), c.area(), 1}, nullptr,
        c.batch(count, c.outputs));
    if (!c.is_pointwise()) kernels::fold(from.stream(), from.dtype(), c.windows(count), y, columns);
  });
  return record("conv_transpose2d", site, std::move(out),
      Input(results, with(weight),
          [c](const Tensor& g, const Tensor& w) { return convolve(g, w, c, CallSite::current()); }),
      Input(weight, with(results), [c](const Tensor& g, const Shape& shape, const Tensor& x) {
        const Tensor products = matmul(columns_of(g, c), transpose(as_matrices(x, c, c.outputs), -2, -1));
        return reshape(transpose(sum(products, {0}), -2, -1), shape);
      }));
}

/// The windows of the result of conv_transpose2d(), one for each element of the images.
Windows transposed_windows(const Shape& images, const Shape& kernel_size, std::int64_t outputs,
    const ConvTransposeOptions& options) {
  constexpr const char* op = "conv_transpose2d";
  const Shape kernel = autograd::pair_of(op, "kernel_size", kernel_size, 1),
              stride = autograd::pair_of(op, "stride", options.stride, 1),
              padding = autograd::pair_of(op, "padding", options.padding, 0),
              dilation = autograd::pair_of(op, "dilation", options.dilation, 1),
              output_padding = autograd::pair_of(op, "output_padding", options.output_padding, 0);
  const auto axis = [&](int i) {
    const std::int64_t size = images[2 + i];
    check(size > 0, "conv_transpose2d: the images have no elements; they are {}", images);
    check(output_padding[i] < std::max(stride[i], dilation[i]),
        "conv_transpose2d: output_padding must be less than the stride or the dilation; it is {}, the stride "
        "{}, the dilation {}",
        output_padding, stride, dilation);
    checked_numel(op, {2, size, stride[i]});  // so that no sum below overflows
    const std::int64_t result =
        (size - 1) * stride[i] - 2 * padding[i] + dilation[i] * (kernel[i] - 1) + output_padding[i] + 1;
    check(result > 0,
        "conv_transpose2d: the padding leaves nothing of the result; the images are {}, kernel_size {}, "
        "stride {}, padding {}",
        images, kernel, stride, padding);
    return kernels::WindowAxis{result, kernel[i], stride[i], padding[i], dilation[i], size};
  };
  const Windows windows{images[0] * outputs, axis(0), axis(1)};
  checked_numel(op, {images[0], outputs, kernel[0], kernel[1], images[2], images[3]});
  checked_numel(op, {images[0], outputs, windows.h.size, windows.w.size});
  return windows;
}

}  // namespace

Tensor autograd::unfold_windows(const Tensor& images, const Windows& windows, CallSite site) {
  const auto& [planes, h, w] = windows;
  const Tensor from = dense(images);
  Tensor out = new_tensor({images.shape()[0], images.shape()[1], h.kernel * w.kernel, h.windows * w.windows},
      images.dtype(), images.stream());
  kernels::unfold(images.stream(), images.dtype(), windows, out.raw(), from.raw());
  return record("unfold", site, std::move(out), Input(images, [windows](const Tensor& g, const Shape& shape) {
    return fold_windows(g, shape, windows, CallSite::current());
  }));
}

Tensor unfold(const Tensor& x, const Shape& kernel_size, const UnfoldOptions& options, CallSite site) {
  const Call call("unfold", site);
  const Tensor images = as_images("unfold", x);
  const Windows windows = autograd::windows_of("unfold", images.shape(),
      {.kernel_size = kernel_size,
          .stride = options.stride,
          .padding = options.padding,
          .dilation = options.dilation});
  return as_before(flatten(autograd::unfold_windows(images, windows, site), 1, 2), x);
}

Tensor fold(const Tensor& columns, const Shape& output_size, const Shape& kernel_size,
    const UnfoldOptions& options, CallSite site) {
  const Call call("fold", site);
  autograd::check_floating("fold", columns);
  check(columns.dim() == 2 || columns.dim() == 3,
      "fold: the columns must be [N, C KH KW, L] or [C KH KW, L]; they are {}", columns.shape());
  const Tensor batch = columns.dim() == 2 ? unsqueeze(columns, 0) : columns;
  const Shape size = autograd::pair_of("fold", "output_size", output_size, 0),
              kernel = autograd::pair_of("fold", "kernel_size", kernel_size, 1);
  const std::int64_t rows = batch.shape()[1], elements = kernel[0] * kernel[1];
  check(rows % elements == 0, "fold: the {} rows are not a multiple of the {} elements of kernel_size {}",
      rows, elements, kernel);
  const Shape images{batch.shape()[0], rows / elements, size[0], size[1]};
  checked_numel("fold", images);
  const Windows windows = autograd::windows_of("fold", images,
      {.kernel_size = kernel_size,
          .stride = options.stride,
          .padding = options.padding,
          .dilation = options.dilation});
  check(batch.shape()[2] == windows.h.windows * windows.w.windows,
      "fold: an image of {} has {} x {} windows; there are {} columns", size, windows.h.windows,
      windows.w.windows, batch.shape()[2]);
  const Tensor out = fold_windows(batch, images, windows, site);
  return columns.dim() == 2 ? squeeze(out, 0) : out;
}

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvolutionOptions& options,
    CallSite site) {
  const Call call("conv2d", site);
  const Tensor images = as_images("conv2d", x);
  const std::int64_t n = images.shape()[0], channels = images.shape()[1], groups = options.groups;
  check(weight.dim() == 4, "conv2d: the weight must be [O, C / groups, KH, KW]; it is {}", weight.shape());
  const std::int64_t outputs = weight.shape()[0];
  check(groups > 0 && outputs % groups == 0 && channels % groups == 0,
      "conv2d: the groups must divide the channels; there are {} groups, the images are {}, the weight {}",
      groups, images.shape(), weight.shape());
  check(weight.shape()[1] == channels / groups,
      "conv2d: the weight {} needs {} channels with groups = {}; the images {} have {}", weight.shape(),
      weight.shape()[1] * groups, groups, x.shape(), channels);
  check_same_kind("conv2d", images, weight);
  check_bias("conv2d", images, bias, outputs);
  const Windows windows = autograd::windows_of("conv2d", images.shape(),
      {.kernel_size = {weight.shape()[2], weight.shape()[3]},
          .stride = options.stride,
          .padding = options.padding,
          .dilation = options.dilation});
  const auto& [planes, h, w] = windows;
  checked_numel("conv2d", {n, outputs, h.windows, w.windows});
  return as_before(
      with_bias(convolve(images, weight, {n, groups, channels / groups, outputs / groups, h, w}, site), bias),
      x);
}

Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
    const ConvTransposeOptions& options, CallSite site) {
  constexpr const char* op = "conv_transpose2d";
  const Call call(op, site);
  const Tensor images = as_images(op, x);
  const std::int64_t n = images.shape()[0], channels = images.shape()[1], groups = options.groups;
  check(weight.dim() == 4 && weight.shape()[0] == channels,
      "conv_transpose2d: the weight must be [C, O / groups, KH, KW] with C = {}; it is {}", channels,
      weight.shape());
  check(groups > 0 && channels % groups == 0,
      "conv_transpose2d: the groups must divide the channels; there are {} groups, the images are {}", groups,
      images.shape());
  checked_numel(op, {groups, weight.shape()[1]});
  const std::int64_t outputs = groups * weight.shape()[1];
  check_same_kind(op, images, weight);
  check_bias(op, images, bias, outputs);
  const Windows windows =
      transposed_windows(images.shape(), {weight.shape()[2], weight.shape()[3]}, outputs, options);
  const auto& [planes, h, w] = windows;
  const Convolution sizes{n, groups, outputs / groups, channels / groups, h, w};
  return as_before(with_bias(convolve_transposed(images, weight, sizes, site), bias), x);
}

}  // namespace tenon
