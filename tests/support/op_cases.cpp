#include "support/op_cases.h"

#include <regex>

#include "support/files.h"
#include "support/op_case_rows.h"

namespace tenon::test {

OpCase unary(const char* name, Domain domain, Tensor (*op)(const Tensor&, CallSite), double (*f)(double)) {
  return {name, "", {{{3, 5}, domain}}, [op](const Tensors& in) { return op(in[0], CallSite::current()); },
      [f](const Arrays& in) { return map(in[0], f); }, true};
}

OpCase scalar(const char* name, const char* label, Domain domain, std::function<Tensor(const Tensor&)> op,
    std::function<double(double)> f) {
  return {name, label, {{{3, 4}, domain}}, [op](const Tensors& in) { return op(in[0]); },
      [f](const Arrays& in) { return map(in[0], f); }, true};
}

OpCase moved(const char* name, const char* label, Shape shape, std::function<Tensor(const Tensor&)> op,
    std::vector<std::int64_t> out_shape, std::function<Index(const Index&)> at) {
  return {name, label, {{shape}}, [op](const Tensors& in) { return op(in[0]); },
      [out_shape, at](const Arrays& in) {
        return build(out_shape, [&](const Index& i) { return element(in[0], at(i)); });
      }};
}

const std::vector<OpCase>& op_cases() {
  static const std::vector<OpCase> rows = [] {
    std::vector<OpCase> all;
    add_activations(all);
    add_arithmetic(all);
    add_elementwise(all);
    add_linalg(all);
    add_reductions(all);
    add_views(all);
    add_rearranged(all);
    add_indices(all);
    add_classification(all);
    add_normalization(all);
    add_attention(all);
    add_windows(all);
    return all;
  }();
  return rows;
}

const std::vector<OpCase>& in_place_cases() {
  static const std::vector<OpCase> rows = [] {
    std::vector<OpCase> all;
    const auto add_row = [&all](const char* name, const char* label, std::size_t inputs,
                             std::function<void(Tensor&, const Tensors&)> write) {
      std::vector<InputSpec> specs{{{2, 2}, Domain::positive}, {{2}, Domain::positive}};
      specs.resize(inputs);
      // The first input is used again, so that its gradient comes both from around the write and through it.
      all.push_back({name, label, specs,
          [write](const Tensors& in) {
            Tensor y = in[0] * 2;
            write(y, in);
            return y * in[0];
          },
          {}});
    };
    add_row("add_", "", 2, [](Tensor& y, const Tensors& in) { y.add_(in[1]); });
    add_row("sub_", "", 2, [](Tensor& y, const Tensors& in) { y.sub_(in[1]); });
    add_row("mul_", "", 2, [](Tensor& y, const Tensors& in) { y.mul_(in[1]); });
    add_row("div_", "", 2, [](Tensor& y, const Tensors& in) { y.div_(in[1]); });
    add_row("copy_", "", 2, [](Tensor& y, const Tensors& in) { y.copy_(in[1]); });
    add_row("add_", "number", 1, [](Tensor& y, const Tensors&) { y.add_(3); });
    add_row("sub_", "number", 1, [](Tensor& y, const Tensors&) { y.sub_(3); });
    add_row("mul_", "number", 1, [](Tensor& y, const Tensors&) { y.mul_(3); });
    add_row("div_", "number", 1, [](Tensor& y, const Tensors&) { y.div_(3); });
    add_row("fill_", "", 1, [](Tensor& y, const Tensors&) { y.fill_(3); });
    add_row("abs_", "", 1, [](Tensor& y, const Tensors&) { y.abs_(); });
    add_row("neg_", "", 1, [](Tensor& y, const Tensors&) { y.neg_(); });
    add_row("exp_", "", 1, [](Tensor& y, const Tensors&) { y.exp_(); });
    add_row("log_", "", 1, [](Tensor& y, const Tensors&) { y.log_(); });
    add_row("sqrt_", "", 1, [](Tensor& y, const Tensors&) { y.sqrt_(); });
    add_row("sin_", "", 1, [](Tensor& y, const Tensors&) { y.sin_(); });
    add_row("cos_", "", 1, [](Tensor& y, const Tensors&) { y.cos_(); });
    add_row("tanh_", "", 1, [](Tensor& y, const Tensors&) { y.tanh_(); });
    add_row("sigmoid_", "", 1, [](Tensor& y, const Tensors&) { y.sigmoid_(); });
    add_row("relu_", "", 1, [](Tensor& y, const Tensors&) { y.relu_(); });
    add_row("clamp_", "", 1, [](Tensor& y, const Tensors&) { y.clamp_(0, 2.5); });
    const auto second = [](const Tensor& y) {
      return tensor({1}, {.dtype = DType::int64, .device = y.device()});
    };
    add_row("index_add_", "", 2,
        [second](Tensor& y, const Tensors& in) { y.index_add_(0, second(y), in[1].unsqueeze(0), 2); });
    add_row("scatter_", "", 2, [second](Tensor& y, const Tensors& in) {
      y.scatter_(1, second(y).expand({2, 1}), in[1].unsqueeze(1));
    });
    add_row("scatter_", "number", 1,
        [second](Tensor& y, const Tensors&) { y.scatter_(0, second(y).unsqueeze(0), 3); });
    add_row("scatter_add_", "", 2, [second](Tensor& y, const Tensors& in) {
      y.scatter_add_(1, second(y).expand({2, 1}), in[1].unsqueeze(1));
    });
    add_row(
        "index_put_", "", 2, [second](Tensor& y, const Tensors& in) { y.index_put_({second(y)}, in[1]); });
    add_row("index_put_", "number", 1, [](Tensor& y, const Tensors&) { y.index_put_({0, 1}, 3); });
    add_row("mul_", "itself", 1, [](Tensor& y, const Tensors&) { y.mul_(y); });
    add_row("add_", "onto a constant", 1, [](Tensor& y, const Tensors& in) {
      y = zeros({2, 2}, y.options());
      y.add_(in[0]).mul_(in[0]);
    });
    return all;
  }();
  return rows;
}

namespace {

std::set<std::string> all_matches(const std::string& text, const std::string& expression) {
  std::set<std::string> found;
  const std::regex pattern(expression);
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at)
    found.insert((*at)[1]);
  return found;
}

/// The functions that the headers of ops.h declare, with these parameters.
std::set<std::string> declared_with(const std::string& parameters) {
  std::set<std::string> declared;
  for (const std::string& header :
      all_matches(read_file(TENON_SOURCE_DIR "/autograd/ops.h"), "#include <tenon/(autograd/ops/.*)>"))
    declared.merge(all_matches(read_file(TENON_SOURCE_DIR "/" + header),
        R"(TENON_API (?:Tensor|bool|std::vector<Tensor>|std::pair<Tensor, Tensor>|ValuesAndIndices|UniqueValues) (\w+)\()" +
            parameters));
  return declared;
}

}  // namespace

std::set<std::string> declared_operations() { return declared_with(""); }
std::set<std::string> operations_of_one_tensor() { return declared_with(R"(\s*const Tensor& )"); }

std::vector<Tensor> make_inputs(const OpCase& row, DType dtype) {
  Generator generator(std::hash<std::string>{}(row.name + row.label));
  std::vector<Tensor> out;
  for (std::size_t i = 0; i < row.inputs.size(); ++i) {
    const auto& [shape, domain] = row.inputs[i];
    const Options options{.dtype = DType::float64};
    Tensor x = domain == Domain::positive ? rand(shape, generator, options) * 1.5 + 0.5
                                          : randn(shape, generator, options);
    if (domain == Domain::apart) {
      // Distinct values around 0 in steps of 0.1, offset by 0.03 per input: no tie or kink is within 0.005.
      const Tensor order = randperm(x.numel(), generator).to(DType::float64);
      x = reshape(
          (order - static_cast<double>(x.numel() / 2)) * 0.1 + 0.02 + 0.01 * static_cast<double>(i) * 3,
          shape);
    }
    out.push_back(x.to(dtype));
  }
  return out;
}

}  // namespace tenon::test
