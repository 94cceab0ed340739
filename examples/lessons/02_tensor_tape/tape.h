// A tape of matrices. A result owns its inputs, so the tape is a graph that lives as long as the last result
// does.
#pragma once
#include <cmath>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <vector>

// ---- values

struct Matrix {
  int rows = 0, cols = 0;
  std::vector<double> data{};

  Matrix() = default;
  Matrix(int r, int c, double fill = 0) : rows(r), cols(c), data(static_cast<std::size_t>(r * c), fill) {}
  Matrix(int r, int c, std::vector<double> elements) : rows(r), cols(c), data(std::move(elements)) {}
  double& operator()(int i, int j) { return data[static_cast<std::size_t>(i * cols + j)]; }
  double operator()(int i, int j) const { return data[static_cast<std::size_t>(i * cols + j)]; }
};

inline Matrix operator*(const Matrix& a, const Matrix& b) {
  if (a.cols != b.rows) throw std::invalid_argument("matmul: the inner sizes differ");
  Matrix c(a.rows, b.cols);
  for (int i = 0; i < a.rows; ++i)
    for (int k = 0; k < a.cols; ++k)
      for (int j = 0; j < b.cols; ++j) c(i, j) += a(i, k) * b(k, j);
  return c;
}
inline Matrix transpose(const Matrix& a) {
  Matrix t(a.cols, a.rows);
  for (int i = 0; i < a.rows; ++i)
    for (int j = 0; j < a.cols; ++j) t(j, i) = a(i, j);
  return t;
}
// f(a, b) for each pair of elements
template <class F>
Matrix zip(const Matrix& a, const Matrix& b, F f) {
  if (a.rows != b.rows || a.cols != b.cols) throw std::invalid_argument("the shapes differ");
  Matrix c(a.rows, a.cols);
  for (std::size_t i = 0; i < c.data.size(); ++i) c.data[i] = f(a.data[i], b.data[i]);
  return c;
}
template <class F>
Matrix map(const Matrix& a, F f) {
  return zip(a, a, [&](double x, double) { return f(x); });
}

// ---- the tape

struct Node;

class Tensor {
 public:
  explicit Tensor(std::shared_ptr<Node> node) : node_(std::move(node)) {}
  const Matrix& value() const;
  const Matrix& grad() const;
  Node& node() const { return *node_; }

 private:
  std::shared_ptr<Node> node_;
};

// Where a gradient goes, and how it is computed: the gradient of the input, given that of the result.
struct Edge {
  Tensor input;
  std::function<Matrix(const Matrix& g)> pullback;
};

struct Node {
  Matrix value;
  std::vector<Edge> edges{};  // none: a leaf
  bool requires_grad = false;
  Matrix grad = Matrix(value.rows, value.cols);
};

inline const Matrix& Tensor::value() const { return node_->value; }
inline const Matrix& Tensor::grad() const { return node_->grad; }

inline Tensor constant(Matrix value) { return Tensor(std::make_shared<Node>(Node{std::move(value)})); }
inline Tensor parameter(Matrix value) {
  return Tensor(std::make_shared<Node>(Node{std::move(value), {}, true}));
}
// The result of an operation. Edges to inputs that need no gradient are dropped, with all that they hold.
inline Tensor record(Matrix value, std::vector<Edge> edges) {
  std::erase_if(edges, [](const Edge& edge) { return !edge.input.node().requires_grad; });
  const bool needed = !edges.empty();
  return Tensor(std::make_shared<Node>(Node{std::move(value), std::move(edges), needed}));
}

// Adds the nodes below `node` to the list, then the node: inputs come before results.
inline void list_inputs_first(Node& node, std::set<Node*>& seen, std::vector<Node*>& list) {
  if (!seen.insert(&node).second) return;
  for (const Edge& edge : node.edges) list_inputs_first(edge.input.node(), seen, list);
  list.push_back(&node);
}

inline void backward(const Tensor& loss) {
  std::set<Node*> seen;
  std::vector<Node*> list;
  list_inputs_first(loss.node(), seen, list);
  for (Node* node : list)  // leaves keep what they have
    if (!node->edges.empty()) node->grad = Matrix(node->value.rows, node->value.cols);
  loss.node().grad = Matrix(1, 1, 1);
  for (auto at = list.rbegin(); at != list.rend(); ++at)
    for (const Edge& edge : (*at)->edges) {
      Matrix& sum = edge.input.node().grad;
      sum = zip(sum, edge.pullback((*at)->grad), std::plus());
    }
}

// ---- operations: the value, and a pullback for each input

inline Tensor matmul(const Tensor& a, const Tensor& b) {
  const auto to_a = [b](const Matrix& g) { return g * transpose(b.value()); };
  const auto to_b = [a](const Matrix& g) { return transpose(a.value()) * g; };
  return record(a.value() * b.value(), {{a, to_a}, {b, to_b}});
}

inline Tensor sub(const Tensor& a, const Tensor& b) {
  const auto to_a = [](const Matrix& g) { return g; };
  const auto to_b = [](const Matrix& g) { return map(g, std::negate()); };
  return record(zip(a.value(), b.value(), std::minus()), {{a, to_a}, {b, to_b}});
}

// a [n, m] + bias [1, m], which is added to every row. So the bias gets the sum of the rows of g.
inline Tensor add_bias(const Tensor& a, const Tensor& bias) {
  Matrix y = a.value();
  for (int i = 0; i < y.rows; ++i)
    for (int j = 0; j < y.cols; ++j) y(i, j) += bias.value()(0, j);
  const auto to_a = [](const Matrix& g) { return g; };
  const auto to_bias = [](const Matrix& g) { return Matrix(1, g.rows, 1) * g; };  // a row of ones times g
  return record(y, {{a, to_a}, {bias, to_bias}});
}

// tanh' = 1 - tanh^2, so the pullback needs the result. It holds a copy of the elements: if it held the
// tensor, the result would own itself and never be freed.
inline Tensor tanh(const Tensor& a) {
  const Matrix y = map(a.value(), [](double x) { return std::tanh(x); });
  const auto to_a = [y](const Matrix& g) {
    return zip(g, y, [](double gi, double yi) { return gi * (1 - yi * yi); });
  };
  return record(y, {{a, to_a}});
}

// The mean of the squares: [1, 1]
inline Tensor mean_square(const Tensor& a) {
  const double n = static_cast<double>(a.value().data.size());
  double sum = 0;
  for (const double x : a.value().data) sum += x * x;
  const auto to_a = [a, n](const Matrix& g) {
    return map(a.value(), [&](double x) { return g(0, 0) * 2 * x / n; });
  };
  return record(Matrix(1, 1, sum / n), {{a, to_a}});
}
