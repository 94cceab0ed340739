// Every operation of tenon that PyTorch has too, called with the arguments of a case.
#include "case.h"

namespace tenon::pytorch {
namespace {

Reduction reduction(const Case& c) {
  return c.has("sum") ? Reduction::sum : c.has("none") ? Reduction::none : Reduction::mean;
}
std::vector<std::int64_t> integers(const Case& c, const std::string& name) {
  const Shape sizes = c.shape(name);
  return {sizes.begin(), sizes.end()};
}
/// The dtypes as positions in the DTYPES of draw.py.
DType dtype(const Case& c) {
  const DType all[] = {DType::float32, DType::float64, DType::int64, DType::boolean};
  return all[c.integer("dtype")];
}

/// The list of index() that draw_indices() of indices.py codes as numbers; its tensors are operands from
/// `next` on.
std::vector<TensorIndex> indices(const Case& c, std::size_t next) {
  enum Kind { integer, slice, none, ellipsis, tensor };
  const std::vector<double>& numbers = c.list("numbers");
  std::vector<TensorIndex> list;
  for (auto at = numbers.begin(); at != numbers.end();) {
    const auto bound = [&]() -> std::optional<std::int64_t> {
      const auto number = static_cast<std::int64_t>(*at++);
      return number == 1000 ? std::nullopt : std::optional(number);
    };
    switch (static_cast<Kind>(static_cast<int>(*at++))) {
      case integer: list.emplace_back(static_cast<std::int64_t>(*at++)); break;
      case slice: {
        const auto start = bound(), stop = bound();
        list.emplace_back(Slice(start, stop, static_cast<std::int64_t>(*at++)));
        break;
      }
      case none: list.emplace_back(None); break;
      case ellipsis: list.emplace_back(Ellipsis); break;
      case tensor: list.emplace_back(c.in.at(next++)); break;
    }
  }
  return list;
}

using One = Tensor (*)(const Tensor&, CallSite);
using Two = Tensor (*)(const Tensor&, const Tensor&, CallSite);
using Number = Tensor (*)(const Tensor&, double, CallSite);
using NumberFirst = Tensor (*)(double, const Tensor&, CallSite);

using Some = Tensor (*)(const Tensor&, const Shape&, bool, CallSite);
using Spread = Tensor (*)(const Tensor&, const Shape&, const VarOptions&, CallSite);
using SpreadAndMean = std::pair<Tensor, Tensor> (*)(const Tensor&, const Shape&, const VarOptions&, CallSite);

std::map<std::string, Operation> make() {
  std::map<std::string, Operation> table;
  const auto one = [&](const char* name, One op) {
    table[name] = [op](const Case& c) { return std::vector{op(c.in.at(0), CallSite::current())}; };
  };
  const auto two = [&](const char* name, Two op) {
    table[name] = [op](
                      const Case& c) { return std::vector{op(c.in.at(0), c.in.at(1), CallSite::current())}; };
  };
  // The second operand is a number, of the case's argument `other`; with `first` the first one is.
  const auto number = [&](const std::string& name, Number op, NumberFirst first = nullptr) {
    table[name + ".number"] = [op](const Case& c) {
      return std::vector{op(c.in.at(0), c.number("other"), CallSite::current())};
    };
    if (first)
      table[name + ".number_first"] = [first](const Case& c) {
        return std::vector{first(c.number("other"), c.in.at(0), CallSite::current())};
      };
  };
  /// Any other operation with one result.
  const auto other = [&](const char* name, Tensor (*op)(const Case&)) {
    table[name] = [op](const Case& c) { return std::vector{op(c)}; };
  };
  const auto parts = [&](const char* name, std::vector<Tensor> (*op)(const Case&)) { table[name] = op; };

  for (const auto& [name, op] : std::initializer_list<std::pair<const char*, One>>{{"neg", neg}, {"abs", abs},
           {"exp", exp}, {"log", log}, {"expm1", expm1}, {"log1p", log1p}, {"exp2", exp2}, {"log2", log2},
           {"sqrt", sqrt}, {"rsqrt", rsqrt}, {"square", square}, {"reciprocal", reciprocal}, {"sin", sin},
           {"cos", cos}, {"erf", erf}, {"tanh", tanh}, {"sigmoid", sigmoid}, {"sign", sign}, {"floor", floor},
           {"ceil", ceil}, {"round", round}, {"trunc", trunc}, {"relu", relu}, {"selu", selu}, {"silu", silu},
           {"isnan", isnan}, {"isinf", isinf}, {"isfinite", isfinite}, {"logical_not", logical_not},
           {"clone", clone}, {"contiguous", contiguous}, {"t", t}})
    one(name, op);
  for (const auto& [name, op] : std::initializer_list<std::pair<const char*, Two>>{{"add", add}, {"sub", sub},
           {"mul", mul}, {"div", div}, {"pow", pow}, {"maximum", maximum}, {"minimum", minimum},
           {"hypot", hypot}, {"atan2", atan2}, {"fmod", fmod}, {"remainder", remainder}, {"eq", eq},
           {"ne", ne}, {"lt", lt}, {"le", le}, {"gt", gt}, {"ge", ge}, {"logical_and", logical_and},
           {"logical_or", logical_or}, {"logical_xor", logical_xor}, {"matmul", matmul}, {"mm", mm},
           {"mv", mv}, {"bmm", bmm}, {"outer", outer}, {"dot", dot}})
    two(name, op);
  number("add", add);
  number("sub", sub, sub);
  number("mul", mul);
  number("div", div, div);
  number("pow", pow, pow);
  number("fmod", fmod);
  number("remainder", remainder);
  for (const auto& [name, op] : std::initializer_list<std::pair<const char*, Number>>{
           {"eq", eq}, {"ne", ne}, {"lt", lt}, {"le", le}, {"gt", gt}, {"ge", ge}})
    number(name, op);

  // elementwise, with arguments
  other("lerp", [](const Case& c) { return lerp(c.in.at(0), c.in.at(1), c.in.at(2)); });
  other("lerp.number", [](const Case& c) { return lerp(c.in.at(0), c.in.at(1), c.number("weight")); });
  other("addcmul",
      [](const Case& c) { return addcmul(c.in.at(0), c.in.at(1), c.in.at(2), c.number("value")); });
  other("clamp", [](const Case& c) { return clamp(c.in.at(0), c.number("min"), c.number("max")); });
  other("clamp_min", [](const Case& c) { return clamp_min(c.in.at(0), c.number("min")); });
  other("clamp_max", [](const Case& c) { return clamp_max(c.in.at(0), c.number("max")); });
  other("hardtanh", [](const Case& c) { return hardtanh(c.in.at(0), c.number("min"), c.number("max")); });
  other("leaky_relu", [](const Case& c) { return leaky_relu(c.in.at(0), c.number("slope")); });
  other("elu", [](const Case& c) { return elu(c.in.at(0), c.number("alpha")); });
  other("gelu", [](const Case& c) { return gelu(c.in.at(0)); });
  other("gelu.tanh", [](const Case& c) { return gelu(c.in.at(0), GeluApproximate::tanh); });
  other("softplus",
      [](const Case& c) { return softplus(c.in.at(0), c.number("beta"), c.number("threshold")); });
  other("nan_to_num", [](const Case& c) {
    if (!c.has("nan")) return nan_to_num(c.in.at(0));
    return nan_to_num(c.in.at(0), c.number("nan"), c.number("posinf"), c.number("neginf"));
  });
  other("where", [](const Case& c) { return where(c.in.at(0), c.in.at(1), c.in.at(2)); });
  other("where.number", [](const Case& c) { return where(c.in.at(0), c.in.at(1), c.number("other")); });
  other("masked_fill", [](const Case& c) { return masked_fill(c.in.at(0), c.in.at(1), c.number("value")); });
  other("dropout", [](const Case& c) { return dropout(c.in.at(0), c.number("p"), c.flag("training")); });
  other("dropout2d", [](const Case& c) { return dropout2d(c.in.at(0), c.number("p"), c.flag("training")); });
  other("to", [](const Case& c) { return to(c.in.at(0), dtype(c)); });

  // in place, on a copy
  other("add_", [](const Case& c) { return c.in.at(0).clone().add_(c.in.at(1)); });
  other("sub_", [](const Case& c) { return c.in.at(0).clone().sub_(c.in.at(1)); });
  other("mul_", [](const Case& c) { return c.in.at(0).clone().mul_(c.in.at(1)); });
  other("div_", [](const Case& c) { return c.in.at(0).clone().div_(c.in.at(1)); });
  other("copy_", [](const Case& c) { return c.in.at(0).clone().copy_(c.in.at(1)); });

  // reductions; without `dims` over all elements
  other("sum", [](const Case& c) {
    return c.has("dims") ? sum(c.in.at(0), c.shape("dims"), c.flag("keepdim")) : sum(c.in.at(0));
  });
  other("mean", [](const Case& c) {
    return c.has("dims") ? mean(c.in.at(0), c.shape("dims"), c.flag("keepdim")) : mean(c.in.at(0));
  });
  for (const auto& [name, op, whole] :
      {std::tuple{"amax", Some(&amax), One(&amax)}, {"amin", Some(&amin), One(&amin)},
          {"prod", Some(&prod), One(&prod)}, {"all", Some(&all), One(&all)}, {"any", Some(&any), One(&any)}})
    table[name] = [op = op, whole = whole](const Case& c) {
      return std::vector{c.has("dims")
                             ? op(c.in.at(0), c.shape("dims"), c.flag("keepdim"), CallSite::current())
                             : whole(c.in.at(0), CallSite::current())};
    };
  other("argmax", [](const Case& c) {
    return c.has("dim") ? argmax(c.in.at(0), c.integer("dim"), c.flag("keepdim")) : argmax(c.in.at(0));
  });
  other("argmin", [](const Case& c) {
    return c.has("dim") ? argmin(c.in.at(0), c.integer("dim"), c.flag("keepdim")) : argmin(c.in.at(0));
  });
  one("max", tenon::max);
  one("min", tenon::min);
  parts("max.dim", [](const Case& c) {
    const auto [values, indices] = max(c.in.at(0), c.integer("dim"), c.flag("keepdim"));
    return std::vector{values, indices};
  });
  parts("min.dim", [](const Case& c) {
    const auto [values, indices] = min(c.in.at(0), c.integer("dim"), c.flag("keepdim"));
    return std::vector{values, indices};
  });
  for (const auto& [name, op] : {std::pair{"var", Spread(&var)}, {"std", Spread(&tenon::std)}})
    table[name] = [op = op](const Case& c) {
      return std::vector{op(c.in.at(0), c.has("dims") ? c.shape("dims") : Shape{},
          {.correction = c.number("correction"), .keepdim = c.has("dims") && c.flag("keepdim")},
          CallSite::current())};
    };
  for (const auto& [name, op] :
      {std::pair{"var_mean", SpreadAndMean(&var_mean)}, {"std_mean", SpreadAndMean(&std_mean)}})
    table[name] = [op = op](const Case& c) {
      const auto [of, middle] = op(c.in.at(0), c.has("dims") ? c.shape("dims") : Shape{},
          {.correction = c.number("correction"), .keepdim = c.has("dims") && c.flag("keepdim")},
          CallSite::current());
      return std::vector{of, middle};
    };
  other("norm", [](const Case& c) {
    return c.has("dims") ? norm(c.in.at(0), c.number("p"), c.shape("dims"), c.flag("keepdim"))
                         : norm(c.in.at(0), c.number("p"));
  });
  other("cumsum", [](const Case& c) { return cumsum(c.in.at(0), c.integer("dim")); });
  parts("sort", [](const Case& c) {
    const auto [values, indices] = sort(c.in.at(0), c.integer("dim"), c.flag("descending"));
    return std::vector{values, indices};
  });
  other("argsort", [](const Case& c) { return argsort(c.in.at(0), c.integer("dim"), c.flag("descending")); });
  parts("topk", [](const Case& c) {
    const auto [values, indices] = topk(c.in.at(0), c.integer("k"), c.integer("dim"), c.flag("largest"));
    return std::vector{values, indices};
  });
  parts("unique", [](const Case& c) {
    const auto [values, inverse, counts] = unique(c.in.at(0));
    return std::vector{values, inverse, counts};
  });
  other("median", [](const Case& c) { return median(c.in.at(0)); });
  parts("median.dim", [](const Case& c) {
    const auto [values, indices] = median(c.in.at(0), c.integer("dim"), c.flag("keepdim"));
    return std::vector{values, indices};
  });
  other("softmax", [](const Case& c) { return softmax(c.in.at(0), c.integer("dim")); });
  other("log_softmax", [](const Case& c) { return log_softmax(c.in.at(0), c.integer("dim")); });
  other(
      "logsumexp", [](const Case& c) { return logsumexp(c.in.at(0), c.integer("dim"), c.flag("keepdim")); });

  // products
  other("linear", [](const Case& c) { return linear(c.in.at(0), c.in.at(1), c.optional(2)); });

  // shapes
  other("reshape", [](const Case& c) { return reshape(c.in.at(0), c.shape("shape")); });
  other("view", [](const Case& c) { return c.in.at(0).view(c.shape("shape")); });
  other("flatten", [](const Case& c) { return flatten(c.in.at(0), c.integer("start"), c.integer("end")); });
  other("narrow", [](const Case& c) {
    return narrow(c.in.at(0), c.integer("dim"), c.integer("start"), c.integer("length"));
  });
  other("select", [](const Case& c) { return select(c.in.at(0), c.integer("dim"), c.integer("index")); });
  other("slice", [](const Case& c) {
    return slice(c.in.at(0), c.integer("dim"),
        {.start = c.integer("start"), .stop = c.integer("stop"), .step = c.integer("step")});
  });
  other("expand", [](const Case& c) { return expand(c.in.at(0), c.shape("shape")); });
  other("expand_as", [](const Case& c) { return c.in.at(0).expand_as(c.in.at(1)); });
  other("view_as", [](const Case& c) { return c.in.at(0).view_as(c.in.at(1)); });
  other("unsqueeze", [](const Case& c) { return unsqueeze(c.in.at(0), c.integer("dim")); });
  other("squeeze", [](const Case& c) {
    return c.has("dim") ? squeeze(c.in.at(0), c.integer("dim")) : squeeze(c.in.at(0));
  });
  other(
      "transpose", [](const Case& c) { return transpose(c.in.at(0), c.integer("dim0"), c.integer("dim1")); });
  other("permute", [](const Case& c) { return permute(c.in.at(0), c.shape("dims")); });
  parts("split", [](const Case& c) {
    return c.has("size") ? split(c.in.at(0), c.integer("size"), c.integer("dim"))
                         : split(c.in.at(0), integers(c, "sizes"), c.integer("dim"));
  });
  parts("chunk", [](const Case& c) { return chunk(c.in.at(0), c.integer("chunks"), c.integer("dim")); });
  parts("unbind", [](const Case& c) { return unbind(c.in.at(0), c.integer("dim")); });
  other("cat", [](const Case& c) { return cat(c.in, c.integer("dim")); });
  other("stack", [](const Case& c) { return stack(c.in, c.integer("dim")); });

  // copies with elements repeated, moved or replaced
  other("repeat", [](const Case& c) { return repeat(c.in.at(0), c.shape("repeats")); });
  other("flip", [](const Case& c) { return flip(c.in.at(0), c.shape("dims")); });
  other("roll", [](const Case& c) { return roll(c.in.at(0), c.shape("shifts"), c.shape("dims")); });
  other("tril", [](const Case& c) { return tril(c.in.at(0), c.integer("diagonal")); });
  other("triu", [](const Case& c) { return triu(c.in.at(0), c.integer("diagonal")); });
  other("diag", [](const Case& c) { return diag(c.in.at(0), c.integer("diagonal")); });
  other("slice_scatter", [](const Case& c) {
    return slice_scatter(c.in.at(0), c.in.at(1), c.integer("dim"),
        {.start = c.integer("start"), .stop = c.integer("stop"), .step = c.integer("step")});
  });
  other("select_scatter", [](const Case& c) {
    return select_scatter(c.in.at(0), c.in.at(1), c.integer("dim"), c.integer("index"));
  });

  // indices
  other("index_select", [](const Case& c) { return index_select(c.in.at(0), c.integer("dim"), c.in.at(1)); });
  other("gather", [](const Case& c) { return gather(c.in.at(0), c.integer("dim"), c.in.at(1)); });
  other("take_along_dim", [](const Case& c) {
    return c.has("dim") ? take_along_dim(c.in.at(0), c.in.at(1), c.integer("dim"))
                        : take_along_dim(c.in.at(0), c.in.at(1));
  });
  other("index_add", [](const Case& c) {
    return index_add(c.in.at(0), c.integer("dim"), c.in.at(2), c.in.at(1), c.number("alpha"));
  });
  other("scatter", [](const Case& c) {
    return c.has("value") ? scatter(c.in.at(0), c.integer("dim"), c.in.at(1), c.number("value"))
                          : scatter(c.in.at(0), c.integer("dim"), c.in.at(2), c.in.at(1));
  });
  other("scatter_add",
      [](const Case& c) { return scatter_add(c.in.at(0), c.integer("dim"), c.in.at(2), c.in.at(1)); });
  other("nonzero", [](const Case& c) { return nonzero(c.in.at(0)); });
  other("masked_select", [](const Case& c) { return masked_select(c.in.at(0), c.in.at(1)); });
  other("index", [](const Case& c) { return c.in.at(0).index(indices(c, 1)); });
  other("index_put",
      [](const Case& c) { return index_put(c.in.at(0), indices(c, 2), c.in.at(1), c.flag("accumulate")); });
  other("searchsorted", [](const Case& c) { return searchsorted(c.in.at(0), c.in.at(1), c.flag("right")); });
  other("embedding", [](const Case& c) {
    const auto padding = c.has("padding") ? std::optional(c.integer("padding")) : std::nullopt;
    return embedding(c.in.at(0), c.in.at(1), padding);
  });
  other("one_hot", [](const Case& c) { return one_hot(c.in.at(0), c.integer("classes")); });

  // losses
  other("mse_loss", [](const Case& c) { return mse_loss(c.in.at(0), c.in.at(1), reduction(c)); });
  other("l1_loss", [](const Case& c) { return l1_loss(c.in.at(0), c.in.at(1), reduction(c)); });
  other("huber_loss",
      [](const Case& c) { return huber_loss(c.in.at(0), c.in.at(1), reduction(c), c.number("delta")); });
  other("smooth_l1_loss",
      [](const Case& c) { return smooth_l1_loss(c.in.at(0), c.in.at(1), reduction(c), c.number("beta")); });
  other("kl_div", [](const Case& c) {
    return kl_div(c.in.at(0), c.in.at(1), c.has("batchmean") ? Reduction::batchmean : reduction(c),
        c.flag("log_target"));
  });
  other("binary_cross_entropy", [](const Case& c) {
    return binary_cross_entropy(c.in.at(0), c.in.at(1), {.reduction = reduction(c), .weight = c.optional(2)});
  });
  other("binary_cross_entropy_with_logits", [](const Case& c) {
    const bool weighted = c.flag("weighted");
    return binary_cross_entropy_with_logits(c.in.at(0), c.in.at(1),
        {.reduction = reduction(c),
            .weight = weighted ? c.in.at(2) : Tensor(),
            .pos_weight = c.optional(weighted ? 3 : 2)});
  });
  other("nll_loss", [](const Case& c) {
    return nll_loss(c.in.at(0), c.in.at(1),
        {.reduction = reduction(c), .weight = c.optional(2), .ignore_index = c.integer("ignore_index")});
  });
  other("cross_entropy", [](const Case& c) {
    return cross_entropy(c.in.at(0), c.in.at(1),
        {.reduction = reduction(c),
            .weight = c.optional(2),
            .ignore_index = c.integer("ignore_index"),
            .label_smoothing = c.number("smoothing")});
  });

  // normalisation
  other("layer_norm", [](const Case& c) {
    return layer_norm(c.in.at(0), c.shape("shape"), c.optional(1), c.optional(2), c.number("eps"));
  });
  other("rms_norm", [](const Case& c) {
    const auto eps = c.has("eps") ? std::optional(c.number("eps")) : std::nullopt;
    return rms_norm(c.in.at(0), c.shape("shape"), c.optional(1), eps);
  });
  other("scaled_dot_product_attention", [](const Case& c) {
    AttentionOptions options{.attn_mask = c.optional(3), .is_causal = c.flag("causal")};
    if (c.has("scale")) options.scale = c.number("scale");
    return scaled_dot_product_attention(c.in.at(0), c.in.at(1), c.in.at(2), options);
  });
  other("conv2d", [](const Case& c) {
    return conv2d(c.in.at(0), c.in.at(1), c.optional(2),
        {.stride = c.shape("stride"),
            .padding = c.shape("padding"),
            .dilation = c.shape("dilation"),
            .groups = c.integer("groups")});
  });
  other("conv_transpose2d", [](const Case& c) {
    return conv_transpose2d(c.in.at(0), c.in.at(1), c.optional(2),
        {.stride = c.shape("stride"),
            .padding = c.shape("padding"),
            .output_padding = c.shape("output_padding"),
            .groups = c.integer("groups"),
            .dilation = c.shape("dilation")});
  });
  const auto unfold_options = [](const Case& c) {
    return UnfoldOptions{
        .dilation = c.shape("dilation"), .padding = c.shape("padding"), .stride = c.shape("stride")};
  };
  table["unfold"] = [=](const Case& c) {
    return std::vector{unfold(c.in.at(0), c.shape("kernel_size"), unfold_options(c))};
  };
  table["fold"] = [=](const Case& c) {
    return std::vector{fold(c.in.at(0), c.shape("output_size"), c.shape("kernel_size"), unfold_options(c))};
  };
  other("max_pool2d", [](const Case& c) {
    return max_pool2d(c.in.at(0), c.shape("kernel_size"),
        {.stride = c.shape("stride"),
            .padding = c.shape("padding"),
            .dilation = c.shape("dilation"),
            .ceil_mode = c.flag("ceil_mode")});
  });
  other("avg_pool2d", [](const Case& c) {
    return avg_pool2d(c.in.at(0), c.shape("kernel_size"),
        {.stride = c.shape("stride"),
            .padding = c.shape("padding"),
            .ceil_mode = c.flag("ceil_mode"),
            .count_include_pad = c.flag("count_include_pad")});
  });
  other("adaptive_avg_pool2d",
      [](const Case& c) { return adaptive_avg_pool2d(c.in.at(0), c.shape("output_size")); });
  // The results include the running statistics, which the operation changes in training.
  parts("batch_norm", [](const Case& c) {
    const Tensor mean = c.in.at(1).clone(), variance = c.in.at(2).clone();
    const Tensor out = batch_norm(c.in.at(0), mean, variance, c.optional(3), c.optional(4),
        c.flag("training"), c.number("momentum"), c.number("eps"));
    return std::vector{out, mean, variance};
  });
  add_modules(table);
  return table;
}

}  // namespace

const std::map<std::string, Operation>& operations() {
  static const std::map<std::string, Operation> table = make();
  return table;
}

}  // namespace tenon::pytorch
