// What users of PyTorch and LibTorch type first: each line compiles and gives the value that they expect.
// What cannot be typed is in tests/structure/refused.py, with the message.
#include "../support/catch.h"

#include <array>
#include <cmath>
#include <set>
#include <sstream>

#include <tenon/tenon.h>

#include "../support/files.h"
#include "../support/op_cases.h"

using namespace tenon;

namespace {

/// True if dtype, shape and elements are equal.
bool is(const Tensor& found, const Tensor& expected) { return equal(found, expected); }
Tensor ints(const TensorData& data) { return tensor(data, {.dtype = DType::int64}); }
Tensor bools(const TensorData& data) { return tensor(data, {.dtype = DType::boolean}); }

const Tensor a = tensor({{1, 2, 3}, {4, 5, 6}});
const Tensor b = tensor({{6, 5, 4}, {3, 2, 1}});
const Tensor v = tensor({1, 4, 9});

}  // namespace

TEST_CASE("typed: creation") {
  const std::vector<std::int64_t> sizes{2, 3};
  const std::vector<int> small_sizes{2, 3};
  const std::array<std::int64_t, 2> array{2, 3};
  REQUIRE(randn(2, 3).shape() == Shape{2, 3});
  REQUIRE(randn({2, 3}).shape() == Shape{2, 3});
  REQUIRE(rand(2, 3, 4).shape() == Shape{2, 3, 4});
  REQUIRE(rand(4).shape() == Shape{4});
  REQUIRE(is(zeros(3), tensor({0, 0, 0})));
  REQUIRE(is(zeros(1, 2), tensor({{0, 0}})));
  REQUIRE(is(ones(2), tensor({1, 1})));
  REQUIRE(is(ones(2, 1), tensor({{1}, {1}})));
  REQUIRE(empty(2, 3).shape() == Shape{2, 3});
  REQUIRE(ones(sizes).shape() == Shape{2, 3});
  REQUIRE(ones(small_sizes).shape() == Shape{2, 3});
  REQUIRE(zeros(array).shape() == Shape{2, 3});
  REQUIRE(zeros(a.sizes()).shape() == Shape{2, 3});
  REQUIRE(randn(a.size(0), a.size(1)).shape() == Shape{2, 3});
  REQUIRE(Shape(sizes) == Shape{2, 3});
  REQUIRE(Shape(sizes.begin(), sizes.end()) == Shape{2, 3});
  REQUIRE(Shape(small_sizes.begin(), small_sizes.end()) == Shape{2, 3});
  REQUIRE(Shape(3) == Shape{3});
  REQUIRE(is(full({2, 2}, 7), tensor({{7, 7}, {7, 7}})));
  REQUIRE(is(full(2, 0.5), tensor({0.5, 0.5})));
  REQUIRE(is(arange(3), tensor({0, 1, 2})));
  REQUIRE(is(arange(1, 4), tensor({1, 2, 3})));
  REQUIRE(is(arange(0, 6, 2), tensor({0, 2, 4})));
  REQUIRE(is(arange(0, 5, {.dtype = DType::int64}), ints({0, 1, 2, 3, 4})));
  REQUIRE(is(arange(2, {.dtype = DType::int64}), ints({0, 1})));
  REQUIRE(is(linspace(0, 1, 3), tensor({0, 0.5, 1})));
  REQUIRE(is(eye(2), tensor({{1, 0}, {0, 1}})));
  REQUIRE(is(eye(1, 2), tensor({{1, 0}})));
  REQUIRE(ones({2, 2}, requires_grad()).requires_grad());
  REQUIRE(zeros({2}, {.dtype = kFloat64, .device = kCPU}).dtype() == kDouble);
  REQUIRE(zeros({2}, {.dtype = kLong, .device = "cpu"}).dtype() == kInt64);
  REQUIRE(is(tensor({0.5, 1}, kDouble), tensor({0.5, 1}, {.dtype = DType::float64})));
  REQUIRE(is(arange(2, kLong), ints({0, 1})));
  REQUIRE(is(zeros({2}, kBool), bools({0, 0})));
  REQUIRE(ones({2}, Device(kCPU)).device() == kCPU);
  REQUIRE(a.to(kDouble).to(kFloat).dtype() == kFloat32);
  REQUIRE(a.to("cpu", kLong).dtype() == kInt64);
  REQUIRE(is(zeros_like(v), tensor({0, 0, 0})));
  REQUIRE(is(ones_like(v), tensor({1, 1, 1})));
  REQUIRE(is(full_like(v, 2), tensor({2, 2, 2})));
  REQUIRE(is(full_like(ints({1}), 3), ints({3})));
  REQUIRE(empty_like(a).shape() == a.shape());
  REQUIRE(rand_like(a).dtype() == a.dtype());
  REQUIRE(randn_like(tensor({1, 2}, {.dtype = DType::float64})).dtype() == DType::float64);
  REQUIRE(randint(0, 10, {2, 3}).shape() == Shape{2, 3});
  REQUIRE(randint(0, 10, 5).shape() == Shape{5});
  REQUIRE(is(randint(1, {2}), ints({0, 0})));
  REQUIRE(randperm(4).sum().item<int>() == 6);
  REQUIRE(is(tensor(3.5), full({}, 3.5)));
  REQUIRE(is(tensor({1, 2, 3}, {3}), tensor({1, 2, 3})));
  REQUIRE(is(tensor({1, 2, 3, 4}, {2, 2}), tensor({{1, 2}, {3, 4}})));
  REQUIRE(is(tensor({0.5, 2.}, {2, 1}), tensor({{0.5}, {2}})));
  REQUIRE(is(tensor(std::vector<int>{1, 2}), ints({1, 2})));
  REQUIRE(is(tensor(std::vector<std::int64_t>{1, 2}), ints({1, 2})));
  REQUIRE(is(tensor(std::vector<float>{1, 2}), tensor({1, 2})));
  REQUIRE(is(tensor(std::vector<double>{1, 2}), tensor({1, 2}, {.dtype = DType::float64})));
  REQUIRE(is(tensor(std::vector<int>{1, 2}, {.dtype = DType::float32}), tensor({1, 2})));
  REQUIRE(is(tensor(std::vector<float>{1, 2}, {1, 2}), tensor({{1, 2}})));
  REQUIRE(is(tensor(std::array<float, 2>{1, 2}), tensor({1, 2})));
  REQUIRE(is(tensor(std::vector<std::uint16_t>{1, 65535}), ints({1, 65535})));
  REQUIRE(tensor({1., 2.}, {.requires_grad = true}).requires_grad());
}

TEST_CASE("typed: properties and elements") {
  REQUIRE(a.numel() == 6);
  REQUIRE(a.size(0) == 2);
  REQUIRE(a.size(-1) == 3);
  REQUIRE(a.dim() == 2);
  REQUIRE(a.sizes() == Shape{2, 3});
  REQUIRE(a.sizes() == std::vector<std::int64_t>{2, 3});
  REQUIRE(a.sizes()[0] == 2);
  REQUIRE(a.dtype() == DType::float32);
  REQUIRE(a.device().is_cpu());
  REQUIRE(a.sum().item<int>() == 21);
  REQUIRE(a.sum().item<float>() == 21);
  REQUIRE(a.sum().item<double>() == 21);
  REQUIRE(a.sum().item<std::int64_t>() == 21);
  REQUIRE(a.sum().item<unsigned>() == 21);
  REQUIRE(a.sum().item<long long>() == 21);
  REQUIRE(a.sum().item() == 21);
  REQUIRE((a.sum() > 20).item<bool>());
  REQUIRE(a[0][1].item<float>() == 2);
  REQUIRE(is(a[0], tensor({1, 2, 3})));
  REQUIRE(is(a[-1], tensor({4, 5, 6})));
  REQUIRE(is(a[0][1], tensor(2)));
  REQUIRE(is(a[a.size(0) - 1], tensor({4, 5, 6})));
  REQUIRE(is(a.at({1, 0}), tensor(4)));
  REQUIRE(is(a.at(std::vector<std::int64_t>{1, 0}), tensor(4)));
  std::ostringstream out;
  out << a << a.sizes() << a.dtype() << a.device();
  REQUIRE(out.str().find("[2, 3]") != std::string::npos);
}

TEST_CASE("typed: reductions") {
  const std::vector<std::int64_t> dims{0, 1};
  const int dim = 1;
  REQUIRE(is(a.sum(), tensor(21)));
  REQUIRE(is(a.sum(1), tensor({6, 15})));
  REQUIRE(is(a.sum(-1), tensor({6, 15})));
  REQUIRE(is(a.sum(dim), tensor({6, 15})));
  REQUIRE(is(sum(a, 1), tensor({6, 15})));
  REQUIRE(is(sum(a, 0), tensor({5, 7, 9})));
  REQUIRE(is(a.sum({0}), tensor({5, 7, 9})));
  REQUIRE(is(a.sum({0, 1}), tensor(21)));
  REQUIRE(is(a.sum({0, -1}), tensor(21)));
  REQUIRE(is(a.sum(dims), tensor(21)));
  REQUIRE(is(sum(a, dims), tensor(21)));
  REQUIRE(is(a.sum({}), tensor(21)));
  REQUIRE(is(a.sum(1, true), tensor({{6}, {15}})));
  REQUIRE(is(a.sum(1, /*keepdim=*/true), tensor({{6}, {15}})));
  REQUIRE(is(a.mean(), tensor(3.5)));
  REQUIRE(is(a.mean(0), tensor({2.5, 3.5, 4.5})));
  REQUIRE(is(a.mean(0, true), tensor({{2.5, 3.5, 4.5}})));
  REQUIRE(is(mean(a, 0), tensor({2.5, 3.5, 4.5})));
  REQUIRE(is(mean(a, dims), tensor(3.5)));
  REQUIRE(is(a.amax(), tensor(6)));
  REQUIRE(is(a.amax(1), tensor({3, 6})));
  REQUIRE(is(amax(a, 1, true), tensor({{3}, {6}})));
  REQUIRE(is(a.argmax(), ints(5)));
  REQUIRE(is(a.argmax(1), ints({2, 2})));
  REQUIRE(is(argmax(a, -1), ints({2, 2})));
  REQUIRE(is(a.amin(), tensor(1)));
  REQUIRE(is(a.amin({0}, true), tensor({{1, 2, 3}})));
  REQUIRE(is(a.argmin(), ints(0)));
  REQUIRE(is(a.argmin(0), ints({0, 0, 0})));
  REQUIRE(is(a.max(), tensor(6)));
  REQUIRE(is(tenon::min(a), tensor(1)));
  const auto [values, indices] = a.max(1);
  REQUIRE(is(values, tensor({3, 6})));
  REQUIRE(is(indices, ints({2, 2})));
  REQUIRE(is(tenon::min(a, 0, /*keepdim=*/true).values, tensor({{1, 2, 3}})));
  REQUIRE(is(a.prod(), tensor(720)));
  REQUIRE(is(a.prod(1), tensor({6, 120})));
  REQUIRE_FALSE((a > 1).all().item<bool>());
  REQUIRE(is(all(a > 1, 1), tensor({0, 1}) != 0));
  REQUIRE(is((a > 5).any(1), tensor({0, 1}) != 0));
  REQUIRE(any(a > 5).item<bool>());
  REQUIRE(is(a.var(1), tensor({1, 1})));
  REQUIRE(is(a.var(), tensor(3.5)));
  REQUIRE(is(var(a, {0, 1}, {.correction = 0}), tensor(17.5 / 6)));
  REQUIRE(is(a.std(1), tensor({1, 1})));
  const auto [variance, middle] = var_mean(a, 1);
  REQUIRE(is(variance, tensor({1, 1})));
  REQUIRE(is(middle, tensor({2, 5})));
  REQUIRE(is(std_mean(a, {1}, {.keepdim = true}).first, a.std(1, {.keepdim = true})));
  REQUIRE(is(std_mean(a).second, a.mean()));
  REQUIRE(is(a.std(1, {.correction = 1, .keepdim = true}), tensor({{1}, {1}})));
  REQUIRE(is(tensor({3, 4}).norm(), tensor(5)));
  REQUIRE(is(a.norm(1), tensor(21)));
  REQUIRE(is(norm(a, 1, 1), tensor({6, 15})));
  REQUIRE(is(a.norm(INFINITY, {1}, true), tensor({{3}, {6}})));
  REQUIRE(is(a.cumsum(1), tensor({{1, 3, 6}, {4, 9, 15}})));
  const auto [sorted, order] = a.sort(1, /*descending=*/true);
  REQUIRE(is(sorted, tensor({{3, 2, 1}, {6, 5, 4}})));
  REQUIRE(is(order, ints({{2, 1, 0}, {2, 1, 0}})));
  REQUIRE(is(a.argsort(0), ints({{0, 0, 0}, {1, 1, 1}})));
  REQUIRE(is(a.topk(2).values, tensor({{3, 2}, {6, 5}})));
  REQUIRE(is(topk(a, 1, 0, /*largest=*/false).indices, ints({{0, 0, 0}})));
  const auto [distinct, inverse, times] = tensor({{2, 5}, {2, 1}}).unique();
  REQUIRE(is(distinct, tensor({1, 2, 5})));
  REQUIRE(is(inverse, ints({{1, 2}, {1, 0}})));
  REQUIRE(is(times, ints({1, 2, 1})));
  REQUIRE(is(a.median(), tensor(3)));
  REQUIRE(is(a.median(1).values, tensor({2, 5})));
  REQUIRE(is(a.logsumexp(0), logsumexp(a, 0)));
  REQUIRE(is(a.softmax(-1), softmax(a, 1)));
  REQUIRE(is(a.log_softmax(1), log_softmax(a, 1)));
}

TEST_CASE("typed: arithmetic and functions") {
  REQUIRE(is(a + b, full({2, 3}, 7)));
  REQUIRE(is(a - b, tensor({{-5, -3, -1}, {1, 3, 5}})));
  REQUIRE(is(a * b, tensor({{6, 10, 12}, {12, 10, 6}})));
  REQUIRE(is(v / v, ones(3)));
  REQUIRE(is(-v, tensor({-1, -4, -9})));
  REQUIRE(is(v + 1, tensor({2, 5, 10})));
  REQUIRE(is(1 - v, tensor({0, -3, -8})));
  REQUIRE(is(2 * v, tensor({2, 8, 18})));
  REQUIRE(is(v / 2, tensor({0.5, 2, 4.5})));
  REQUIRE(is(36 / v, tensor({36, 9, 4})));
  REQUIRE(is(v.add(1), v + 1));
  REQUIRE(is(v.add(v), v + v));
  REQUIRE(is(v.sub(1), v - 1));
  REQUIRE(is(v.sub(v), zeros(3)));
  REQUIRE(is(v.mul(2), v * 2));
  REQUIRE(is(v.mul(v), v * v));
  REQUIRE(is(v.div(2), v / 2));
  REQUIRE(is(v.div(v), ones(3)));
  REQUIRE(is(v.neg(), -v));
  REQUIRE(is((-v).abs(), v));
  REQUIRE(is(v.exp(), exp(v)));
  REQUIRE(is(v.log(), log(v)));
  REQUIRE(is(v.sqrt(), tensor({1, 2, 3})));
  REQUIRE(is(v.sin(), sin(v)));
  REQUIRE(is(v.cos(), cos(v)));
  REQUIRE(is(v.tanh(), tanh(v)));
  REQUIRE(is(v.sigmoid(), sigmoid(v)));
  REQUIRE(is((v - 4).relu(), tensor({0, 0, 5})));
  REQUIRE(is(square(v.sign()), ones(v.shape())));
  REQUIRE(is((v / 2).floor(), (v / 2).trunc()));
  REQUIRE(is(v.remainder(3), v.fmod(3)));
  REQUIRE(is(v.masked_fill(v > 4, -1.), where(v > 4, -1., v)));
  REQUIRE(is(v.lerp(v + 2, 0.5), v + 1));
  REQUIRE(is(v.addcmul(v, v, 2), v + 2 * v * v));
  REQUIRE(allclose(v.log1p().expm1(), v));
  REQUIRE(is(gelu(v * 0, GeluApproximate::tanh), v * 0));
  REQUIRE(is(silu(v), v * v.sigmoid()));
  REQUIRE(v.isfinite().sum().item<int>() == v.numel());
  REQUIRE(is(v.clamp(2, 5), tensor({2, 4, 5})));
  REQUIRE(is(v.clamp_min(2), tensor({2, 4, 9})));
  REQUIRE(is(clamp_max(v, 4), tensor({1, 4, 4})));
  REQUIRE(is(v.pow(2), tensor({1, 16, 81})));
  REQUIRE(is(v.pow(0.5), tensor({1, 2, 3})));
  REQUIRE(is(v.pow(tensor({2, 1, 0})), tensor({1, 4, 1})));
  REQUIRE(is(pow(v, 2), tensor({1, 16, 81})));
  REQUIRE(is(pow(2., tensor({0, 1, 3})), tensor({1, 2, 8})));
  REQUIRE(is(pow(2, tensor({0, 1, 3})), tensor({1, 2, 8})));
  REQUIRE(is(maximum(v, 3.), tensor({3, 4, 9})));
  REQUIRE(is(maximum(v, tensor({2, 2, 2})), tensor({2, 4, 9})));
  REQUIRE(is(maximum(3, v), tensor({3, 4, 9})));
  REQUIRE(is(minimum(v, 3), tensor({1, 3, 3})));
  REQUIRE(is(minimum(3., v), tensor({1, 3, 3})));
  REQUIRE(is(v.maximum(3), tensor({3, 4, 9})));
  REQUIRE(is(v.maximum(v), v));
  REQUIRE(is(v.minimum(3), tensor({1, 3, 3})));
  REQUIRE(is(v.minimum(v), v));
  REQUIRE(is(a.matmul(b.t()), tensor({{28, 10}, {73, 28}})));
  REQUIRE(is(matmul(a, b.t()), tensor({{28, 10}, {73, 28}})));
  REQUIRE(is(a.mm(b.t()), tensor({{28, 10}, {73, 28}})));
  REQUIRE(is(mm(a, b.t()), tensor({{28, 10}, {73, 28}})));
  REQUIRE(is(a.mv(v), a.matmul(v)));
  REQUIRE(is(mv(a, v), matmul(a, v)));
  REQUIRE(is(matmul(v, v), tensor(98)));
  REQUIRE(is(v.matmul(a.t()), matmul(a, v)));
  REQUIRE(is(matmul(stack({a, a}), b.t())[1], matmul(a, b.t())));
  REQUIRE(is(bmm(stack({a, b}), stack({b.t(), a.t()}))[1], matmul(b, a.t())));
  REQUIRE(is(stack({a, b}).bmm(stack({b.t(), a.t()}))[0], matmul(a, b.t())));
  REQUIRE(is(v.dot(v), tensor(98)));
  REQUIRE(is(dot(v, v), tensor(98)));
  REQUIRE(is(v.outer(tensor({1, 2})), tensor({{1, 2}, {4, 8}, {9, 18}})));
  REQUIRE(is(outer(tensor({1, 2}), v), tensor({{1, 4, 9}, {2, 8, 18}})));
}

TEST_CASE("typed: comparisons and logic") {
  const Tensor c = bools({1, 1, 0}), d = bools({1, 0, 0});
  REQUIRE(is(v > 2, bools({0, 1, 1})));
  REQUIRE(is(2 < v, bools({0, 1, 1})));
  REQUIRE(is(0.0 < v, bools({1, 1, 1})));
  REQUIRE(is(4 <= v, bools({0, 1, 1})));
  REQUIRE(is(4 > v, bools({1, 0, 0})));
  REQUIRE(is(4 >= v, bools({1, 1, 0})));
  REQUIRE(is(4 == v, bools({0, 1, 0})));
  REQUIRE(is(4 != v, bools({1, 0, 1})));
  REQUIRE(is(v == 4, bools({0, 1, 0})));
  REQUIRE(is(v != 4, bools({1, 0, 1})));
  REQUIRE(is(v == v, bools({1, 1, 1})));
  REQUIRE(is(v != v, bools({0, 0, 0})));
  REQUIRE(is(v.eq(4), v == 4));
  REQUIRE(is(v.eq(v), v == v));
  REQUIRE(is(v.ne(4), v != 4));
  REQUIRE(is(v.ne(v), v != v));
  REQUIRE(is(v.lt(4), v < 4));
  REQUIRE(is(v.lt(v), v < v));
  REQUIRE(is(v.le(4), v <= 4));
  REQUIRE(is(v.le(v), v <= v));
  REQUIRE(is(v.gt(4), v > 4));
  REQUIRE(is(v.gt(v), v > v));
  REQUIRE(is(v.ge(4), v >= 4));
  REQUIRE(is(v.ge(v), v >= v));
  REQUIRE(is(c && d, bools({1, 0, 0})));
  REQUIRE(is(c || d, bools({1, 1, 0})));
  REQUIRE(is(!c, bools({0, 0, 1})));
  REQUIRE(is(v > 2 && v < 5, bools({0, 1, 0})));
  REQUIRE(is(v < 2 || v > 5, bools({1, 0, 1})));
  REQUIRE(is(logical_and(c, d), c && d));
  REQUIRE(is(logical_or(c, d), c || d));
  REQUIRE(is(logical_xor(c, d), bools({0, 1, 0})));
  REQUIRE(is(logical_not(c), !c));
  REQUIRE(is(logical_not(tensor({0, 2, 1})), bools({1, 0, 0})));
  REQUIRE(is(logical_and(tensor({0, 2, 1}), d), bools({0, 0, 0})));
  REQUIRE(is(logical_or(c, bools({{0}, {1}})), bools({{1, 1, 0}, {1, 1, 1}})));
  REQUIRE(is(c.logical_and(d), c && d));
  REQUIRE(is(c.logical_or(d), c || d));
  REQUIRE(is(c.logical_xor(d), logical_xor(c, d)));
  REQUIRE(is(c.logical_not(), !c));
  REQUIRE(is(where(c, 1., 0.), tensor({1, 1, 0})));
  REQUIRE(is(where(c, 1, 0), tensor({1, 1, 0})));
  REQUIRE(is(where(c, v, 0), tensor({1, 4, 0})));
  REQUIRE(is(where(c, 0., v), tensor({0, 0, 9})));
  REQUIRE(is(where(c, v, -v), tensor({1, 4, -9})));
  REQUIRE(is(v.where(c, -v), tensor({1, 4, -9})));
  REQUIRE(is(v.where(c, 0), tensor({1, 4, 0})));
  REQUIRE(v.equal(v));
  REQUIRE(v.allclose(v + 1e-7));
  REQUIRE(allclose(v, v));
  REQUIRE((v == v).sum().item<int>() == 3);
}

TEST_CASE("typed: shapes") {
  const std::vector<std::int64_t> sizes{3, 2};
  REQUIRE(is(a.view({3, 2}), tensor({{1, 2}, {3, 4}, {5, 6}})));
  REQUIRE(is(a.view(-1), tensor({1, 2, 3, 4, 5, 6})));
  REQUIRE(is(a.view({-1, 2}), a.view({3, 2})));
  REQUIRE(is(a.view(sizes), a.view({3, 2})));
  REQUIRE(is(a.reshape({3, 2}), a.view({3, 2})));
  REQUIRE(is(a.reshape(-1), a.view(6)));
  REQUIRE(is(a.reshape(b.sizes()), a));
  REQUIRE(is(a.flatten(), a.view(6)));
  REQUIRE(is(a.flatten(0, 1), a.view(6)));
  REQUIRE(is(flatten(a), a.view(6)));
  REQUIRE(is(a.t(), tensor({{1, 4}, {2, 5}, {3, 6}})));
  REQUIRE(is(a.transpose(0, 1), a.t()));
  REQUIRE(is(a.transpose(-2, -1), a.t()));
  REQUIRE(is(a.permute({1, 0}), a.t()));
  REQUIRE(is(a.permute(std::vector<std::int64_t>{1, 0}), a.t()));
  REQUIRE(is(permute(a, {1, 0}), a.t()));
  REQUIRE(a.unsqueeze(0).sizes() == Shape{1, 2, 3});
  REQUIRE(a.unsqueeze(-1).sizes() == Shape{2, 3, 1});
  REQUIRE(is(a.unsqueeze(0).squeeze(), a));
  REQUIRE(is(a.unsqueeze(0).squeeze(0), a));
  REQUIRE(is(v.expand({2, 3}), tensor({{1, 4, 9}, {1, 4, 9}})));
  REQUIRE(is(v.expand({2, -1}), v.expand({2, 3})));
  REQUIRE(is(v.expand(a.sizes()), v.expand({2, 3})));
  REQUIRE(is(v.expand_as(a), v.expand({2, 3})));
  REQUIRE(is(a.view_as(zeros(3, 2)), a.view({3, 2})));
  REQUIRE(is(a.select(1, 0), tensor({1, 4})));
  REQUIRE(is(a.narrow(1, 1, 2), tensor({{2, 3}, {5, 6}})));
  REQUIRE(is(a.slice(1, {.start = 1}), a.narrow(1, 1, 2)));
  REQUIRE(is(a.slice(1, {1, 3}), a.narrow(1, 1, 2)));
  REQUIRE(is(a.index_select(0, ints({1})), tensor({{4, 5, 6}})));
  REQUIRE(is(a.gather(1, ints({{0}, {2}})), tensor({{1}, {6}})));
  REQUIRE(is(v.repeat(2), tensor({1, 4, 9, 1, 4, 9})));
  REQUIRE(is(v.repeat({2, 1}), v.expand({2, 3})));
  REQUIRE(is(v.flip(0), tensor({9, 4, 1})));
  REQUIRE(is(a.flip({0, 1}), tensor({{6, 5, 4}, {3, 2, 1}})));
  REQUIRE(is(v.roll(1), tensor({9, 1, 4})));
  REQUIRE(is(a.roll(1, 0), tensor({{4, 5, 6}, {1, 2, 3}})));
  REQUIRE(is(a.tril(), tensor({{1, 0, 0}, {4, 5, 0}})));
  REQUIRE(is(a.triu(1), tensor({{0, 2, 3}, {0, 0, 6}})));
  REQUIRE(is(bools({{1, 1}, {1, 1}}).tril(), bools({{1, 0}, {1, 1}})));
  REQUIRE(is(a.diag(), tensor({1, 5})));
  REQUIRE(is(diag(tensor({1, 2}), -1), tensor({{0, 0, 0}, {1, 0, 0}, {0, 2, 0}})));
  REQUIRE(is(a.slice_scatter(zeros(2, 1), 1, {.start = 2}), tensor({{1, 2, 0}, {4, 5, 0}})));
  REQUIRE(is(a.select_scatter(zeros(3), 0, 1), tensor({{1, 2, 3}, {0, 0, 0}})));
  REQUIRE(is(one_hot(ints({2, 0})), ints({{0, 0, 1}, {1, 0, 0}})));
  REQUIRE(is(one_hot(ints({1}), 3), ints({{0, 1, 0}})));
  REQUIRE(one_hot(zeros({0, 2}, {.dtype = DType::int64}), 4).shape() == Shape{0, 2, 4});
  REQUIRE(is(cat({v, v}), v.repeat(2)));
  REQUIRE(is(cat({a, a}, 1).narrow(1, 3, 3), a));
  REQUIRE(is(cat(std::vector<Tensor>{v, v}, 0), v.repeat(2)));
  REQUIRE(is(stack({v, v}), v.expand({2, 3})));
  REQUIRE(is(stack(unbind(a), 1), a.t()));
  REQUIRE(is(a.clone(), a));
  REQUIRE(a.t().contiguous().is_contiguous());
  REQUIRE(a.to(DType::int64).dtype() == DType::int64);
  REQUIRE(a.to(Device::cpu()).is_same(a));
  REQUIRE(a.cpu().is_same(a));
}

TEST_CASE("typed: parts are views") {
  REQUIRE(is(a.slice(1, 0, 2), tensor({{1, 2}, {4, 5}})));
  REQUIRE(is(a.slice(1, 0, a.size(1), 2), tensor({{1, 3}, {4, 6}})));
  REQUIRE(a.chunk(2).size() == 2);
  REQUIRE(is(a.chunk(2)[1], tensor({{4, 5, 6}})));
  REQUIRE(is(chunk(a, 2, 1)[1], tensor({{3}, {6}})));
  REQUIRE(a.chunk(9, 1).size() == 3);
  REQUIRE(zeros(0).chunk(3).size() == 3);
  REQUIRE(a.split(1).size() == 2);
  REQUIRE(is(a.split(2, 1)[1], tensor({{3}, {6}})));
  REQUIRE(is(split(a, {1, 2}, 1)[1], tensor({{2, 3}, {5, 6}})));
  REQUIRE(is(split(a, {2})[0], a));
  REQUIRE(is(a.split(std::vector<int>{1, 2}, -1)[0], tensor({{1}, {4}})));
  REQUIRE(zeros(0).split(2).size() == 1);
  REQUIRE(is(a.unbind()[1], tensor({4, 5, 6})));
  REQUIRE(is(unbind(a, 1)[2], tensor({3, 6})));
  const Tensor base = a.clone();
  base.split(1)[0].zero_();
  base.chunk(3, 1)[2].fill_(7);
  base.unbind()[1].view({1, 3}).narrow(1, 0, 1).fill_(8);
  REQUIRE(is(base, tensor({{0, 0, 7}, {8, 5, 7}})));
  const Tensor same = a.clone();
  same.repeat({1, 1}).zero_();
  same.flip(Shape{}).zero_();
  same.roll(0).zero_();
  same.diag().zero_();
  tensor(1).repeat(Shape{});
  REQUIRE(is(same, a));
}

TEST_CASE("typed: in-place operations") {
  Tensor x = v.clone();
  x += v;
  REQUIRE(is(x, v * 2));
  x -= v;
  x *= v;
  x /= v;
  REQUIRE(is(x, v));
  x += 1;
  x -= 1;
  x *= 2;
  x /= 2;
  REQUIRE(is(x, v));
  const Tensor m = a.clone();
  m[0] += 10;
  REQUIRE(is(m[0], tensor({11, 12, 13})));
  m[0].copy_(v);
  m[1][2].fill_(0);
  REQUIRE(is(m, tensor({{1, 4, 9}, {4, 5, 0}})));
  REQUIRE(is(v.clone().exp_(), exp(v)));
  REQUIRE(is(v.clone().log_(), log(v)));
  REQUIRE(is(v.clone().sqrt_(), sqrt(v)));
  REQUIRE(is(v.clone().sin_(), sin(v)));
  REQUIRE(is(v.clone().cos_(), cos(v)));
  REQUIRE(is(v.clone().tanh_(), tanh(v)));
  REQUIRE(is(v.clone().sigmoid_(), sigmoid(v)));
  REQUIRE(is(v.clone().neg_(), -v));
  REQUIRE(is((-v).abs_(), v));
  REQUIRE(is((v - 4).relu_(), tensor({0, 0, 5})));
  REQUIRE(is(v.clone().clamp_(2, 5), tensor({2, 4, 5})));
  REQUIRE(is(a.clone().t().relu_(), a.t()));
  REQUIRE(is(v.clone().add_(1).mul_(2), (v + 1) * 2));
  REQUIRE(is(v.clone().zero_(), zeros(3)));
}

TEST_CASE("typed: indices") {
  REQUIRE(is(a.index({0}), a[0]));
  REQUIRE(is(a.index({Slice(), 1}), tensor({2, 5})));
  REQUIRE(is(a.index({Slice(1, None)}), a.slice(0, {.start = 1})));
  REQUIRE(is(a.index({Ellipsis, Slice(0, 3, 2)}), tensor({{1, 3}, {4, 6}})));
  REQUIRE(is(a.index({"...", -1}), tensor({3, 6})));
  REQUIRE(is(a.index({None, 0}), a[0].unsqueeze(0)));
  REQUIRE(is(a.index({ints({1, 0, 1})}), tensor({{4, 5, 6}, {1, 2, 3}, {4, 5, 6}})));
  REQUIRE(is(a.index({ints({1, 0}), ints({-1, 0})}), tensor({6, 1})));
  REQUIRE(is(a.index({a > 4}), tensor({5, 6})));
  REQUIRE(is(a.index({Slice(), bools({1, 0, 1})}), tensor({{1, 3}, {4, 6}})));
  REQUIRE(is(a.index({Slice(0, 1), 0, None}), tensor({{1}})));
  REQUIRE(is(index(a, {1, 2}), tensor(6)));
  const Tensor m = a.clone();
  m.index({Slice(), 0}).fill_(7);
  REQUIRE(is(m, tensor({{7, 2, 3}, {7, 5, 6}})));
  m.index_put_({m > 5}, 0);
  REQUIRE(is(m, tensor({{0, 2, 3}, {0, 5, 0}})));
  m.index_put_({ints({0, 0}), ints({1, 1})}, tensor({1, 1}), /*accumulate=*/true);
  REQUIRE(is(m[0], tensor({0, 4, 3})));
  REQUIRE(is(index_put(v, {0}, tensor(5)), v.index_put({0}, 5)));
  REQUIRE(is(v.masked_select(v > 2), tensor({4, 9})));
  REQUIRE(is(masked_select(v, bools({1, 0, 1})), tensor({1, 9})));
  REQUIRE(is((v > 2).nonzero(), ints({{1}, {2}})));
  REQUIRE(is(nonzero(a - 2), ints({{0, 0}, {0, 2}, {1, 0}, {1, 1}, {1, 2}})));
  REQUIRE(is(a.take_along_dim(a.argmax(1, true), 1), tensor({{3}, {6}})));
  REQUIRE(is(take_along_dim(a, ints({5})), tensor({6})));
  REQUIRE(is(v.index_add(0, ints({0, 0}), tensor({1, 2})), tensor({4, 4, 9})));
  REQUIRE(is(index_add(v, 0, ints({2}), tensor({1}), 2), tensor({1, 4, 11})));
  REQUIRE(is(v.scatter(0, ints({2, 0}), tensor({5, 6})), tensor({6, 4, 5})));
  REQUIRE(is(scatter(v, 0, ints({2, 0}), 0), tensor({0, 4, 0})));
  REQUIRE(is(v.scatter_add(0, ints({2, 2}), tensor({5, 6})), tensor({1, 4, 20})));
  REQUIRE(is(scatter_add(v, 0, ints({0}), v), tensor({2, 4, 9})));
  REQUIRE(is(zeros(3).scatter_(0, ints({1}), 1), tensor({0, 1, 0})));
  REQUIRE(is(zeros(3).scatter_(0, ints({1}), v), tensor({0, 1, 0})));
  REQUIRE(is(zeros(3).scatter_add_(0, ints({1, 1}), v), tensor({0, 5, 0})));
  REQUIRE(is(zeros(3).index_add_(0, ints({1, 1}), tensor({2, 3})), tensor({0, 5, 0})));
  REQUIRE(is(searchsorted(v, tensor({4, 5})), ints({1, 2})));
  REQUIRE(is(searchsorted(v, tensor({4, 5}), /*right=*/true), ints({2, 2})));
  REQUIRE(multinomial(v, 2).sizes() == Shape{2});
  REQUIRE(a.softmax(-1).multinomial(1).sizes() == Shape{2, 1});
  REQUIRE(v.multinomial(20, /*replacement=*/true).amax().item<int>() <= 2);
  REQUIRE(is(bernoulli(tensor({0, 1})), tensor({0, 1})));
  REQUIRE(is(tensor({0, 1}).bernoulli(), tensor({0, 1})));
}

TEST_CASE("typed: gradients") {
  const Tensor x = v.clone(), w = tensor({2., 3., 4.}, {.requires_grad = true});
  x.requires_grad_();
  REQUIRE(x.requires_grad());
  const Tensor loss = (x * x).sum();
  loss.backward({}, true);
  loss.backward(tensor(1), true);
  loss.backward(tensor(1), /*retain_graph=*/true, /*create_graph=*/false);
  REQUIRE(is(x.grad(), 6 * v));
  loss.backward({}, false);
  REQUIRE_THROWS_AS(loss.backward(), Error);
  x.zero_grad();
  const Tensor y = x * 2;
  y.detach_();
  REQUIRE_FALSE(y.requires_grad());
  y.narrow(0, 0, 1).zero_();  // y is on its own now
  REQUIRE(is(y, tensor({0, 8, 18})));
  REQUIRE_FALSE(x.detach().requires_grad());
  Tensor z = x * 2;
  z.sigmoid_();
  z.sum().backward();
  REQUIRE(allclose(x.grad(), 2 * sigmoid(2 * v) * (1 - sigmoid(2 * v))));
  x.zero_grad();
  autograd::backward({(x * 2).sum(), (x * 3).sum()});
  (x * w).sum().backward({.inputs = {x}});
  REQUIRE(is(x.grad(), w + 5));
  REQUIRE(is(autograd::grad({(x * x).sum()}, {x})[0], 2 * v));
  REQUIRE(is(autograd::grad({(x * x).sum(), x.sum()}, {x})[0], 2 * v + 1));
  REQUIRE(is(autograd::grad(x * x, {x}, {.grad_outputs = {w}})[0], 2 * v * w));
  REQUIRE(is(autograd::grad({x * x}, {x}, {w})[0], 2 * v * w));
  const Tensor slope =
      autograd::grad({x * x}, {x}, /*grad_outputs=*/{w}, /*retain_graph=*/true, /*create_graph=*/true)[0];
  REQUIRE(slope.requires_grad());
  REQUIRE(slope.grad_fn()->name() == "add");
  REQUIRE_FALSE(x.grad_fn());
  x.requires_grad_(false);
  REQUIRE_FALSE(x.requires_grad());
}

TEST_CASE("typed: every operation of one tensor is a method") {
  const std::string methods = test::read_file(TENON_SOURCE_DIR "/core/tensor.h");
  // Functions in PyTorch too, or, like bitwise_equal(), for tests.
  const std::set<std::string> functions{// creation
      "empty_like", "zeros_like", "ones_like", "full_like", "rand_like", "randn_like", "one_hot",
      // search
      "searchsorted",
      // two results
      "var_mean", "std_mean",
      // layers and losses
      "linear", "dropout", "dropout2d", "embedding", "layer_norm", "rms_norm", "batch_norm", "mse_loss",
      "l1_loss", "huber_loss", "smooth_l1_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits",
      "kl_div", "scaled_dot_product_attention", "conv2d", "conv_transpose2d", "unfold", "fold", "max_pool2d",
      "avg_pool2d", "adaptive_avg_pool2d", "nll_loss", "cross_entropy", "bitwise_equal",
      // activations
      "leaky_relu", "elu", "selu", "silu", "gelu", "softplus", "hardtanh"};
  const std::set<std::string> operations = test::operations_of_one_tensor();
  REQUIRE(operations.contains("sqrt"));
  for (const std::string& name : operations) {
    INFO(name);
    REQUIRE(functions.contains(name) == (methods.find(" " + name + "(") == std::string::npos));
  }
}
