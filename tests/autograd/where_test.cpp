// Every error of an operation begins with the name of the called function and ends with the line of the call.
#include "../support/catch.h"

#include <cmath>
#include <functional>

#include <tenon/autograd/tape/node.h>
#include <tenon/core/call.h>

#include "../support/op_cases.h"
#include "../support/tensors.h"

using namespace tenon;
using test::at_line;
using test::error_of;
using test::full_error_of;

namespace {

struct Mistake {
  unsigned line;
  const char* function;
  std::function<void()> call;
};

const std::vector<Mistake>& mistakes() {
  static const Tensor a = ones({2, 3}), b = ones({4}), counts = ones({2}, {.dtype = DType::int64}), none,
                      leaf = ones({2}, {.requires_grad = true}), yes = ones({2}, {.dtype = DType::boolean});
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  // Each mistake on one line: the test compares line numbers.
  // clang-format off
  static const std::vector<Mistake> all = {
      {__LINE__, "add", [] { add(a, b); }},
      {__LINE__, "add", [] { a + b; }},
      {__LINE__, "add", [] { a + none; }},
      {__LINE__, "add", [] { counts + 0.5; }},
      {__LINE__, "sub", [] { 0.5 - counts; }},
      {__LINE__, "mul", [] { a * b; }},
      {__LINE__, "div", [] { counts / counts; }},
      {__LINE__, "div", [] { 1 / counts; }},
      {__LINE__, "neg", [] { -yes; }},
      {__LINE__, "eq", [] { a == b; }},
      {__LINE__, "lt", [] { a < b; }},
      {__LINE__, "ge", [] { counts >= 0.5; }},
      {__LINE__, "gt", [] { 0.5 < counts; }},
      {__LINE__, "logical_and", [] { yes && ones({3}, {.dtype = DType::boolean}); }},
      {__LINE__, "logical_or", [] { yes || none; }},
      {__LINE__, "logical_xor", [] { logical_xor(a, b); }},
      {__LINE__, "logical_not", [] { !none; }},
      {__LINE__, "exp", [] { exp(counts); }},
      {__LINE__, "abs", [] { abs(yes); }},
      {__LINE__, "log", [] { log(none); }},
      {__LINE__, "sqrt", [] { sqrt(counts); }},
      {__LINE__, "sin", [] { sin(counts); }},
      {__LINE__, "cos", [] { cos(counts); }},
      {__LINE__, "tanh", [] { tanh(counts); }},
      {__LINE__, "sigmoid", [] { sigmoid(counts); }},
      {__LINE__, "relu", [] { relu(counts); }},
      {__LINE__, "expm1", [] { expm1(counts); }},
      {__LINE__, "log1p", [] { log1p(counts); }},
      {__LINE__, "exp2", [] { exp2(counts); }},
      {__LINE__, "log2", [] { log2(counts); }},
      {__LINE__, "rsqrt", [] { rsqrt(counts); }},
      {__LINE__, "square", [] { square(counts); }},
      {__LINE__, "reciprocal", [] { reciprocal(counts); }},
      {__LINE__, "erf", [] { erf(counts); }},
      {__LINE__, "sign", [] { sign(counts); }},
      {__LINE__, "floor", [] { floor(counts); }},
      {__LINE__, "ceil", [] { ceil(counts); }},
      {__LINE__, "round", [] { round(counts); }},
      {__LINE__, "trunc", [] { trunc(counts); }},
      {__LINE__, "nan_to_num", [] { nan_to_num(counts); }},
      {__LINE__, "leaky_relu", [] { leaky_relu(counts); }},
      {__LINE__, "elu", [] { elu(counts); }},
      {__LINE__, "selu", [] { selu(counts); }},
      {__LINE__, "silu", [] { silu(counts); }},
      {__LINE__, "gelu", [] { gelu(counts); }},
      {__LINE__, "softplus", [] { softplus(counts); }},
      {__LINE__, "hardtanh", [] { hardtanh(counts); }},
      {__LINE__, "hypot", [] { hypot(a, b); }},
      {__LINE__, "atan2", [] { atan2(a, b); }},
      {__LINE__, "fmod", [] { fmod(a, b); }},
      {__LINE__, "remainder", [] { remainder(a, b); }},
      {__LINE__, "logical_and", [] { logical_and(a, b); }},
      {__LINE__, "logical_or", [] { logical_or(a, b); }},
      {__LINE__, "logical_xor", [] { logical_xor(a, b); }},
      {__LINE__, "softplus", [] { softplus(a, 0); }},
      {__LINE__, "hardtanh", [] { hardtanh(a, 1, -1); }},
      {__LINE__, "fmod", [] { fmod(counts, 2); }},
      {__LINE__, "lerp", [] { lerp(a, b, 0.5); }},
      {__LINE__, "lerp", [] { lerp(a, a, b); }},
      {__LINE__, "addcmul", [] { addcmul(a, a, b); }},
      {__LINE__, "masked_fill", [] { masked_fill(a, a, 1); }},
      {__LINE__, "logical_not", [] { logical_not(none); }},
      {__LINE__, "isnan", [] { isnan(none); }},
      {__LINE__, "isinf", [] { isinf(none); }},
      {__LINE__, "isfinite", [] { isfinite(none); }},
      {__LINE__, "pow", [] { pow(counts, 2); }},
      {__LINE__, "pow", [] { pow(a, b); }},
      {__LINE__, "pow", [] { pow(2, counts); }},
      {__LINE__, "maximum", [] { maximum(a, b); }},
      {__LINE__, "maximum", [] { maximum(counts, 0.5); }},
      {__LINE__, "minimum", [] { minimum(0.5, counts); }},
      {__LINE__, "minimum", [] { minimum(a, b); }},
      {__LINE__, "clamp", [] { clamp(counts, 0.5, 1); }},
      {__LINE__, "clamp_min", [] { clamp_min(counts, 0.5); }},
      {__LINE__, "clamp_max", [] { a.clamp_max(NAN); }},
      {__LINE__, "where", [] { where(a, a, a); }},
      {__LINE__, "where", [] { where(yes, a, b); }},
      {__LINE__, "where", [] { where(a, 1., 0.); }},
      {__LINE__, "matmul", [] { matmul(a, a); }},
      {__LINE__, "matmul", [] { const Tensor x = expand(ones({1}), {1ll << 30, 1}); matmul(x, x.t()); }},
      {__LINE__, "matmul", [] { matmul(a, ones({})); }},
      {__LINE__, "matmul", [] { matmul(b, b.slice(0, {.stop = 1})); }},
      {__LINE__, "matmul", [] { matmul(ones({2, 1, 1}), ones({3, 1, 1})); }},
      {__LINE__, "matmul", [] { matmul(counts, counts); }},
      {__LINE__, "mm", [] { mm(a, b); }},
      {__LINE__, "mm", [] { mm(counts.reshape({1, -1}), counts.reshape({-1, 1})); }},
      {__LINE__, "mv", [] { mv(a, a); }},
      {__LINE__, "mv", [] { mv(a, ones({7})); }},
      {__LINE__, "bmm", [] { bmm(a, a); }},
      {__LINE__, "bmm", [] { bmm(ones({2, 1, 1}), ones({1, 1, 1})); }},
      {__LINE__, "bmm", [] { bmm(ones({2, 1, 3}), ones({2, 2, 1})); }},
      {__LINE__, "linear", [] { linear(ones({}), ones({1, 1})); }},
      {__LINE__, "linear", [] { linear(a, ones({1, 4})); }},
      {__LINE__, "linear", [] { nn::Linear(-1, 2); }},
      {__LINE__, "linear", [] { nn::Linear(3, 2)(b); }},
      {__LINE__, "sum", [] { a.sum({2}); }},
      {__LINE__, "mean", [] { counts.mean(); }},
      {__LINE__, "amax", [] { amax(counts != 0); }},
      {__LINE__, "amax", [] { zeros({0}).amax(); }},
      {__LINE__, "argmax", [] { argmax(counts != 0, 0); }},
      {__LINE__, "argmax", [] { zeros({0}).argmax(); }},
      {__LINE__, "argmin", [] { argmin(a, 2); }},
      {__LINE__, "amin", [] { amin(counts != 0); }},
      {__LINE__, "amin", [] { a.amin({0, -2}); }},
      {__LINE__, "max", [] { zeros({0}).max(); }},
      {__LINE__, "max", [] { tenon::max(zeros({2, 0}), 1); }},
      {__LINE__, "max", [] { tenon::max(yes, 0); }},
      {__LINE__, "min", [] { yes.min(); }},
      {__LINE__, "min", [] { a.min(2); }},
      {__LINE__, "prod", [] { prod(a, {2}); }},
      {__LINE__, "all", [] { a.all({0, 0}); }},
      {__LINE__, "any", [] { tenon::any(none); }},
      {__LINE__, "var", [] { var(counts); }},
      {__LINE__, "var", [] { ones({1, 3}).var({0}); }},
      {__LINE__, "std", [] { zeros({0}).std(); }},
      {__LINE__, "std", [] { a.std({1}, {.correction = 3}); }},
      {__LINE__, "var_mean", [] { var_mean(counts); }},
      {__LINE__, "std_mean", [] { std_mean(zeros({0})); }},
      {__LINE__, "norm", [] { norm(counts); }},
      {__LINE__, "norm", [] { a.norm(NAN); }},
      {__LINE__, "norm", [] { zeros({0}).norm(INFINITY); }},
      {__LINE__, "cumsum", [] { cumsum(a, 2); }},
      {__LINE__, "sort", [] { a.sort(2); }},
      {__LINE__, "searchsorted", [] { searchsorted(a, b); }},
      {__LINE__, "argsort", [] { argsort(none); }},
      {__LINE__, "topk", [] { topk(a, 4); }},
      {__LINE__, "topk", [] { topk(yes, 1); }},
      {__LINE__, "median", [] { median(yes); }},
      {__LINE__, "median", [] { a.median(-3); }},
      {__LINE__, "softmax", [] { softmax(counts, 0); }},
      {__LINE__, "log_softmax", [] { a.log_softmax(2); }},
      {__LINE__, "logsumexp", [] { logsumexp(zeros({2, 0}), 1); }},
      {__LINE__, "cross_entropy", [] { cross_entropy(a, ones({3}, {.dtype = DType::int64})); }},
      {__LINE__, "cross_entropy", [] { cross_entropy(a, b); }},
      {__LINE__, "cross_entropy", [] { cross_entropy(a, a, {.label_smoothing = 2}); }},
      {__LINE__, "nll_loss", [] { nll_loss(a, a); }},
      {__LINE__, "nll_loss", [] { nll_loss(ones({}), zeros({}, {.dtype = DType::int64})); }},
      {__LINE__, "reshape", [] { a.reshape({5}); }},
      {__LINE__, "reshape", [] { zeros({0}).reshape({0, most, most}); }},
      {__LINE__, "flatten", [] { flatten(a, 2); }},
      {__LINE__, "narrow", [] { a.narrow(0, 1, 2); }},
      {__LINE__, "select", [] { a.select(0, 2); }},
      {__LINE__, "select", [] { a[2]; }},
      {__LINE__, "slice", [] { slice(a, 0, {.step = 0}); }},
      {__LINE__, "expand", [] { expand(ones({1}), {most, most}); }},
      {__LINE__, "expand", [] { expand(a, {-1}); }},
      {__LINE__, "expand_as", [] { a.expand_as(b); }},
      {__LINE__, "view_as", [] { a.view_as(b); }},
      {__LINE__, "unsqueeze", [] { unsqueeze(a, 3); }},
      {__LINE__, "unsqueeze", [] { unsqueeze(ones({1, 1, 1, 1, 1, 1, 1, 1}), 0); }},
      {__LINE__, "squeeze", [] { squeeze(a, 2); }},
      {__LINE__, "transpose", [] { a.transpose(0, 2); }},
      {__LINE__, "t", [] { ones({1, 1, 1}).t(); }},
      {__LINE__, "permute", [] { permute(a, {0, 0}); }},
      {__LINE__, "view", [] { ones({2, 3}).t().view(6); }},
      {__LINE__, "split", [] { split(a, 0); }},
      {__LINE__, "split", [] { split(a, {1, 2}); }},
      {__LINE__, "split", [] { split(a, {1, -1, 2}); }},
      {__LINE__, "split", [] { a.split({1}); }},
      {__LINE__, "chunk", [] { chunk(a, 0); }},
      {__LINE__, "unbind", [] { unbind(a, 2); }},
      {__LINE__, "repeat", [] { repeat(a, {2}); }},
      {__LINE__, "repeat", [] { repeat(a, {2, -1}); }},
      {__LINE__, "repeat", [] { repeat(a, {1, most}); }},
      {__LINE__, "flip", [] { flip(a, {0, -2}); }},
      {__LINE__, "roll", [] { roll(a, {1, 2}); }},
      {__LINE__, "tril", [] { tril(b); }},
      {__LINE__, "triu", [] { b.triu(1); }},
      {__LINE__, "diag", [] { diag(ones({1, 1, 1})); }},
      {__LINE__, "diag", [] { diag(b, most); }},
      {__LINE__, "slice_scatter", [] { slice_scatter(a, b, 0, {.stop = 1}); }},
      {__LINE__, "select_scatter", [] { select_scatter(a, b, 0, 2); }},
      {__LINE__, "select_scatter", [] { select_scatter(a, a, 0, 0); }},
      {__LINE__, "outer", [] { outer(a, b); }},
      {__LINE__, "dot", [] { dot(b, ones({3})); }},
      {__LINE__, "one_hot", [] { one_hot(b); }},
      {__LINE__, "one_hot", [] { one_hot(counts, 1); }},
      {__LINE__, "one_hot", [] { one_hot(counts, 0); }},
      {__LINE__, "cat", [] { cat({a, b}); }},
      {__LINE__, "cat", [] { const Tensor x = expand(ones({1}), {1ll << 56}); cat(std::vector<Tensor>(128, x)); }},
      {__LINE__, "stack", [] { stack({a, b}); }},
      {__LINE__, "stack", [] { stack({a, ones({2, 2})}); }},
      {__LINE__, "stack", [] { stack({ones({2}), counts}); }},
      {__LINE__, "stack", [] { const Tensor x = expand(ones({1}), {1ll << 55}); stack({x, x, x}); }},
      {__LINE__, "index_select", [] { index_select(a, 0, tensor({7}, {.dtype = DType::int64})); }},
      {__LINE__, "gather", [] { gather(a, 0, tensor({{7}}, {.dtype = DType::int64})); }},
      {__LINE__, "unique", [] { unique(none); }},
      {__LINE__, "take_along_dim", [] { take_along_dim(a, counts, 0); }},
      {__LINE__, "take_along_dim", [] { take_along_dim(b, counts * 4); }},
      {__LINE__, "index_add", [] { index_add(a, 0, counts, ones({3, 3})); }},
      {__LINE__, "index_add", [] { index_add(b, 0, counts * 4, ones({2})); }},
      {__LINE__, "index_add_", [] { b.index_add_(0, counts * -1, ones({2})); }},
      {__LINE__, "scatter", [] { scatter(a, 0, counts, a); }},
      {__LINE__, "scatter", [] { scatter(b, 0, counts * 4, b); }},
      {__LINE__, "scatter", [] { scatter(counts, 0, counts, 0.5); }},
      {__LINE__, "scatter_", [] { leaf.scatter_(0, counts, 1); }},
      {__LINE__, "scatter_add", [] { scatter_add(yes, 0, counts, yes); }},
      {__LINE__, "scatter_add", [] { scatter_add(b, 0, counts, a); }},
      {__LINE__, "scatter_add_", [] { b.scatter_add_(0, counts - 2, b); }},
      {__LINE__, "nonzero", [] { nonzero(none); }},
      {__LINE__, "masked_select", [] { masked_select(a, a); }},
      {__LINE__, "masked_select", [] { masked_select(b, yes); }},
      {__LINE__, "index", [] { a.index({0, 0, 0}); }},
      {__LINE__, "index", [] { a.index({Ellipsis, 3}); }},
      {__LINE__, "index", [] { a.index({Ellipsis, "..."}); }},
      {__LINE__, "index", [] { a.index({"..", 0}); }},
      {__LINE__, "index", [] { a.index({counts * -3}); }},
      {__LINE__, "index", [] { a.index({b}); }},
      {__LINE__, "index", [] { b.index({yes}); }},
      {__LINE__, "index", [] { b.index({Slice(0, 2, -1)}); }},
      {__LINE__, "index_put", [] { index_put(a, {counts}, b); }},
      {__LINE__, "index_put_", [] { b.index_put_({counts * 4}, 1); }},
      {__LINE__, "embedding", [] { embedding(counts, ones({1, 3})); }},
      {__LINE__, "embedding", [] { embedding(a, a); }},
      {__LINE__, "embedding", [] { embedding(counts, b); }},
      {__LINE__, "embedding", [] { embedding(counts, a, 2); }},
      {__LINE__, "layer_norm", [] { layer_norm(a, 2); }},
      {__LINE__, "layer_norm", [] { layer_norm(a, 3, b); }},
      {__LINE__, "layer_norm", [] { layer_norm(a, Shape{}); }},
      {__LINE__, "layer_norm", [] { layer_norm(zeros({2, 0}), 0); }},
      {__LINE__, "rms_norm", [] { rms_norm(counts, 2); }},
      {__LINE__, "batch_norm", [] { batch_norm(a, none, none); }},
      {__LINE__, "batch_norm", [] { batch_norm(b, none, none, none, none, true); }},
      {__LINE__, "batch_norm", [] { batch_norm(ones({1, 4}), none, none, b, none, true); }},
      {__LINE__, "batch_norm", [] { batch_norm(a, none, none, none, none, true, 2); }},
      {__LINE__, "batch_norm", [] { batch_norm(ones({3, 2}), ones({2}), expand(ones({1}), 2), none, none, true); }},
      {__LINE__, "scaled_dot_product_attention", [] { scaled_dot_product_attention(a, ones({3, 4}), ones({3, 4})); }},
      {__LINE__, "scaled_dot_product_attention", [] { scaled_dot_product_attention(a, ones({0, 2}), ones({0, 2})); }},
      {__LINE__, "scaled_dot_product_attention", [] { scaled_dot_product_attention(a, a, ones({4, 2})); }},
      {__LINE__, "scaled_dot_product_attention", [] { scaled_dot_product_attention(a, a, a, {.dropout_p = 2}); }},
      {__LINE__, "scaled_dot_product_attention", [] { scaled_dot_product_attention(a, a, a, {.attn_mask = ones({4, 1})}); }},
      {__LINE__, "scaled_dot_product_attention", [] { scaled_dot_product_attention(a, a, a, {.attn_mask = counts}); }},
      {__LINE__, "scaled_dot_product_attention", [] { scaled_dot_product_attention(a, a, a, {.attn_mask = a, .is_causal = true}); }},
      {__LINE__, "dropout", [] { dropout(a, 1.5); }},
      {__LINE__, "dropout", [] { dropout(counts); }},
      {__LINE__, "dropout2d", [] { dropout2d(ones({3})); }},
      {__LINE__, "dropout2d", [] { dropout2d(a, -0.5); }},
      {__LINE__, "at", [] { a.at({0}); }},
      {__LINE__, "at", [] { a.at({0, 3}); }},
      {__LINE__, "size", [] { a.size(2); }},
      {__LINE__, "clone", [] { clone(none); }},
      {__LINE__, "contiguous", [] { contiguous(none); }},
      {__LINE__, "to", [] { to(none, DType::float64); }},
      {__LINE__, "mse_loss", [] { mse_loss(a, b); }},
      {__LINE__, "l1_loss", [] { l1_loss(a, b); }},
      {__LINE__, "l1_loss", [] { l1_loss(a, a, Reduction::batchmean); }},
      {__LINE__, "huber_loss", [] { huber_loss(a, b); }},
      {__LINE__, "huber_loss", [] { huber_loss(a, a, Reduction::mean, 0); }},
      {__LINE__, "huber_loss", [] { huber_loss(counts, counts); }},
      {__LINE__, "smooth_l1_loss", [] { smooth_l1_loss(a, b); }},
      {__LINE__, "smooth_l1_loss", [] { smooth_l1_loss(a, a, Reduction::mean, -1); }},
      {__LINE__, "binary_cross_entropy", [] { binary_cross_entropy(a, b); }},
      {__LINE__, "binary_cross_entropy", [] { binary_cross_entropy(counts, counts); }},
      {__LINE__, "binary_cross_entropy", [] { binary_cross_entropy(a, a, {.weight = ones({4, 2, 3})}); }},
      {__LINE__, "binary_cross_entropy_with_logits", [] { binary_cross_entropy_with_logits(a, b); }},
      {__LINE__, "kl_div", [] { kl_div(a, b); }},
      {__LINE__, "kl_div", [] { kl_div(counts, counts); }},
      {__LINE__, "equal", [] { equal(none, a); }},
      {__LINE__, "allclose", [] { allclose(a, b); }},
      {__LINE__, "bitwise_equal", [] { bitwise_equal(a, none); }},
      {__LINE__, "item", [] { a.item<float>(); }},
      {__LINE__, "item", [] { tensor(1ll << 40, {.dtype = DType::int64}).item<int>(); }},
      {__LINE__, "detach_", [] { a.t().detach_(); }},
      {__LINE__, "data", [] { a.data<double>(); }},
      {__LINE__, "mutable_data", [] { Tensor(a).mutable_data<double>(); }},
      {__LINE__, "add_", [] { a.add_(b); }},
      {__LINE__, "add_", [] { Tensor(a) += b; }},
      {__LINE__, "exp_", [] { leaf.exp_(); }},
      {__LINE__, "relu_", [] { counts.relu_(); }},
      {__LINE__, "clamp_", [] { a.clamp_(1, 0); }},
      {__LINE__, "sub_", [] { counts.sub_(0.5); }},
      {__LINE__, "mul_", [] { leaf.mul_(2); }},
      {__LINE__, "div_", [] { counts.div_(2); }},
      {__LINE__, "copy_", [] { a.copy_(b); }},
      {__LINE__, "fill_", [] { counts.fill_(0.5); }},
      {__LINE__, "zero_", [] { leaf.zero_(); }},
      {__LINE__, "normal_", [] { a.normal_(0, -1); }},
      {__LINE__, "uniform_", [] { counts.uniform_(); }},
      {__LINE__, "empty", [] { empty({-1}); }},
      {__LINE__, "zeros", [] { zeros({most, most}); }},
      {__LINE__, "ones", [] { ones({1}, {.dtype = DType::int64, .requires_grad = true}); }},
      {__LINE__, "full", [] { full({1}, 2, {.dtype = DType::boolean}); }},
      {__LINE__, "zeros_like", [] { zeros_like(none); }},
      {__LINE__, "ones_like", [] { ones_like(none); }},
      {__LINE__, "empty_like", [] { empty_like(none); }},
      {__LINE__, "full_like", [] { full_like(counts, 0.5); }},
      {__LINE__, "rand_like", [] { rand_like(counts); }},
      {__LINE__, "randn_like", [] { randn_like(counts); }},
      {__LINE__, "zeros", [] { zeros(2, -1); }},
      {__LINE__, "arange", [] { arange(0, 1, 0); }},
      {__LINE__, "linspace", [] { linspace(0, 1, -1); }},
      {__LINE__, "eye", [] { eye(-1); }},
      {__LINE__, "rand", [] { rand({2}, {.dtype = DType::int64}); }},
      {__LINE__, "randn", [] { randn({-2}); }},
      {__LINE__, "randint", [] { randint(3, 3, {2}); }},
      {__LINE__, "randperm", [] { randperm(-1); }},
      {__LINE__, "multinomial", [] { multinomial(counts, 1); }},
      {__LINE__, "multinomial", [] { multinomial(b * NAN, 1); }},
      {__LINE__, "multinomial", [] { b.multinomial(5); }},
      {__LINE__, "bernoulli", [] { bernoulli(b * 1.5); }},
      {__LINE__, "tensor", [] { tensor({1.5}, {.dtype = DType::int64}); }},
      {__LINE__, "tensor", [] { tensor(std::vector<float>{1, 2}, {3}); }},
      {__LINE__, "from_blob", [] { from_blob(nullptr, {3}); }},
      {__LINE__, "set_requires_grad", [] { counts.set_requires_grad(); }},
      {__LINE__, "set_grad", [] { a.set_grad(a); }},
      {__LINE__, "set_data", [] { Tensor(a).set_data(b); }},
      {__LINE__, "retain_grad", [] { a.retain_grad(); }},
      {__LINE__, "conv2d", [] { conv2d(a, a); }},
      {__LINE__, "conv2d", [] { conv2d(ones({1, 2, 3}), ones({2, 2, 1, 1})); }},
      {__LINE__, "conv2d", [] { conv2d(ones({1, 2, 3}), ones({1, 1, 3, 1})); }},
      {__LINE__, "unfold", [] { unfold(ones({1, 2, 3}), {1, 2, 3}); }},
      {__LINE__, "unfold", [] { unfold(counts, 1); }},
      {__LINE__, "fold", [] { fold(a, 2, 2); }},
      {__LINE__, "max_pool2d", [] { max_pool2d(ones({1, 2, 3}), 2, {.padding = 2}); }},
      {__LINE__, "avg_pool2d", [] { avg_pool2d(ones({1, 2, 3}), 0); }},
      {__LINE__, "adaptive_avg_pool2d", [] { adaptive_avg_pool2d(ones({1, 2, 3}), 0); }},
      {__LINE__, "adaptive_avg_pool2d", [] { adaptive_avg_pool2d(ones({1, 0, 3}), 1); }},
      {__LINE__, "conv_transpose2d", [] { conv_transpose2d(ones({1, 2, 3}), ones({2, 1, 1, 1})); }},
      {__LINE__, "conv_transpose2d", [] { conv_transpose2d(ones({1, 2, 3}), ones({1, 1, 1, 1}), {}, {.padding = 2}); }},
      {__LINE__, "register_hook", [] { a.register_hook([](const Tensor&) {}); }},
      {__LINE__, "backward", [] { a.backward(); }},
      {__LINE__, "backward", [] { (leaf * 1).backward(); }},
      {__LINE__, "backward", [] { (leaf * 1).backward(a); }},
      {__LINE__, "grad", [] { autograd::grad(a, {leaf}); }},
      {__LINE__, "grad", [] { autograd::grad((leaf * 1).sum(), {}); }},
  };
  // clang-format on
  return all;
}

}  // namespace

TEST_CASE(
    "where: an error begins with the function that was called and ends with the caller's line", "[where]") {
  for (const Mistake& mistake : mistakes()) {
    const std::string text = full_error_of(mistake.call);
    INFO("line " << mistake.line << ": " << text);
    REQUIRE(text.starts_with(mistake.function + std::string(": ")));
    REQUIRE(text.ends_with(at_line(mistake.line)));
    REQUIRE(text.find(".cpp:") == text.rfind(".cpp:"));
    REQUIRE(text.find("tensor: ") == (mistake.function == std::string("tensor") ? 0 : text.npos));
  }
}

TEST_CASE("where: every function of ops.h that can fail has a mistake in the list", "[where]") {
  std::set<std::string> made;
  for (const Mistake& mistake : mistakes()) made.insert(mistake.function);
  for (const std::string& name : test::declared_operations()) {
    INFO(name);
    if (name == "ne" || name == "le" || name == "gt") continue;  // same code as eq, lt and ge
    REQUIRE(made.contains(name));
  }
}

TEST_CASE("where: no call site is left set after an error or a finished operation", "[where]") {
  full_error_of([] { stack({ones({2}), ones({3})}); });
  REQUIRE(running_call == nullptr);
  ones({2}, {.requires_grad = true}).sum().backward();
  REQUIRE(running_call == nullptr);
  REQUIRE(full_error_of([] { check(false, "mine: {} is wrong", 3); }) == "mine: 3 is wrong");
}

TEST_CASE("where: errors of a pass end with the line of the operation that they are about", "[where]") {
  const Tensor x = ones({2}, {.requires_grad = true});
  const Tensor y = x * x;
  const auto line = CallSite::current().line() - 1;
  {
    const NoGradGuard no_grad;
    x.mul_(2);
  }
  REQUIRE(
      full_error_of([&] { y.sum().backward(); }) ==
      "backward: a tensor of shape [2] that was saved for \"mul\" has been modified in place since; it is at "
      "version 1, saved at version 0" +
          at_line(line));
  REQUIRE(full_error_of([&] { autograd::grad(y.sum(), {x}); }).starts_with("grad: a tensor of shape [2]"));
}

TEST_CASE("where: an error in a hook ends with the line inside the hook", "[where]") {
  const Tensor x = ones({2}, {.requires_grad = true});
  unsigned line = 0;
  x.register_hook([&](const Tensor& g) {
    line = CallSite::current().line() + 1;
    return mm(g, g);
  });
  const std::string text = full_error_of([&] { (x * 2).sum().backward(); });
  REQUIRE(text == "mm: both operands must be matrices; a is [2], b is [2]" + at_line(line));
}

TEST_CASE("where: the tape stores only lines of user code", "[where]") {
  const Tensor x = ones({2}, {.requires_grad = true});
  const auto leaf_line = CallSite::current().line() - 1;
  REQUIRE(autograd::describe(*autograd::node_of(x)) ==
          "\"leaf\" at " + std::string(__FILE__) + ":" + std::to_string(leaf_line));
  const nn::Linear layer(2, 1);
  REQUIRE(autograd::node_of(layer.weight)->site.line() == CallSite::current().line() - 1);
  const Tensor turned = t(ones({2, 3}, {.requires_grad = true}));
  const Tensor y = flatten(turned);
  const auto line = CallSite::current().line() - 1;
  REQUIRE(autograd::node_of(y)->site.line() == line);
  REQUIRE(autograd::node_of(y)->edges()[0].source.get() != autograd::node_of(turned));
  REQUIRE(autograd::node_of(y)->edges()[0].source->site.line() == line);  // the contiguous() inside
  // Operations in a recorded pass belong to the operation that they differentiate.
  const Tensor z = exp(y).sum();
  const auto z_line = CallSite::current().line() - 1;
  const Tensor gradient = autograd::grad(z, {turned}, {.create_graph = true})[0];
  REQUIRE(std::string(autograd::node_of(gradient)->site.file_name()) == __FILE__);
  REQUIRE(autograd::node_of(gradient)->site.line() <= z_line);
}
