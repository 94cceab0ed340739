#include <tenon/autograd/ops/windows.h>

#include <tenon/autograd/ops/common.h>

namespace tenon::autograd {

Tensor as_images(const char* op, const Tensor& x) {
  check_floating(op, x);
  check(x.dim() == 3 || x.dim() == 4, "{}: the images must be [N, C, H, W] or [C, H, W]; they are {}", op,
      x.shape());
  return x.dim() == 3 ? unsqueeze(x, 0) : x;
}

Tensor as_before(const Tensor& out, const Tensor& x) { return x.dim() == 3 ? squeeze(out, 0) : out; }

Shape pair_of(const char* op, const char* name, const Shape& given, std::int64_t least) {
  constexpr std::int64_t most = 0x7fffffff;  // so that no product overflows
  check(
      given.rank() == 1 || given.rank() == 2, "{}: {} must be one number or two; it is {}", op, name, given);
  for (const std::int64_t size : given)
    check(
        size >= least && size <= most, "{}: {} must be in [{}, {}]; it is {}", op, name, least, most, given);
  return {given[0], given[given.rank() - 1]};
}

kernels::Windows windows_of(const char* op, const Shape& images, const Sliding& sliding) {
  const Shape kernel = pair_of(op, "kernel_size", sliding.kernel_size, 1),
              stride = pair_of(op, "stride", sliding.stride, 1),
              padding = pair_of(op, "padding", sliding.padding, 0),
              dilation = pair_of(op, "dilation", sliding.dilation, 1);
  const auto axis = [&](int i) {
    kernels::WindowAxis along{images[2 + i], kernel[i], stride[i], padding[i], dilation[i], 0};
    // What is left beside the first window, which in ceil_mode may itself end beyond the padding.
    const std::int64_t free = along.size + 2 * along.padding - along.dilation * (along.kernel - 1) - 1 +
                              (sliding.ceil_mode ? along.stride - 1 : 0);
    along.windows = free < 0 ? 0 : free / along.stride + 1;
    // But each must begin before it.
    if (sliding.ceil_mode && (along.windows - 1) * along.stride >= along.size + along.padding)
      --along.windows;
    check(along.windows > 0,
        "{}: the kernel is larger than the padded image; kernel_size is {}, dilation {}, padding {}, the "
        "images {}",
        op, kernel, dilation, padding, images);
    return along;
  };
  const kernels::Windows windows{images[0] * images[1], axis(0), axis(1)};
  checked_numel(op, {images[0], images[1], kernel[0], kernel[1], windows.h.windows, windows.w.windows});
  return windows;
}

}  // namespace tenon::autograd
