// Attention: PyTorch's values, masks, and the layer. The values were computed with PyTorch 2.15.
#include <cmath>

#include "../support/catch.h"

#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

namespace {

const Options wide{.dtype = DType::float64};

struct Operands {
  Tensor query = tensor({{1, 2}, {0, -1}, {3, 1}}, wide).set_requires_grad();
  Tensor key = tensor({{1, 0}, {-1, 2}, {.5, .5}}, wide).set_requires_grad();
  Tensor value = tensor({{1, 2}, {3, -1}, {0, 4}}, wide).set_requires_grad();
  Tensor grad = tensor({{1, 0}, {2, -1}, {0, 3}}, wide);

  Tensor attend(const AttentionOptions& options = {}) const {
    const Tensor out = scaled_dot_product_attention(query, key, value, options);
    out.backward(grad);
    return out;
  }
};

bool near(const Tensor& found, const TensorData& expected) {
  return allclose(found, tensor(expected, found.options()), 1e-12, 1e-14);
}

nn::MultiheadAttention layer(bool batch_first = true) {
  nn::MultiheadAttention made(4, 2, {.batch_first = batch_first, .dtype = DType::float64});
  const NoGradGuard no_grad;
  for (const Tensor& parameter : made.parameters())
    parameter.copy_(((arange(static_cast<double>(parameter.numel()), wide).remainder(7) - 3) / 8)
                        .reshape(parameter.shape()));
  return made;
}
/// [2, 3, 4]
Tensor sequence() { return ((arange(24, wide).remainder(5) - 2) / 2).reshape({2, 3, 4}); }

}  // namespace

TEST_CASE("attention: every query sees every key") {
  const Operands in;
  REQUIRE(near(in.attend(), {{2.040538070235306, 0.5481143072766511}, {0.888986556717062, 2.3470030239683624},
                                {0.7584954441301882, 2.5210884313808775}}));
  REQUIRE(near(
      in.query.grad(), {{-0.6965781544214775, 0.6965781544214775}, {-0.8999100185606067, 0.8999100185606067},
                           {0.07056236235047729, -0.07056236235047739}}));
  REQUIRE(near(
      in.key.grad(), {{-2.2490265182603237, -1.1440954011299063}, {-0.4264147945067443, -0.09957584842205466},
                         {2.6754413127670675, 1.2436712495519606}}));
  REQUIRE(near(
      in.value.grad(), {{1.1810830160127226, 1.4187143111096732}, {0.8791427225522359, -0.010738178478723395},
                           {0.9397742614350416, 0.5920238673690503}}));
}

TEST_CASE("attention: a causal query sees no later key") {
  const Operands in;
  REQUIRE(near(in.attend({.is_causal = true}),
      {{1, 2}, {1.3911406349860864, 1.4132890475208706}, {0.7584954441301882, 2.5210884313808775}}));
  REQUIRE(near(in.query.grad(),
      {{0, 0}, {-1.5574139693768008, 1.5574139693768008}, {0.07056236235047729, -0.07056236235047739}}));
  // What comes later does not matter, not even NaN.
  const Tensor spoilt = in.value.detach().clone();
  spoilt[2].fill_(std::numeric_limits<double>::quiet_NaN());
  const Tensor seen = scaled_dot_product_attention(
      in.query.narrow(0, 0, 2), in.key.narrow(0, 0, 2), spoilt.narrow(0, 0, 2), {.is_causal = true});
  REQUIRE(near(seen, {{1, 2}, {1.3911406349860864, 1.4132890475208706}}));
}

TEST_CASE("attention: a query without keys gets zeros, and gradients without NaN") {
  const Operands in;
  const Tensor mask = tensor({{1, 0, 1}, {0, 0, 0}, {1, 1, 0}}).to(DType::boolean);
  REQUIRE(near(in.attend({.attn_mask = mask}),
      {{0.41252099916039026, 3.1749580016792196}, {0, 0}, {1.1116144384143396, 1.832578342378491}}));
  REQUIRE(near(in.query.grad(),
      {{0.08568275360244633, -0.08568275360244633}, {0, 0}, {0.6706695141970108, -0.6706695141970108}}));
  REQUIRE(near(
      in.key.grad(), {{1.1773697785004094, 0.6780657715082907}, {-1.0060042712955162, -0.3353347570985054},
                         {-0.17136550720489266, -0.3427310144097853}}));
  // The same mask as numbers that are added.
  const Tensor numbers = zeros({3, 3}, wide).masked_fill(!mask, -std::numeric_limits<double>::infinity());
  const auto with = [&](const Tensor& of) {
    return scaled_dot_product_attention(in.query, in.key, in.value, {.attn_mask = of});
  };
  REQUIRE(bitwise_equal(with(mask), with(numbers)));
}

TEST_CASE("attention: numbers are added to the scaled scores") {
  const Operands in;
  const double inf = std::numeric_limits<double>::infinity();
  const Tensor mask = tensor({{0, 1.5, -1}, {2, 0, 0}, {0, 0, -inf}}, wide);
  REQUIRE(near(in.attend({.attn_mask = mask, .scale = 0.25}),
      {{2.630863469856004, -0.42262578076349644}, {1.0372337578079267, 1.9938502298410241},
          {1.5378828427399904, 1.1931757358900146}}));
}

TEST_CASE("attention: dropout drops weights") {
  const Tensor same = ones({1000, 1}, wide);  // so that all weights are equal
  manual_seed(3);
  const Tensor out = scaled_dot_product_attention(ones({1, 1}, wide), same, same, {.dropout_p = 0.25});
  REQUIRE(std::abs(out.item() - 1) < 0.1);
  REQUIRE(out.item() != 1);
}

TEST_CASE("attention: the layer has PyTorch's values") {
  const nn::MultiheadAttention attention = layer();
  const Tensor x = sequence();
  const auto [out, weights] = attention(x, x, x);
  REQUIRE(near(
      out[0], {{-0.20296295007557325, -0.25456067387968706, 0.006825406041197413, -0.24501380682327},
                  {-0.1955564494197561, -0.2878975345872338, 0.008222882170216966, -0.23870136528113872},
                  {-0.1752692653054898, -0.3597904246131451, 0.016224261688903202, -0.21542708419528883}}));
  REQUIRE(near(weights[1], {{0.3631718016079254, 0.29961113370897274, 0.33721706468310186},
                               {0.3620669426168012, 0.33674784713793504, 0.3011852102452637},
                               {0.34451418320962734, 0.35336615239913255, 0.30211966439124005}}));
  REQUIRE(allclose(weights.sum(-1), ones({2, 3}, wide)));
}

TEST_CASE("attention: the layer's masks are true where nothing is seen") {
  const nn::MultiheadAttention attention = layer();
  const Tensor x = sequence(), padding = tensor({{0, 0, 1}, {0, 0, 0}}).to(DType::boolean);
  const Tensor later = ones({3, 3}).triu(1).to(DType::boolean);
  const auto masked =
      attention(x, x, x, {.key_padding_mask = padding, .attn_mask = later, .average_attn_weights = false});
  REQUIRE(near(masked.weights[0][1], {{1, 0, 0}, {0.48964347198079483, 0.5103565280192052, 0},
                                         {0.5699722314174742, 0.4300277685825258, 0}}));
  REQUIRE(near(masked.output[1],
      {{-0.5390625, -0.2265625, -0.2421875, 0.015625},
          {-0.3491426360787055, -0.44230093747836075, -0.10171145076433181, 0.010296551157450526},
          {-0.26496532909504433, -0.4987254621007127, -0.04322818347148004, 0.014036929990244515}}));
  // The same in other words.
  const auto equal_output = [&](const nn::MultiheadAttentionInputs& inputs) {
    const nn::MultiheadAttentionResult result = attention(x, x, x, inputs);
    return bitwise_equal(result.output, masked.output) && result.weights.defined() == inputs.need_weights;
  };
  REQUIRE(equal_output({.key_padding_mask = padding, .need_weights = false, .is_causal = true}));
  REQUIRE(equal_output({.key_padding_mask = padding, .attn_mask = later.expand({4, 3, 3})}));
  REQUIRE(bitwise_equal(
      attention(x, x, x, {.is_causal = true}).output, attention(x, x, x, {.attn_mask = later}).output));
}

TEST_CASE("attention: the layer takes inputs of each layout") {
  const nn::MultiheadAttention attention = layer(), columns = layer(false);
  const Tensor x = sequence(), y = sequence().narrow(1, 0, 2);
  const auto expected = attention(y, x, x);
  const Tensor turned = x.transpose(0, 1);
  const auto found = columns(y.transpose(0, 1), turned, turned);
  REQUIRE(bitwise_equal(found.output.transpose(0, 1), expected.output));
  REQUIRE(bitwise_equal(found.weights, expected.weights));
  const auto alone = attention(y[1], x[1], x[1]);
  REQUIRE(bitwise_equal(alone.output, expected.output[1]));
  REQUIRE(bitwise_equal(alone.weights, expected.weights[1]));
}

TEST_CASE("attention: the layer drops weights in training only") {
  nn::MultiheadAttention attention(4, 2, {.dropout = 0.5, .batch_first = true});
  const Tensor x = randn({2, 3, 4});
  REQUIRE_FALSE(bitwise_equal(attention(x, x, x).output, attention(x, x, x).output));
  attention.eval();
  REQUIRE(bitwise_equal(attention(x, x, x).output, attention(x, x, x).output));
}

TEST_CASE("attention: the layer's parts") {
  nn::MultiheadAttention attention(4, 2);
  std::vector<std::string> names;
  for (const auto& [name, parameter] : attention.named_parameters()) {
    REQUIRE(parameter.requires_grad());
    names.push_back(name);
  }
  REQUIRE(names ==
          std::vector<std::string>{"in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"});
  const double bound = std::sqrt(6. / (4 + 12));  // xavier_uniform_
  REQUIRE(attention.in_proj_weight.detach().abs().amax().item() <= bound);
  REQUIRE(attention.in_proj_weight.detach().abs().amax().item() > 0.8 * bound);
  REQUIRE(attention.out_proj.bias.detach().abs().sum().item() == 0);
  const Tensor x = randn({3, 2, 4});
  nn::check_visit(attention, attention(x, x, x).output);
  REQUIRE(nn::MultiheadAttention(4, 2, {.bias = false}).parameters().size() == 2);
}

TEST_CASE("attention: mistakes with the layer") {
  REQUIRE(error_of([] {
    nn::MultiheadAttention(5, 2);
  }).starts_with("multihead_attention: embed_dim must be a multiple of num_heads; they are 5 and 2"));
  REQUIRE(error_of([] {
    nn::MultiheadAttention(4, 2, {.dropout = 2});
  }).starts_with("multihead_attention: dropout must be in [0, 1]; it is 2"));
  REQUIRE(error_of([] {
    nn::MultiheadAttention(4, 2, {.dtype = DType::int64});
  }).starts_with("multihead_attention: weights are floating-point numbers; the dtype is int64"));
  const nn::MultiheadAttention attention = layer();
  const Tensor x = sequence();
  const auto error = [&](const Tensor& query, const Tensor& key, const nn::MultiheadAttentionInputs& inputs) {
    return error_of([&] { attention(query, key, key, inputs); });
  };
  REQUIRE(
      error(x.narrow(2, 0, 3), x, {})
          .starts_with("multihead_attention: query, key and value must be matrices or batches of matrices "
                       "with 4 columns; one is [2, 3, 3]"));
  REQUIRE(error(x[0], x, {}).starts_with("multihead_attention: query, key and value must be"));
  REQUIRE(error(x.narrow(0, 0, 1), x, {}).starts_with("multihead_attention: batches or lengths differ"));
  REQUIRE(error(x, x, {.key_padding_mask = ones({3}, wide)})
              .starts_with("multihead_attention: key_padding_mask must be [2, 3]; it is [3]"));
  REQUIRE(
      error(x, x, {.attn_mask = ones({2, 3}, wide)})
          .starts_with("multihead_attention: the mask [2, 3] does not broadcast to the scores [2, 2, 3, 3]"));
}
