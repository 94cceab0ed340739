// A character-level transformer, as in GPT-2 (Radford et al. 2019): each position predicts the next character
// from those before it. Shapes: B texts, T characters each, C channels, H heads of D = C / H channels,
// V different characters.
#pragma once
#include <tenon/tenon.h>

struct Size {
  std::int64_t context = 64, channels = 96, heads = 4, layers = 3;  // T, C, H
  double dropout = 0.1;
};

/// Every position takes a weighted mean of the values of those before it and its own.
struct Attention : tenon::nn::Module {
  tenon::nn::Linear query, key, value, out;
  tenon::nn::Dropout drop;  // of the weights and of the output
  std::int64_t heads;

  explicit Attention(const Size& size)
      : query(size.channels, size.channels),
        key(size.channels, size.channels),
        value(size.channels, size.channels),
        out(size.channels, size.channels),
        drop(size.dropout),
        heads(size.heads) {}

  tenon::Tensor operator()(const tenon::Tensor& x) {  // [B, T, C]
    const auto split = [&](const tenon::Tensor& a) {  // [B, H, T, D]
      return a.reshape({a.size(0), a.size(1), heads, -1}).transpose(1, 2);
    };
    const tenon::Tensor seen = scaled_dot_product_attention(split(query(x)), split(key(x)), split(value(x)),
        {.dropout_p = is_training() ? drop.p : 0, .is_causal = true});  // [B, H, T, D]
    return drop(out(seen.transpose(1, 2).flatten(2)));
  }
  void visit(tenon::nn::Visitor& visitor) override {
    visitor("query", query), visitor("key", key), visitor("value", value), visitor("out", out);
    visitor("drop", drop);
  }
};

/// Attention between positions, then an MLP within each; both are added to what they read.
struct Block : tenon::nn::Module {
  tenon::nn::LayerNorm norm1, norm2;
  Attention attention;
  tenon::nn::Sequential mlp;

  explicit Block(const Size& size)
      : norm1(size.channels),
        norm2(size.channels),
        attention(size),
        mlp(tenon::nn::Linear(size.channels, 4 * size.channels), tenon::nn::GELU(),
            tenon::nn::Linear(4 * size.channels, size.channels), tenon::nn::Dropout(size.dropout)) {}

  tenon::Tensor operator()(const tenon::Tensor& x) {
    const tenon::Tensor y = x + attention(norm1(x));
    return y + mlp(norm2(y));
  }
  void visit(tenon::nn::Visitor& visitor) override {
    visitor("norm1", norm1), visitor("attention", attention), visitor("norm2", norm2), visitor("mlp", mlp);
  }
};

struct Gpt : tenon::nn::Module {
  tenon::nn::Embedding characters, positions;
  tenon::nn::Sequential blocks;
  tenon::nn::LayerNorm norm;
  tenon::nn::Linear head;

  Gpt(std::int64_t vocabulary, const Size& size)
      : characters(vocabulary, size.channels),
        positions(size.context, size.channels),
        norm(size.channels),
        head(size.channels, vocabulary) {
    for (std::int64_t i = 0; i < size.layers; ++i) blocks.push_back(Block(size));
    for (const tenon::nn::Embedding* table : {&characters, &positions})
      tenon::nn::init::normal_(table->weight, 0, 0.02);
  }

  /// The logits of the next character at each position, [B, T, V], of characters x [B, T], int64.
  tenon::Tensor operator()(const tenon::Tensor& x) {
    const tenon::Tensor places = tenon::arange(
        static_cast<double>(x.shape()[1]), {.dtype = tenon::DType::int64, .device = x.device()});
    return head(norm(blocks(characters(x) + positions(places))));
  }
  void visit(tenon::nn::Visitor& visitor) override {
    visitor("characters", characters), visitor("positions", positions), visitor("blocks", blocks);
    visitor("norm", norm), visitor("head", head);
  }
};
