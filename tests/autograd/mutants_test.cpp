// Checks that the table of operations detects wrong gradients: each edge of each operation in turn gets a
// wrong factor, and some row must fail.
#include "../support/catch.h"

#include <map>
#include <set>

#include <tenon/autograd/tape/node.h>

#include "../support/op_cases.h"
#include "../support/tensors.h"

using namespace tenon;
using autograd::Node;
using test::op_cases;
using test::OpCase;

namespace {

/// Edge `index` of operation `op`.
using Site = std::pair<std::string, int>;

std::vector<Node*> nodes_below(const Tensor& root) {
  std::vector<Node*> found;
  if (!root.requires_grad()) return found;
  std::set<Node*> seen{autograd::node_of(root)};
  found.push_back(autograd::node_of(root));
  for (std::size_t i = 0; i < found.size(); ++i)
    for (autograd::Edge& edge : found[i]->edges())
      if (seen.insert(edge.source.get()).second) found.push_back(edge.source.get());
  return found;
}

std::set<Site> sites_of(const Tensor& root) {
  std::set<Site> sites;
  for (Node* node : nodes_below(root))
    for (int i = 0; i < node->count; ++i) sites.insert({node->name, i});
  return sites;
}

/// Inserts a node that multiplies by 1.5 into the edge wherever it occurs in the graph.
void mutate(const Tensor& root, const Site& site) {
  const std::vector<Node*> nodes = nodes_below(root);
  for (Node* node : nodes) node->depth *= 2;  // makes room for one more between any two
  for (Node* node : nodes) {
    if (node->name != site.first || site.second >= node->count) continue;
    autograd::Edge& edge = node->edges()[static_cast<std::size_t>(site.second)];
    const Tensor shape_only = zeros(edge.source->shape, {.dtype = edge.source->dtype});
    auto wrong = Node::create("mutant", 1, shape_only, CallSite::current());
    wrong->connect(edge.source, false, [] { return [](const Tensor& g, const Shape&) { return g * 1.5; }; });
    wrong->depth = node->depth - 1;
    edge.source = std::move(wrong);
  }
}

/// A scalar function of the inputs and, for second order, of an upstream gradient.
struct Subject {
  std::function<Tensor(const std::vector<Tensor>&)> call;
  std::vector<Tensor> inputs;
};

Subject first_order(const OpCase& row) { return {row.call, test::make_inputs(row, DType::float64)}; }

Subject second_order(const OpCase& row) {
  std::vector<Tensor> inputs = test::make_inputs(row, DType::float64);
  Generator generator(3);
  inputs.push_back(randn(row.call(inputs).shape(), generator, {.dtype = DType::float64}));
  const auto call = [&row](const std::vector<Tensor>& at) {
    const EnableGradGuard enable;
    const std::vector<Tensor> points(at.begin(), at.end() - 1);
    const auto gradients = autograd::grad(
        row.call(points), points, {.grad_outputs = {at.back()}, .create_graph = true, .allow_unused = true});
    Generator weights(5);
    Tensor total = zeros({}, {.dtype = DType::float64});
    for (const Tensor& gradient : gradients)
      if (gradient.defined())
        total = total + (gradient * randn(gradient.shape(), weights, {.dtype = DType::float64})).sum();
    return total;
  };
  return {call, std::move(inputs)};
}

Tensor run(const Subject& subject) {
  std::vector<Tensor> leaves;
  for (const Tensor& input : subject.inputs) leaves.push_back(input.clone().set_requires_grad());
  return subject.call(leaves);
}

bool caught(const Subject& subject, const Site& site) {
  const auto mutated = [&](const std::vector<Tensor>& at) {
    Tensor out = subject.call(at);
    if (grad_enabled()) mutate(out, site);
    return out;
  };
  try {
    autograd::gradcheck(mutated, subject.inputs, {.eps = 1e-5, .atol = 1e-4});
  } catch (const Error&) { return true; }
  return false;
}

}  // namespace

TEST_CASE("mutants: a wrong factor in any pullback is noticed", "[ops][mutants]") {
  std::map<Site, std::vector<Subject>> where;
  std::vector<OpCase> rows = op_cases();
  rows.insert(rows.end(), test::in_place_cases().begin(), test::in_place_cases().end());
  for (const OpCase& row : rows) {
    if (row.inputs[0].shape.numel() > 200)
      continue;  // one long reduction; finite differences would take minutes
    for (const Subject& subject : {first_order(row), second_order(row)})
      for (const Site& site : sites_of(run(subject))) where[site].push_back(subject);
  }
  for (const char* helper :
      {"relu_backward", "tanh_backward", "sigmoid_backward", "abs_backward", "clamp_backward",
          "leaky_relu_backward", "elu_backward", "silu_backward", "gelu_backward", "gelu_tanh_backward",
          "softplus_backward", "hardtanh_backward", "scaled_difference", "scaled_sign", "huber_backward",
          "binary_cross_entropy_backward", "logits_cross_entropy_backward", "sum_to", "expand_quotient",
          "slice_backward", "index_add", "mean_of_products", "add_", "sub_", "mul_", "div_", "copy_"})
    REQUIRE(where.contains({helper, 0}));
  for (const OpCase& row : op_cases()) {
    INFO(row.name);
    // These only record other operations; to() rounds, which finite differences cannot handle: see
    // tape_test.cpp.
    const std::set<std::string> elsewhere{"t", "flatten", "contiguous", "to", "nll_loss", "cross_entropy",
        "masked_fill", "nan_to_num", "unbind", "tril", "triu", "select_scatter", "outer", "prod", "topk",
        "scaled_dot_product_attention", "conv2d", "conv_transpose2d", "max_pool2d", "avg_pool2d",
        "adaptive_avg_pool2d", "clamp_min", "clamp_max", "var_mean", "std_mean", "take_along_dim", "scatter",
        "scatter_add", "masked_select", "index", "index_put"};
    REQUIRE((elsewhere.contains(row.name) || where.contains({row.name, 0})));
  }
  for (const auto& [site, subjects] : where) {
    // The gradient of the replaced elements is zero: see in_place_test.cpp. So is that of a step function.
    const std::set<std::string> zero{"copy_", "fill_", "sign", "floor", "ceil", "round", "trunc"};
    if (zero.contains(site.first) && site.second == 0) continue;
    INFO("edge " << site.second << " of " << site.first);
    bool noticed = false;
    for (const Subject& subject : subjects)
      if ((noticed = caught(subject, site))) break;
    REQUIRE(noticed);
  }
}
