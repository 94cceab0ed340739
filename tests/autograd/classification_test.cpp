// softmax, its logarithms, argmax and the losses of classification where the table of operations does not
// look: ends of the range, ties, NaN, and ignored samples.
#include <cmath>
#include <limits>

#include <tenon/tenon.h>

#include "../support/catch.h"
#include "../support/errors.h"
#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr Options whole = {.dtype = DType::int64};

std::vector<double> values(const Tensor& x) {
  const Tensor wide = x.to(DType::float64).contiguous();
  return {wide.data<double>().begin(), wide.data<double>().end()};
}

}  // namespace

TEST_CASE("classification: large inputs do not overflow, small ones keep their logarithm") {
  const Tensor x = tensor({{1000, 0, -1000}, {-1e30, -1e30, -1e30}});
  REQUIRE(values(softmax(x, 1)) == std::vector<double>{1, 0, 0, 1 / 3.0f, 1 / 3.0f, 1 / 3.0f});
  REQUIRE(values(log_softmax(x, 1).narrow(0, 0, 1)) == std::vector<double>{0, -1000, -2000});
  REQUIRE(values(logsumexp(x, 1)) == std::vector<double>{1000, static_cast<float>(-1e30)});
}

TEST_CASE("classification: infinite inputs") {
  const Tensor x = tensor({{-inf, -inf}, {inf, 0}, {-inf, 0}});
  REQUIRE(values(logsumexp(x, 1)) == std::vector<double>{-inf, inf, 0});
  const Tensor y = softmax(x, 1);
  for (const int row : {0, 1}) REQUIRE(std::isnan(y.at({row, 0}).item<double>()));  // as in PyTorch
  REQUIRE(values(y.select(0, 2)) == std::vector<double>{0, 1});
  REQUIRE(values(log_softmax(x, 1).select(0, 2)) == std::vector<double>{-inf, 0});
}

TEST_CASE("classification: an infinite score makes the weights of attention NaN") {
  const Tensor mask = tensor({{inf, 0, -inf}, {-inf, -inf, -inf}});
  const Tensor out =
      scaled_dot_product_attention(ones({2, 2}), ones({3, 2}), ones({3, 2}), {.attn_mask = mask});
  for (const double value : values(out[0])) REQUIRE(std::isnan(value));  // as in PyTorch
  REQUIRE(values(out[1]) == std::vector<double>{0, 0});
}

TEST_CASE("classification: a gradient that can be differentiated has the same bits") {
  const Tensor dense = randn({4, 70, 3}), strided = randn({3, 70, 4}).transpose(0, 2);
  for (const Tensor& a : {dense, strided})
    for (const Tensor& g : {strided, dense})
      for (const auto op : {&softmax, &log_softmax})
        for (std::int64_t dim = 0; dim < 3; ++dim) {
          const Tensor x = a.detach().set_requires_grad(), y = op(x, dim, CallSite::current());
          const auto gradient = [&](bool create_graph) {
            return autograd::grad(
                y, {x}, {.grad_outputs = {g}, .retain_graph = true, .create_graph = create_graph})[0];
          };
          REQUIRE(bitwise_equal(gradient(false), gradient(true)));
        }
  const Tensor classes = randint(0, 70, {4, 3}), weight = rand({70}),
               input = strided.detach().set_requires_grad();
  for (const Reduction reduction : {Reduction::none, Reduction::sum, Reduction::mean})
    for (const CrossEntropyOptions& options :
        {CrossEntropyOptions{.reduction = reduction},
            {.reduction = reduction, .weight = weight, .ignore_index = classes[0][0].item<std::int64_t>()}}) {
      const Tensor loss = cross_entropy(input, classes, options), g = randn(loss.shape());
      const auto gradient = [&](const Tensor& of, bool create_graph) {
        return autograd::grad(
            of, {input}, {.grad_outputs = {g}, .retain_graph = true, .create_graph = create_graph})[0];
      };
      const Tensor composed = nll_loss(log_softmax(input, 1), classes,
          {.reduction = reduction, .weight = options.weight, .ignore_index = options.ignore_index});
      REQUIRE(bitwise_equal(loss, composed));
      REQUIRE(bitwise_equal(gradient(loss, false), gradient(loss, true)));
      REQUIRE(bitwise_equal(gradient(loss, false), gradient(composed, true)));
    }
}

TEST_CASE("classification: argmax is the first of equal elements, or of NaN") {
  const Tensor x = tensor({{1, 5, 5}, {-0.0, 0, -1}, {2, NAN, NAN}, {-inf, -inf, -inf}});
  REQUIRE(equal(x.argmax(1), tensor({1, 0, 1, 0}, whole)));
  REQUIRE(equal(x.argmax(-1, true), tensor({{1}, {0}, {1}, {0}}, whole)));
  REQUIRE(equal(x.argmax(0), tensor({2, 2, 2}, whole)));
  REQUIRE(x.argmax().item<std::int64_t>() == 7);
  REQUIRE(equal(x.t().argmax(), tensor(6, whole)));  // in row-major order of the transposed tensor
  REQUIRE(equal(tensor({{3, 7}, {9, 7}}, whole).argmax(1), tensor({1, 0}, whole)));
  REQUIRE(equal(tensor(4).argmax(), tensor(0, whole)));
  REQUIRE(equal(tensor(4).argmax(0), tensor(0, whole)));
  REQUIRE(x.argmax(1).requires_grad() == false);
}

TEST_CASE("classification: losses by hand") {
  const Tensor x = tensor({{0.5, -1, 2}, {1.5, 0.25, -0.5}, {0, 3, 1}}, {.dtype = DType::float64});
  const Tensor at = tensor({2, 0, 1}, whole), weight = tensor({1, 2, 0.5}, {.dtype = DType::float64});
  const auto near = [](const Tensor& found, double wanted) {
    return std::abs(found.item<double>() - wanted) < 1e-12;
  };
  // By hand: logsumexp of each row, minus the element of the class.
  double each[3], total[3];
  for (int i = 0; i < 3; ++i) {
    total[i] = 0;
    for (int j = 0; j < 3; ++j) total[i] += std::exp(x.at({i, j}).item<double>());
    total[i] = std::log(total[i]);
    each[i] = total[i] - x.at({i, at.at({i}).item<std::int64_t>()}).item<double>();
  }
  REQUIRE(near(cross_entropy(x, at), (each[0] + each[1] + each[2]) / 3));
  REQUIRE(near(cross_entropy(x, at, {.weight = weight}), (0.5 * each[0] + each[1] + 2 * each[2]) / 3.5));
  REQUIRE(near(cross_entropy(x, at, {.reduction = Reduction::sum, .ignore_index = 0}), each[0] + each[2]));
  REQUIRE(near(nll_loss(log_softmax(x, 1), at), (each[0] + each[1] + each[2]) / 3));
  // One class for sure is that class.
  const Tensor sure = tensor({{0, 0, 1}, {1, 0, 0}, {0, 1, 0}}, {.dtype = DType::float64});
  REQUIRE(near(cross_entropy(x, sure), (each[0] + each[1] + each[2]) / 3));
  REQUIRE(near(cross_entropy(x, sure, {.label_smoothing = 0.3}),
      cross_entropy(x, at, {.label_smoothing = 0.3}).item<double>()));
  // One sample, without a batch.
  REQUIRE(near(cross_entropy(x.select(0, 1), tensor(0, whole)), each[1]));
}

TEST_CASE("classification: an ignored sample has no loss and no gradient, whatever its input") {
  const Tensor x = tensor({{0, 1}, {-inf, 0}, {2, 0}}, {.requires_grad = true});
  const Tensor loss = cross_entropy(x, tensor({1, -100, 0}, whole));
  loss.backward();
  REQUIRE(std::isfinite(loss.item<double>()));
  REQUIRE(values(x.grad().select(0, 1)) == std::vector<double>{0, 0});
  REQUIRE(x.grad().at({0, 1}).item<double>() < 0);
  REQUIRE(std::isnan(cross_entropy(x, tensor({-100, -100, -100}, whole)).item<double>()));  // as in PyTorch
}

TEST_CASE("classification: targets that fit no class are refused") {
  const Tensor x = ones({2, 3});
  REQUIRE(error_of([&] { cross_entropy(x, tensor({0, 3}, whole)); }).find("index 3") != std::string::npos);
  REQUIRE(error_of([&] {
    cross_entropy(x, tensor({0, 1}));
  }) == "cross_entropy: probabilities must have the input's shape; it is [2, 3], theirs [2]; classes must be "
        "int64, they "
        "are float32");
  REQUIRE(error_of([&] { nll_loss(x, tensor({0, 1})); }).find("nll_loss: the classes must be int64") == 0);
  REQUIRE(error_of([&] {
    cross_entropy(x, ones({2, 1}, whole));
  }).find("the target has shape [2]; it is [2, 1]") != std::string::npos);
  REQUIRE(error_of([&] {
    cross_entropy(x, tensor({0, 1}, whole), {.weight = ones({2})});
  }).find("there are 3 classes; the weight has shape [2]") != std::string::npos);
}
