// One result per element: memory is the limit, or the evaluation of a function.
#include "../case.h"

using namespace tenon;

namespace bench {
namespace {

constexpr std::int64_t mi = 1 << 20;
const std::vector<Size> vectors{{1000}, {100'000}, {10'000'000}}, on_cuda{{mi}, {16 * mi}};

template <class Function>
Case one_operand(const std::string& name, Function f, DType dtype = DType::float32) {
  return {.name = "elementwise/" + name,
      .sizes = vectors,
      .inputs = normals(1, dtype),
      .make = function([f](const Tensors& in) { return f(in[0]); }),
      .cuda_sizes = on_cuda};
}

template <class Function>
Case two_operands(const std::string& name, Function f, DType dtype = DType::float32) {
  return {.name = "elementwise/" + name,
      .sizes = vectors,
      .inputs = normals(2, dtype),
      .make = function([f](const Tensors& in) { return f(in[0], in[1]); }),
      .cuda_sizes = on_cuda};
}

/// For functions of positive numbers.
template <class Function>
Case of_positive(const std::string& name, Function f, DType dtype = DType::float32) {
  Case made = one_operand(name, f, dtype);
  made.inputs = [dtype](const Size& size) { return Tensors{rand(Shape(size), {.dtype = dtype}) + 0.1}; };
  return made;
}

/// The gradient of a function whose forward pass is not timed.
template <class Function>
Case gradient(const std::string& name, Function f) {
  Case made = one_operand(name + "_gradient", f);
  made.inputs = normals(2);
  made.make = gradient_of([f](const Tensors& in) { return f(in[0]); });
  return made;
}

Case broadcast(const std::string& name, bool rows) {
  return {.name = "elementwise/" + name,
      .sizes = {{300, 300}, {3000, 3000}},
      .inputs =
          [rows](const Size& size) {
            return Tensors{randn(Shape(size)), randn(rows ? Shape{size[1]} : Shape{size[0], 1})};
          },
      .make = function([](const Tensors& in) { return in[0] + in[1]; })};
}

}  // namespace

std::vector<Case> elementwise_cases() {
  Case select = two_operands("where", [](const Tensor& a, const Tensor& b) { return where(a > 0, a, b); });
  select.inputs = [](const Size& size) {
    return Tensors{randn(Shape(size)) > 0, randn(Shape(size)), randn(Shape(size))};
  };
  select.make = function([](const Tensors& in) { return where(in[0], in[1], in[2]); });
  Case select_number = select;
  select_number.name += "_number";
  select_number.inputs = [](const Size& size) { return Tensors{randn(Shape(size)) > 0, randn(Shape(size))}; };
  select_number.make = function([](const Tensors& in) { return where(in[0], in[1], 0.5); });
  Case in_place = two_operands("add_in_place", [](const Tensor& a, const Tensor& b) { return a + b; });
  in_place.make =
      work([](const Tensors& in) { return [x = in[0].clone(), &y = in[1]] { return Tensor(x.add_(y)); }; });
  in_place.traffic = [](const Size& size) {
    const auto n = static_cast<double>(size[0]);
    return Traffic{8 * n, 4 * n, true};
  };

  Case quotient = two_operands("divide", [](const Tensor& a, const Tensor& b) { return a / b; });
  quotient.inputs = [](const Size& size) { return Tensors{randn(Shape(size)), rand(Shape(size)) + 0.1}; };

  constexpr DType f64 = DType::float64;
  return {
      two_operands("add", [](const Tensor& a, const Tensor& b) { return a + b; }),
      two_operands("multiply", [](const Tensor& a, const Tensor& b) { return a * b; }),
      quotient,
      two_operands("maximum", [](const Tensor& a, const Tensor& b) { return maximum(a, b); }),
      two_operands("greater", [](const Tensor& a, const Tensor& b) { return a > b; }),
      two_operands(
          "add_float64", [](const Tensor& a, const Tensor& b) { return a + b; }, f64),
      in_place,
      select,
      select_number,
      one_operand("add_number", [](const Tensor& x) { return x + 2.0; }),
      one_operand("relu", [](const Tensor& x) { return relu(x); }),
      one_operand("clamp", [](const Tensor& x) { return clamp(x, -0.5, 0.5); }),
      one_operand("exp", [](const Tensor& x) { return exp(x); }),
      one_operand("tanh", [](const Tensor& x) { return tanh(x); }),
      one_operand("sigmoid", [](const Tensor& x) { return sigmoid(x); }),
      one_operand("sin", [](const Tensor& x) { return sin(x); }),
      of_positive("log", [](const Tensor& x) { return log(x); }),
      of_positive("sqrt", [](const Tensor& x) { return sqrt(x); }),
      of_positive("pow", [](const Tensor& x) { return pow(x, 2.5); }),
      one_operand(
          "exp_float64", [](const Tensor& x) { return exp(x); }, f64),
      one_operand(
          "tanh_float64", [](const Tensor& x) { return tanh(x); }, f64),
      one_operand(
          "sin_float64", [](const Tensor& x) { return sin(x); }, f64),
      of_positive(
          "log_float64", [](const Tensor& x) { return log(x); }, f64),
      of_positive(
          "pow_float64", [](const Tensor& x) { return pow(x, 2.5); }, f64),
      broadcast("add_row", true),
      broadcast("add_column", false),
      gradient("relu", [](const Tensor& x) { return relu(x); }),
      gradient("tanh", [](const Tensor& x) { return tanh(x); }),
  };
}

}  // namespace bench
