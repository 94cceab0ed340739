// softmax and its logarithm along the last dimension, and the losses made of them.
#include "../case.h"

using namespace tenon;

namespace bench {
namespace {

const std::vector<Size> scores{{64, 10}, {128, 1000}, {512, 6282}, {32, 4, 64, 64}};

template <class Function>
Case along_rows(const std::string& name, Function f) {
  return {.name = "softmax/" + name,
      .sizes = scores,
      .inputs = normals(1),
      .make = function([f](const Tensors& in) { return f(in[0]); }),
      .cuda_sizes = {{16384, 1000}, {512, 6282}}};
}

/// The gradient, of which the forward pass is not timed.
template <class Function>
Case gradient(const std::string& name, Function f) {
  Case made = along_rows(name + "_gradient", f);
  made.inputs = normals(2);
  made.make = gradient_of([f](const Tensors& in) { return f(in[0]); });
  return made;
}

Case cross_entropy_of(const std::string& name, Make make) {
  return {.name = "loss/" + name,
      .sizes = {{64, 10}, {128, 1000}, {512, 6282}},
      .inputs =
          [](const Size& size) {
            return Tensors{randn(Shape(size)), randint(0, size[1], Shape{size[0]})};
          },
      .make = std::move(make),
      .cuda_sizes = {{16384, 1000}, {512, 6282}}};
}

template <class Function>
Case binary_loss(const std::string& name, Function f) {
  return {.name = "loss/" + name,
      .sizes = {{1000}, {100'000}},
      .inputs = uniforms(2),
      .make = function([f](const Tensors& in) { return f(in[0], in[1]); })};
}

}  // namespace

std::vector<Case> softmax_cases() {
  const auto soft = [](const Tensor& x) { return softmax(x, -1); };
  const auto log_soft = [](const Tensor& x) { return log_softmax(x, -1); };
  return {
      along_rows("softmax", soft),
      gradient("softmax", soft),
      along_rows("log_softmax", log_soft),
      gradient("log_softmax", log_soft),
      cross_entropy_of(
          "cross_entropy", function([](const Tensors& in) { return cross_entropy(in[0], in[1]); })),
      cross_entropy_of("cross_entropy_with_gradient", work([](const Tensors& in) {
        return [x = in[0].detach().set_requires_grad(), &classes = in[1]]() mutable {
          x.zero_grad();
          cross_entropy(x, classes).backward();
          return x.grad();
        };
      })),
      binary_loss("binary_cross_entropy",
          [](const Tensor& x, const Tensor& t) { return binary_cross_entropy(x, t); }),
      binary_loss("binary_cross_entropy_with_logits",
          [](const Tensor& x, const Tensor& t) { return binary_cross_entropy_with_logits(x, t); }),
  };
}

}  // namespace bench
