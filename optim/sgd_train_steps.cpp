#include <set>

#include <tenon/core/call.h>
#include <tenon/kernels/train.h>
#include <tenon/optim/sgd_item.h>

namespace tenon::optim {

namespace {

using Place = std::pair<std::size_t, std::size_t>;  // a group, and a parameter of it

bool has_hooks(const Tensor& param) {
  const auto& hooks = autograd::node_of(param)->hooks;
  return hooks && !hooks->entries.empty();
}

kernels::Activation kernel_activation(Activation activation) {
  switch (activation) {
    case Activation::none: return kernels::Activation::none;
    case Activation::relu: return kernels::Activation::relu;
    case Activation::tanh: return kernels::Activation::tanh;
    case Activation::sigmoid: return kernels::Activation::sigmoid;
  }
  fail("train_steps: {} is not an activation", static_cast<int>(activation));
}

Tensor activated(Activation activation, const Tensor& x) {
  switch (activation) {
    case Activation::none: return x;
    case Activation::relu: return relu(x);
    case Activation::tanh: return tanh(x);
    case Activation::sigmoid: return sigmoid(x);
  }
  return x;
}

/// Where a parameter is in the groups of the optimizer.
Place place_of(const std::vector<std::vector<Tensor>>& params, const Tensor& param, const char* name,
    std::size_t layer) {
  for (std::size_t g = 0; g < params.size(); ++g)
    for (std::size_t i = 0; i < params[g].size(); ++i)
      if (params[g][i].is_same(param)) return {g, i};
  fail(
      "train_steps: the {} of layer {}, {}, is not a parameter of the optimizer", name, layer, param.shape());
}

void check_parameter(const char* name, std::size_t layer, const Tensor& param, const Tensor& x) {
  check(param.requires_grad(), "train_steps: the {} of layer {} does not require a gradient", name, layer);
  check(param.dtype() == x.dtype() && param.device() == x.device(),
      "train_steps: the {} of layer {} is {} on {}, x {} on {}", name, layer, param.dtype(), param.device(),
      x.dtype(), x.device());
}

void check_network(const std::vector<DenseLayer>& layers, const Tensor& x, const Tensor& y) {
  check(!layers.empty(), "train_steps: a network needs a layer");
  check(x.dim() == 3 && y.dim() == 3 && x.size(0) == y.size(0) && x.size(1) == y.size(1),
      "train_steps: x must be [steps, batch, in] and y [steps, batch, out]; they are {} and {}", x.shape(),
      y.shape());
  check(x.dtype() == y.dtype() && x.device() == y.device(), "train_steps: x is {} on {}, y {} on {}",
      x.dtype(), x.device(), y.dtype(), y.device());
  std::int64_t features = x.size(2);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const auto& [weight, bias, activation] = layers[l];
    check(weight.defined() && weight.dim() == 2 && weight.size(1) == features,
        "train_steps: the weight of layer {} must be [out, {}]; it is {}", l, features,
        weight.defined() ? to_string(weight.shape()) : "undefined");
    features = weight.size(0);
    check_parameter("weight", l, weight, x);
    if (!bias.defined()) continue;
    check(bias.shape() == Shape{features}, "train_steps: the bias of layer {} must be [{}]; it is {}", l,
        features, bias.shape());
    check_parameter("bias", l, bias, x);
  }
  check(features == y.size(2), "train_steps: the last layer has {} results, y [steps, batch, {}]", features,
      y.size(2));
}

}  // namespace

bool SGD::train_at_once(const std::vector<DenseLayer>& layers, const std::vector<Place>& places,
    const Tensor& x, const Tensor& y, const Tensor& losses) {
  const Stream stream = x.stream();
  if (!stream.device().is_cuda() || cuda::is_capturing(stream) || autograd::mode().anomaly || x.size(0) == 0)
    return false;
  for (const auto& [group, index] : places)
    if (has_hooks(params_[group][index]) || !params_[group][index].is_contiguous()) return false;
  if (std::set(places.begin(), places.end()).size() < places.size()) return false;  // tied weights
  const NoGradGuard no_grad;
  const Tensor dense_x = x.contiguous(), dense_y = y.contiguous();
  NewState new_state;
  auto place = places.begin();
  const auto next_item = [&] {
    const auto [group, index] = *place++;
    const Tensor& param = params_[group][index];
    StepParam step_param{group, param, /*grad=*/param, new_state};
    kernels::SgdItem item = sgd_item((*groups_)[group].options, (*groups_)[group].states[index], step_param);
    item.grad = nullptr;
    return item;
  };
  std::vector<kernels::TrainedLayer> trained;
  for (const DenseLayer& layer : layers) {
    trained.push_back({.in = layer.weight.size(1),
        .out = layer.weight.size(0),
        .activation = kernel_activation(layer.activation),
        .weight = next_item(),
        .bias = {}});
    if (layer.bias.defined()) trained.back().bias = next_item();
  }
  if (!kernels::train(
          stream, x.dtype(), trained, x.size(0), x.size(1), dense_x.raw(), dense_y.raw(), losses.raw()))
    return false;
  new_state.keep();
  for (const auto& [group, index] : places) params_[group][index].impl().storage->bump_version();
  return true;
}

Tensor SGD::train_steps(
    const std::vector<DenseLayer>& layers, const Tensor& x, const Tensor& y, CallSite site) {
  const Call call("train_steps", site);
  check_not_moved_from("train_steps");
  check_network(layers, x, y);
  std::vector<Place> places;  // of the weights and biases
  for (std::size_t l = 0; l < layers.size(); ++l) {
    places.push_back(place_of(params_, layers[l].weight, "weight", l));
    if (layers[l].bias.defined()) places.push_back(place_of(params_, layers[l].bias, "bias", l));
  }
  const std::int64_t steps = x.size(0);
  const Tensor losses = empty({steps}, {.dtype = x.dtype(), .device = x.device()});
  zero_grad();
  const EnableGradGuard grad;
  const Tensor input = x.detach(), target = y.detach();
  if (train_at_once(layers, places, input, target, losses)) return losses;
  for (std::int64_t s = 0; s < steps; ++s) {
    Tensor value = input[s];
    for (const DenseLayer& layer : layers)
      value = activated(layer.activation, linear(value, layer.weight, layer.bias));
    const Tensor loss = mse_loss(value, target[s]);
    loss.backward();
    step();
    losses[s].copy_(loss.detach());
    zero_grad();
  }
  return losses;
}

}  // namespace tenon::optim
