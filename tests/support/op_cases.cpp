#include "op_cases.h"

#include <algorithm>
#include <regex>

#include "files.h"

namespace tenon::test {

namespace {

using Tensors = std::vector<Tensor>;
using Arrays = std::vector<Array>;

OpCase unary(const char* name, Domain domain, Tensor (*op)(const Tensor&, CallSite), double (*f)(double)) {
  return {name, "", {{{3, 5}, domain}}, [op](const Tensors& in) { return op(in[0], CallSite::current()); },
      [f](const Arrays& in) { return map(in[0], f); }, true};
}

/// A binary operation in three forms of broadcasting.
void add_binary(std::vector<OpCase>& rows, const char* name, Domain domain,
    Tensor (*op)(const Tensor&, const Tensor&, CallSite), double (*f)(double, double)) {
  const auto call = [op](const Tensors& in) { return op(in[0], in[1], CallSite::current()); };
  const auto ref = [f](const Arrays& in) { return map(in[0], in[1], f); };
  rows.push_back({name, "same shape", {{{4, 3}, domain}, {{4, 3}, domain}}, call, ref, true});
  rows.push_back({name, "row and column", {{{3, 1}, domain}, {{2, 1, 4}, domain}}, call, ref, true});
  rows.push_back({name, "number", {{{}, domain}, {{2, 3}, domain}}, call, ref, true});
}

/// out[i] = in[at(i)]
OpCase moved(const char* name, const char* label, Shape shape, std::function<Tensor(const Tensor&)> op,
    std::vector<std::int64_t> out_shape, std::function<Index(const Index&)> at) {
  return {name, label, {{shape}}, [op](const Tensors& in) { return op(in[0]); },
      [out_shape, at](const Arrays& in) {
        return build(out_shape, [&](const Index& i) { return element(in[0], at(i)); });
      }};
}

void add_elementwise(std::vector<OpCase>& rows) {
  add_binary(rows, "add", Domain::real, &add, [](double a, double b) { return a + b; });
  add_binary(rows, "sub", Domain::real, &sub, [](double a, double b) { return a - b; });
  add_binary(rows, "mul", Domain::real, &mul, [](double a, double b) { return a * b; });
  add_binary(rows, "div", Domain::positive, &div, [](double a, double b) { return a / b; });
  add_binary(rows, "pow", Domain::positive, &pow, [](double a, double b) { return std::pow(a, b); });
  add_binary(rows, "maximum", Domain::apart, &maximum, [](double a, double b) { return std::max(a, b); });
  add_binary(rows, "minimum", Domain::apart, &minimum, [](double a, double b) { return std::min(a, b); });

  const auto scalar = [&](const char* name, const char* label, Domain domain,
                          std::function<Tensor(const Tensor&)> op, std::function<double(double)> f) {
    rows.push_back({name, label, {{{3, 4}, domain}}, [op](const Tensors& in) { return op(in[0]); },
        [f](const Arrays& in) { return map(in[0], f); }, true});
  };
  scalar(
      "add", "x + 1.5", Domain::real, [](const Tensor& x) { return x + 1.5; },
      [](double x) { return x + 1.5; });
  scalar(
      "sub", "x - 1.5", Domain::real, [](const Tensor& x) { return x - 1.5; },
      [](double x) { return x - 1.5; });
  scalar(
      "sub", "1.5 - x", Domain::real, [](const Tensor& x) { return 1.5 - x; },
      [](double x) { return 1.5 - x; });
  scalar(
      "mul", "-2.5 x", Domain::real, [](const Tensor& x) { return -2.5 * x; },
      [](double x) { return -2.5 * x; });
  scalar(
      "div", "x / 4", Domain::real, [](const Tensor& x) { return x / 4; }, [](double x) { return x / 4; });
  scalar(
      "div", "3 / x", Domain::positive, [](const Tensor& x) { return 3 / x; },
      [](double x) { return 3 / x; });
  for (const double p : {1.0, 2.0, 3.0, 0.5, -1.0, 1.7})
    rows.push_back({"pow", "x^" + std::to_string(p), {{{2, 3}, Domain::positive}},
        [p](const Tensors& in) { return pow(in[0], p); },
        [p](const Arrays& in) { return map(in[0], [p](double x) { return std::pow(x, p); }); }, true});
  rows.push_back({"pow", "x^0", {{{2, 3}}}, [](const Tensors& in) { return pow(in[0], 0); },
      [](const Arrays& in) { return map(in[0], [](double) { return 1.0; }); }, false});

  rows.push_back(unary("neg", Domain::real, &neg, [](double x) { return -x; }));
  rows.push_back(unary("abs", Domain::apart, &abs, [](double x) { return std::fabs(x); }));
  rows.push_back(unary("exp", Domain::real, &exp, [](double x) { return std::exp(x); }));
  rows.push_back(unary("log", Domain::positive, &log, [](double x) { return std::log(x); }));
  rows.push_back(unary("sqrt", Domain::positive, &sqrt, [](double x) { return std::sqrt(x); }));
  rows.push_back(unary("sin", Domain::real, &sin, [](double x) { return std::sin(x); }));
  rows.push_back(unary("cos", Domain::real, &cos, [](double x) { return std::cos(x); }));
  rows.push_back(unary("tanh", Domain::real, &tanh, [](double x) { return std::tanh(x); }));
  rows.push_back(unary("sigmoid", Domain::real, &sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }));
  rows.push_back(unary("relu", Domain::apart, &relu, [](double x) { return x > 0 ? x : 0; }));
  scalar(
      "clamp", "", Domain::apart, [](const Tensor& x) { return clamp(x, -0.505, 0.755); },
      [](double x) { return std::min(std::max(x, -0.505), 0.755); });

  const Tensor condition = tensor({{1, 0, 1}, {0, 0, 1}}, {.dtype = DType::boolean});
  const auto chosen = [](bool yes, const Index& i) {
    return (i[i.size() - 2] == 0 ? i.back() != 1 : i.back() == 2) == yes;
  };
  rows.push_back({"where", "tensors", {{{2, 3}}, {{3}}},
      [condition](const Tensors& in) { return where(condition.to(in[0].device()), in[0], in[1]); },
      [chosen](const Arrays& in) {
        return build(
            {2, 3}, [&](const Index& i) { return broadcast_element(in[chosen(true, i) ? 0 : 1], i); });
      }});
  rows.push_back({"where", "number second", {{{2, 3}}},
      [condition](const Tensors& in) { return where(condition.to(in[0].device()), in[0], 0.25); },
      [chosen](const Arrays& in) {
        return build({2, 3}, [&](const Index& i) { return chosen(true, i) ? element(in[0], i) : 0.25; });
      }});
  rows.push_back({"where", "number first", {{{3}}},
      [condition](const Tensors& in) { return where(condition.to(in[0].device()), 0.25, in[0]); },
      [chosen](const Arrays& in) {
        return build(
            {2, 3}, [&](const Index& i) { return chosen(true, i) ? 0.25 : broadcast_element(in[0], i); });
      }});
}

void add_matrices(std::vector<OpCase>& rows) {
  const auto call = [](const Tensors& in) { return matmul(in[0], in[1]); };
  const auto ref = [](const Arrays& in) { return matmul(in[0], in[1]); };
  rows.push_back({"matmul", "wide", {{{3, 5}}, {{5, 4}}}, call, ref});
  rows.push_back({"matmul", "one column", {{{3, 19}}, {{19, 1}}}, call, ref});
  rows.push_back({"matmul", "one row", {{{1, 3}}, {{3, 18}}}, call, ref});
  rows.push_back({"linear", "with bias", {{{4, 5}}, {{3, 5}}, {{3}}},
      [](const Tensors& in) { return linear(in[0], in[1], in[2]); },
      [](const Arrays& in) {
        return map(matmul(in[0], transposed(in[1])), in[2], [](double a, double b) { return a + b; });
      }});
  rows.push_back({"linear", "one output", {{{5, 20}}, {{1, 20}}, {{1}}},
      [](const Tensors& in) { return linear(in[0], in[1], in[2]); },
      [](const Arrays& in) {
        return map(matmul(in[0], transposed(in[1])), in[2], [](double a, double b) { return a + b; });
      }});
  rows.push_back(
      {"linear", "without bias", {{{4, 5}}, {{3, 5}}}, [](const Tensors& in) { return linear(in[0], in[1]); },
          [](const Arrays& in) { return matmul(in[0], transposed(in[1])); }});
}

void add_reductions(std::vector<OpCase>& rows) {
  const auto reduction = [&](const char* name, const char* label, Shape shape,
                             std::function<Tensor(const Tensor&)> op, std::vector<std::int64_t> dims,
                             bool keepdim, double divisor) {
    rows.push_back({name, label, {{shape}}, [op](const Tensors& in) { return op(in[0]); },
        [=](const Arrays& in) {
          return map(sum(in[0], dims, keepdim), [divisor](double x) { return x / divisor; });
        },
        true});
  };
  reduction(
      "sum", "all", {3, 4}, [](const Tensor& x) { return sum(x); }, {}, false, 1);
  reduction(
      "sum", "number", {}, [](const Tensor& x) { return sum(x); }, {}, false, 1);
  reduction(
      "sum", "rows", {3, 4}, [](const Tensor& x) { return sum(x, {0}); }, {0}, false, 1);
  reduction(
      "sum", "two dimensions", {2, 3, 4},
      [](const Tensor& x) {
        return sum(x, {0, -1}, true);
      },
      {0, 2}, true, 1);
  reduction(
      "sum", "over a chunk", {3, 1100}, [](const Tensor& x) { return sum(x, {1}); }, {1}, false, 1);
  reduction(
      "mean", "all", {3, 4}, [](const Tensor& x) { return mean(x); }, {}, false, 12);
  reduction(
      "mean", "columns", {3, 4}, [](const Tensor& x) { return mean(x, {1}); }, {1}, false, 4);
  reduction(
      "mean", "two dimensions", {2, 3, 4},
      [](const Tensor& x) {
        return mean(x, {1, 2}, true);
      },
      {1, 2}, true, 12);

  const auto loss = [&](const char* name, Domain domain,
                        Tensor (*op)(const Tensor&, const Tensor&, Reduction, CallSite),
                        double (*f)(double, double)) {
    for (const Reduction kind : {Reduction::none, Reduction::mean, Reduction::sum})
      rows.push_back({name,
          kind == Reduction::none   ? "none"
          : kind == Reduction::mean ? "mean"
                                    : "sum",
          {{{5, 3}, domain}, {{5, 3}, domain}},
          [op, kind](const Tensors& in) { return op(in[0], in[1], kind, CallSite::current()); },
          [f, kind](const Arrays& in) {
            const Array each = map(in[0], in[1], f);
            if (kind == Reduction::none) return each;
            return map(
                sum(each, {}, false), [kind](double x) { return kind == Reduction::mean ? x / 15 : x; });
          },
          true});
  };
  loss("mse_loss", Domain::real, &mse_loss, [](double a, double b) { return (a - b) * (a - b); });
  loss("l1_loss", Domain::apart, &l1_loss, [](double a, double b) { return std::fabs(a - b); });
}

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
      "clone", "", {2, 3}, [](const Tensor& x) { return clone(x); }, {2, 3}, [](I i) { return i; }));
  rows.push_back(moved(
      "contiguous", "", {2, 3}, [](const Tensor& x) { return contiguous(t(x)); }, {3, 2},
      [](I i) {
        return Index{i[1], i[0]};
      }));
  rows.push_back(moved(
      "to", "and back", {2, 3}, [](const Tensor& x) { return to(to(x, DType::float64), x.dtype()) * 1; },
      {2, 3}, [](I i) { return i; }));
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

}  // namespace

const std::vector<OpCase>& op_cases() {
  static const std::vector<OpCase> rows = [] {
    std::vector<OpCase> all;
    add_elementwise(all);
    add_matrices(all);
    add_reductions(all);
    add_views(all);
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
      // The first input is used again, so that the gradient passes by the write as well as through it.
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

std::set<std::string> all_matches(const std::string& text, const char* expression) {
  std::set<std::string> found;
  const std::regex pattern(expression);
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at)
    found.insert((*at)[1]);
  return found;
}

}  // namespace

std::set<std::string> declared_operations() {
  std::set<std::string> declared;
  for (const std::string& header :
      all_matches(read_file(TENON_SOURCE_DIR "/autograd/ops.h"), "#include <tenon/(autograd/ops/.*)>"))
    declared.merge(
        all_matches(read_file(TENON_SOURCE_DIR "/" + header), R"(TENON_API (?:Tensor|bool) (\w+)\()"));
  return declared;
}

std::vector<Tensor> make_inputs(const OpCase& row, DType dtype) {
  Generator generator(std::hash<std::string>{}(row.name + row.label));
  std::vector<Tensor> out;
  for (std::size_t i = 0; i < row.inputs.size(); ++i) {
    const auto& [shape, domain] = row.inputs[i];
    const Options options{.dtype = DType::float64};
    Tensor x = domain == Domain::positive ? rand(shape, generator, options) * 1.5 + 0.5
                                          : randn(shape, generator, options);
    if (domain == Domain::apart) {
      // Distinct multiples of 0.02 around 0, offset by the input: neither a tie nor a kink is within 0.005.
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
