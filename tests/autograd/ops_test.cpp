// Properties of every operation, over the table of op_cases.h.
#include "../support/catch.h"

#include <cmath>
#include <limits>
#include <set>

#include "../support/op_cases.h"
#include "../support/tensors.h"

using namespace tenon;
using test::leaves;
using test::make_inputs;
using test::op_cases;
using test::OpCase;
using test::upstream;

namespace {

std::vector<test::Array> arrays(const std::vector<Tensor>& tensors) {
  std::vector<test::Array> out;
  for (const Tensor& tensor : tensors) out.push_back(test::from_tensor(tensor));
  return out;
}

}  // namespace

TEST_CASE("ops: the result matches the double reference", "[ops]") {
  for (const OpCase& row : op_cases()) {
    for (const DType dtype : {DType::float32, DType::float64}) {
      INFO(row.name << " " << row.label << " " << dtype);
      const auto inputs = make_inputs(row, dtype);
      const Tensor found = row.call(inputs);
      const test::Array expected = row.reference(arrays(inputs));
      REQUIRE(std::vector<std::int64_t>(found.shape().begin(), found.shape().end()) == expected.shape);
      const test::Array values = test::from_tensor(found);
      const double tolerance = dtype == DType::float32 ? 2e-6 : 1e-13;
      for (std::size_t i = 0; i < expected.values.size(); ++i) {
        INFO("element " << i << ": " << values.values[i] << ", expected " << expected.values[i]);
        REQUIRE(std::abs(values.values[i] - expected.values[i]) <=
                tolerance * (1 + std::abs(expected.values[i])) * (row.name == "sum" ? 20 : 1));
      }
    }
  }
}

TEST_CASE("ops: strides change neither result nor gradient by a bit", "[ops]") {
  for (const OpCase& row : op_cases()) {
    for (const DType dtype : {DType::float32, DType::float64}) {
      const auto inputs = make_inputs(row, dtype);
      const auto plain = leaves(inputs);
      const Tensor expected = row.call(plain);
      expected.backward(upstream(expected));
      for (const test::Layout layout : {test::Layout::transposed, test::Layout::sliced}) {
        INFO(row.name << " " << row.label << " " << dtype << " layout " << static_cast<int>(layout));
        const auto strided = leaves(inputs, layout);
        const Tensor found = row.call(strided);
        REQUIRE(bitwise_equal(found, expected));
        found.backward(upstream(found));
        for (std::size_t i = 0; i < inputs.size(); ++i)
          REQUIRE(bitwise_equal(strided[i].grad(), plain[i].grad()));
      }
    }
  }
}

TEST_CASE("ops: gradients agree with finite differences", "[ops][gradcheck][one_thread]") {
  for (const OpCase& row : op_cases()) {
    INFO(row.name << " " << row.label);
    REQUIRE(autograd::gradcheck(row.call, make_inputs(row, DType::float64)));
  }
}

TEST_CASE("ops: gradients of gradients agree with finite differences", "[ops][gradcheck][one_thread]") {
  for (const OpCase& row : op_cases()) {
    INFO(row.name << " " << row.label);
    REQUIRE(autograd::gradgradcheck(
        row.call, make_inputs(row, DType::float64), {.eps = 1e-5, .atol = 1e-4, .rtol = 1e-3}));
  }
}

TEST_CASE("ops: the same tensor may be every operand", "[ops]") {
  for (const OpCase& row : op_cases()) {
    bool alike = row.inputs.size() > 1;
    for (const auto& input : row.inputs) alike &= input.shape == row.inputs[0].shape;
    if (!alike || row.inputs[0].domain == test::Domain::apart) continue;
    INFO(row.name << " " << row.label);
    const std::size_t count = row.inputs.size();
    const auto twice = [&](const std::vector<Tensor>& in) {
      return row.call(std::vector<Tensor>(count, in[0]));
    };
    REQUIRE(autograd::gradcheck(twice, {make_inputs(row, DType::float64)[0]}));
  }
}

TEST_CASE("ops: NaN propagates", "[ops]") {
  for (const OpCase& row : op_cases()) {
    if (!row.elementwise) continue;
    for (std::size_t which = 0; which < row.inputs.size(); ++which) {
      INFO(row.name << " " << row.label << " input " << which);
      auto inputs = make_inputs(row, DType::float32);
      inputs[which].mutable_data<float>()[0] = std::numeric_limits<float>::quiet_NaN();
      const Tensor out = row.call(inputs);
      REQUIRE((out != out).sum().item<std::int64_t>() >= 1);
    }
  }
}

TEST_CASE("ops: nothing is recorded unless needed, and inputs stay unchanged", "[ops]") {
  for (const OpCase& row : op_cases()) {
    INFO(row.name << " " << row.label);
    const auto inputs = make_inputs(row, DType::float32);
    REQUIRE_FALSE(row.call(inputs).requires_grad());
    const auto watched = leaves(inputs);
    std::vector<Tensor> copies;
    std::vector<std::uint32_t> versions;
    for (const Tensor& input : watched) {
      copies.push_back(input.detach().clone());
      versions.push_back(input.version());
    }
    {
      const NoGradGuard no_grad;
      if (row.name != "contiguous" && row.name != "t") REQUIRE_FALSE(row.call(watched).requires_grad());
    }
    const Tensor out = row.call(watched);
    REQUIRE(out.requires_grad());
    REQUIRE_FALSE(out.is_leaf());
    out.backward(upstream(out));
    for (std::size_t i = 0; i < watched.size(); ++i) {
      REQUIRE(bitwise_equal(watched[i], copies[i]));
      REQUIRE(watched[i].version() == versions[i]);
    }
  }
}

TEST_CASE("ops: gradients are computed only for the inputs that need one", "[ops]") {
  for (const OpCase& row : op_cases()) {
    for (std::size_t which = 0; which < row.inputs.size(); ++which) {
      INFO(row.name << " " << row.label << " input " << which);
      auto some = make_inputs(row, DType::float64);
      const auto all = leaves(some);
      some[which].set_requires_grad();
      const Tensor out = row.call(some);
      out.backward(upstream(out));
      const Tensor expected = row.call(all);
      expected.backward(upstream(expected));
      for (std::size_t i = 0; i < some.size(); ++i) {
        if (i == which) REQUIRE(bitwise_equal(some[i].grad(), all[i].grad()));
        else REQUIRE_FALSE(some[i].grad().defined());
      }
    }
  }
}

TEST_CASE("ops: tensors without elements work", "[ops]") {
  const Tensor none = empty({0, 3}, {.requires_grad = true});
  const auto check_empty = [&](const char* name, const Tensor& out, Shape shape) {
    INFO(name);
    REQUIRE(out.shape() == shape);
    none.zero_grad();
    out.backward(ones(shape));
    REQUIRE(none.grad().shape() == Shape{0, 3});
  };
  check_empty("add", none + none, {0, 3});
  check_empty("mul", none * 2, {0, 3});
  check_empty("exp", exp(none), {0, 3});
  check_empty("t", t(none) + 0, {3, 0});
  check_empty("sum", sum(none), {});
  check_empty("sum rows", sum(none, {0}), {3});
  check_empty("sum columns", sum(none, {1}), {0});
  check_empty("prod", prod(none), {});
  check_empty("prod rows", prod(none, {0}), {3});
  check_empty("amax columns", amax(none, {1}), {0});
  check_empty("max columns", tenon::max(none, 1).values, {0});
  check_empty("var columns", var(none, {1}), {0});
  check_empty("cumsum", cumsum(none, 0), {0, 3});
  check_empty("sort", tenon::sort(none, 0).values, {0, 3});
  check_empty("topk", topk(none, 2).values, {0, 2});
  check_empty("median", median(none, 1).values, {0});
  check_empty("norm", norm(none), {});
  check_empty("norm columns", norm(none, 3, {1}, true), {0, 1});
  check_empty("matmul", matmul(none, ones({3, 2})), {0, 2});
  check_empty("matmul inner", matmul(t(none), ones({0, 2})), {3, 2});
  check_empty("matmul of batches", matmul(ones({2, 5, 0}), none), {2, 5, 3});
  check_empty("matmul without batches", matmul(ones({0, 5, 3}), none.t()), {0, 5, 0});
  check_empty("matmul with a vector", matmul(none, ones({3})), {0});
  check_empty("linear of batches", linear(ones({2, 0, 3}), none, empty({0})), {2, 0, 0});
  check_empty("cat", cat({none, none}), {0, 3});
  check_empty("cat with some", cat({none, ones({2, 3})}), {2, 3});
  check_empty("reshape", reshape(none, {3, 0, 5}), {3, 0, 5});
  check_empty("narrow", narrow(none, 1, 1, 2), {0, 2});
  check_empty("index_select", index_select(none, 1, tensor({0, 2}, {.dtype = DType::int64})), {0, 2});
  check_empty("gather", gather(none, 1, zeros({0, 2}, {.dtype = DType::int64})), {0, 2});
  const Tensor nowhere = zeros({0, 3}, {.dtype = DType::int64});
  check_empty("take_along_dim", take_along_dim(none, nowhere, 0), {0, 3});
  check_empty("index_add", index_add(none, 0, nowhere.flatten(), none), {0, 3});
  check_empty("scatter", scatter(none, 0, nowhere, none), {0, 3});
  check_empty("scatter_add", scatter_add(none, 1, nowhere, none), {0, 3});
  check_empty("masked_select", masked_select(none, none > 0), {0});
  check_empty("index", none.index({Slice(), nowhere.to(DType::int64)}), {0, 0, 3});
  check_empty("index_put", index_put(none, {nowhere.select(1, 0)}, none), {0, 3});
  check_empty("mse_loss", mse_loss(none, zeros({0, 3}), Reduction::sum), {});
  REQUIRE(cat({zeros({0}), zeros({0})}, 1).shape() == Shape{0});
  REQUIRE(sum(none).item<float>() == 0);
  REQUIRE(prod(none).item<float>() == 1);
  REQUIRE(norm(none).item<float>() == 0);
  REQUIRE(all(none).item<bool>());
  REQUIRE_FALSE(any(none).item<bool>());
  REQUIRE(argmin(none, 1).shape() == Shape{0});
  REQUIRE(matmul(t(none), ones({0, 2})).sum().item<float>() == 0);
}

TEST_CASE("ops: each product of a batch has the bits that it has alone", "[ops]") {
  const Tensor a = randn({2, 5, 3, 40}), b = randn({2, 5, 40, 7}), w = randn({40, 7}), v = randn({40});
  // Interleaved, as the heads of attention, and transposed.
  const Tensor heads = randn({2, 3, 5, 40}).transpose(1, 2), turned = randn({2, 5, 7, 40}).transpose(-2, -1);
  for (const Tensor& x : {a, heads})
    for (const Tensor& y : {b, turned, w, b[0], b.slice(0, {.stop = 1}), b.slice(1, {.stop = 1})}) {
      const Tensor all = matmul(x, y), same = expand(y, {2, 5, 40, 7});
      REQUIRE(all.shape() == Shape{2, 5, 3, 7});
      for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 5; ++j) REQUIRE(bitwise_equal(all[i][j], mm(x[i][j], same[i][j])));
      REQUIRE(bitwise_equal(matmul(x, v)[1][2], mv(x[1][2], v)));
    }
  REQUIRE(bitwise_equal(bmm(a[0], b[1])[3], mm(a[0][3], b[1][3])));
  REQUIRE(bitwise_equal(matmul(v, b)[1][4], matmul(unsqueeze(v, 0), b[1][4])[0]));
  REQUIRE(bitwise_equal(matmul(v, v), dot(v, v)));
  const Tensor weight = randn({6, 40}), bias = randn({6});
  REQUIRE(bitwise_equal(linear(heads, weight, bias)[1][4], linear(heads[1][4], weight, bias)));
  REQUIRE(bitwise_equal(linear(a, weight, bias)[1][4][2], linear(a[1][4][2], weight, bias)));
  REQUIRE(bitwise_equal(linear(a, weight, bias), matmul(a, weight.t()) + bias));
}

TEST_CASE("ops: the gradient of a matrix that a batch shares is one product", "[ops]") {
  const Tensor a = randn({6, 30, 8}), g = randn({6, 30, 5});
  const Tensor w = randn({8, 5}).set_requires_grad(), weight = randn({5, 8}).set_requires_grad(),
               bias = randn({5}).set_requires_grad();
  matmul(a, w).backward(g);
  REQUIRE(bitwise_equal(w.grad(), matmul(a.reshape({180, 8}).t(), g.reshape({180, 5}))));
  linear(a, weight, bias).backward(g);
  REQUIRE(bitwise_equal(weight.grad(), matmul(g.reshape({180, 5}).t(), a.reshape({180, 8}))));
  REQUIRE(bitwise_equal(bias.grad(), sum(g.reshape({180, 5}), {0})));
  // Operands that broadcast otherwise get the sum of the products' gradients.
  const Tensor left = randn({30, 8}).set_requires_grad(), b = randn({6, 8, 5});
  matmul(left, b).backward(g);
  REQUIRE(bitwise_equal(left.grad(), sum(matmul(g, b.transpose(-2, -1)), {0})));
}

TEST_CASE("ops: every operation of ops.h has a row in the table", "[ops]") {
  const std::set<std::string> declared = test::declared_operations();
  std::set<std::string> covered;
  REQUIRE(declared.size() > 50);
  for (const OpCase& row : op_cases()) covered.insert(row.name);
  // Not differentiable; tested separately in tests/core or tests/autograd.
  for (const char* name : {"empty", "zeros", "ones", "full", "empty_like", "zeros_like", "ones_like",
           "full_like", "rand_like", "randn_like", "arange", "linspace", "eye", "rand", "randn", "randint",
           "randperm", "tensor", "from_blob", "eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or",
           "logical_xor", "logical_not", "isnan", "isinf", "isfinite", "one_hot", "argmax", "argmin",
           "argsort", "searchsorted", "unique", "nonzero", "multinomial", "bernoulli", "all", "any", "equal",
           "allclose", "bitwise_equal"})
    covered.insert(name);
  REQUIRE(covered == declared);
}
