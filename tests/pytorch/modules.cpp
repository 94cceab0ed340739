// Modules and optimizers, called with a state dict and an input: the outputs are what they compute, the
// gradients of the parameters and the new state. modules.py has the same for PyTorch.
#include "case.h"

namespace tenon::pytorch {
namespace {

/// Operand 0 is the input; the others replace the floating-point tensors of the module's state dict, in
/// order.
void load(nn::Module& module, const Case& c) {
  StateDict state = module.state_dict();
  std::size_t next = 1;
  for (auto& [name, value] : state)
    if (is_floating_point(value.dtype())) value = c.in.at(next++);
  module.load_state_dict(state);
}

/// Forward and backward in training, the state afterwards, and forward in evaluation.
template <class M, class Call>
std::vector<Tensor> pass(M module, const Case& c, const Call& call) {
  load(module, c);
  const Tensor out = call(module, c.in.at(0));
  sum(square(out)).backward();
  std::vector<Tensor> results{out.detach()};
  for (const Tensor& parameter : module.parameters()) results.push_back(parameter.grad());
  for (const auto& [name, value] : module.state_dict()) results.push_back(value.detach().clone());
  module.eval();
  results.push_back(call(module, c.in.at(0)).detach());
  return results;
}
template <class M>
std::vector<Tensor> pass(M module, const Case& c) {
  return pass(std::move(module), c, [](M& called, const Tensor& x) { return called(x); });
}

/// The parameters after some steps of an optimizer on a network of two layers.
template <class Optimizer, class Options>
std::vector<Tensor> train(const Options& options, const Case& c) {
  nn::Sequential net(nn::Linear(3, 4, {.dtype = c.in.at(0).dtype()}), nn::Tanh(),
      nn::Linear(4, 2, {.dtype = c.in.at(0).dtype()}));
  load(net, c);
  Optimizer optimizer(net.parameters(), options);
  for (int step = 0; step < 4; ++step) {
    optimizer.zero_grad();
    sum(square(net(c.in.at(0)) - 1)).backward();
    optimizer.step();
  }
  std::vector<Tensor> results;
  for (const Tensor& parameter : net.parameters()) results.push_back(parameter.detach());
  return results;
}

template <class Options>
std::vector<Tensor> train_adam(const Case& c) {
  using Optimizer =
      std::conditional_t<std::is_same_v<Options, optim::AdamOptions>, optim::Adam, optim::AdamW>;
  Options options;
  options.lr = c.number("lr");
  options.betas = {c.number("beta1"), c.number("beta2")};
  options.weight_decay = c.number("weight_decay");
  options.amsgrad = c.flag("amsgrad");
  options.maximize = c.flag("maximize");
  return train<Optimizer>(options, c);
}

}  // namespace

void add_modules(std::map<std::string, Operation>& table) {
  table["Linear"] = [](const Case& c) {
    return pass(nn::Linear(c.integer("inputs"), c.integer("outputs"),
                    {.bias = c.flag("bias"), .dtype = c.in.at(1).dtype()}),
        c);
  };
  table["LayerNorm"] = [](const Case& c) {
    return pass(nn::LayerNorm(c.shape("shape"), {.bias = c.flag("bias"), .dtype = c.in.at(1).dtype()}), c);
  };
  table["RMSNorm"] = [](const Case& c) {
    return pass(nn::RMSNorm(c.shape("shape"), {.dtype = c.in.at(1).dtype()}), c);
  };
  table["MultiheadAttention"] = [](const Case& c) {
    nn::MultiheadAttention module(c.integer("channels"), c.integer("heads"),
        {.bias = c.flag("bias"), .batch_first = c.flag("batch_first"), .dtype = c.in.at(1).dtype()});
    return pass(std::move(module), c, [&](const nn::MultiheadAttention& attention, const Tensor& x) {
      return attention(x, x, x, {.is_causal = true}).output;
    });
  };
  table["Conv2d"] = [](const Case& c) {
    return pass(nn::Conv2d(c.integer("inputs"), c.integer("outputs"), c.shape("kernel_size"),
                    {.stride = c.shape("stride"),
                        .padding = c.shape("padding"),
                        .groups = c.integer("groups"),
                        .bias = c.flag("bias"),
                        .dtype = c.in.at(1).dtype()}),
        c);
  };
  table["ConvTranspose2d"] = [](const Case& c) {
    return pass(nn::ConvTranspose2d(c.integer("inputs"), c.integer("outputs"), c.shape("kernel_size"),
                    {.stride = c.shape("stride"),
                        .padding = c.shape("padding"),
                        .output_padding = c.shape("output_padding"),
                        .groups = c.integer("groups"),
                        .bias = c.flag("bias"),
                        .dtype = c.in.at(1).dtype()}),
        c);
  };
  // A network of images, whose pooling has a window beyond the image.
  table["Conv2d.net"] = [](const Case& c) {
    const DType dtype = c.in.at(0).dtype();
    nn::Sequential net;
    net.push_back(nn::Conv2d(2, 3, 3, {.padding = 1, .dtype = dtype}))
        .push_back(nn::BatchNorm2d(3, {.dtype = dtype}))
        .push_back(nn::Tanh())
        .push_back(nn::MaxPool2d(2, {.ceil_mode = true}))
        .push_back(nn::AvgPool2d(2, {.stride = 1}))
        .push_back(nn::Flatten())
        .push_back(nn::Linear(12, 2, {.dtype = dtype}));
    return pass(std::move(net), c);
  };
  table["BatchNorm1d"] = [](const Case& c) {
    const auto momentum = c.has("momentum") ? std::optional(c.number("momentum")) : std::nullopt;
    return pass(
        nn::BatchNorm1d(c.integer("features"), {.momentum = momentum, .dtype = c.in.at(1).dtype()}), c);
  };
  table["Embedding"] = [](const Case& c) {
    const auto padding = c.has("padding") ? std::optional(c.integer("padding")) : std::nullopt;
    return pass(nn::Embedding(c.integer("rows"), c.integer("columns"),
                    {.padding_idx = padding, .dtype = c.in.at(1).dtype()}),
        c);
  };
  table["SGD"] = [](const Case& c) {
    return train<optim::SGD>(optim::SGDOptions{.lr = c.number("lr"),
                                 .momentum = c.number("momentum"),
                                 .dampening = c.number("dampening"),
                                 .weight_decay = c.number("weight_decay"),
                                 .nesterov = c.flag("nesterov"),
                                 .maximize = c.flag("maximize")},
        c);
  };
  table["Adam"] = &train_adam<optim::AdamOptions>;
  table["AdamW"] = &train_adam<optim::AdamWOptions>;
  table["RMSprop"] = [](const Case& c) {
    return train<optim::RMSprop>(optim::RMSpropOptions{.lr = c.number("lr"),
                                     .alpha = c.number("alpha"),
                                     .weight_decay = c.number("weight_decay"),
                                     .momentum = c.number("momentum"),
                                     .centered = c.flag("centered"),
                                     .maximize = c.flag("maximize")},
        c);
  };
  table["Adagrad"] = [](const Case& c) {
    return train<optim::Adagrad>(optim::AdagradOptions{.lr = c.number("lr"),
                                     .lr_decay = c.number("lr_decay"),
                                     .weight_decay = c.number("weight_decay"),
                                     .initial_accumulator_value = c.number("initial_accumulator_value"),
                                     .maximize = c.flag("maximize")},
        c);
  };
}

}  // namespace tenon::pytorch
