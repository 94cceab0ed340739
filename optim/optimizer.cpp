#include <tenon/optim/optimizer.h>

#include <unordered_map>

#include <tenon/optim/step.h>

namespace tenon::optim {

Optimizer::~Optimizer() = default;

void Optimizer::set_params(const char* function, std::vector<std::vector<Tensor>> params) {
  check(!params.empty(), "{}: needs at least one group of parameters", function);
  struct Place {
    std::size_t group, index;
  };
  std::unordered_map<const TensorImpl*, Place> places;
  for (std::size_t g = 0; g < params.size(); ++g) {
    check(!params[g].empty(), "{}: group {} has no parameters", function, g);
    for (std::size_t i = 0; i < params[g].size(); ++i) {
      const Tensor& param = params[g][i];
      check(param.defined(), "{}: parameter {} of group {} is undefined", function, i, g);
      check(is_floating_point(param.dtype()),
          "{}: parameter {} of group {}, of shape {}, must hold floating-point numbers; the dtype is {}",
          function, i, g, param.shape(), param.dtype());
      check(param.is_leaf(),
          "{}: parameter {} of group {}, of shape {}, is the result of an operation; pass the leaf it was "
          "computed from",
          function, i, g, param.shape());
      check(param.is_contiguous(), "{}: parameter {} of group {}, of shape {}, is not contiguous", function,
          i, g, param.shape());
      const auto [first, added] = places.try_emplace(&param.impl(), Place{g, i});
      check(added, "{}: parameter {} of group {}, of shape {}, is also parameter {} of group {}", function, i,
          g, param.shape(), first->second.index, first->second.group);
    }
  }
  params_ = std::move(params);
}

void Optimizer::zero_grad() {
  check_not_moved_from("zero_grad");
  for (const std::vector<Tensor>& group : params_)
    for (const Tensor& param : group) param.zero_grad();
}

const std::vector<Tensor>& Optimizer::params(std::size_t group) const {
  check_group("params", group);
  return params_[group];
}

void Optimizer::check_group(const char* function, std::size_t group) const {
  check(group < params_.size(), "{}: group {} does not exist; there are {}", function, group, params_.size());
}

void StateVisitor::operator()(const char* name, Tensor& tensor) {
  const std::string whole = prefix_ + name;
  if (reader_) return load(whole, tensor);
  (tensor.defined() ? has_tensor_ : lacks_tensor_) = true;
  save(whole, tensor);
}

void StateVisitor::optional(const char* name, Tensor& tensor) {
  const std::string whole = prefix_ + name;
  if (!reader_) save(whole, tensor);
  else if (reader_->has_prefix(whole)) load(whole, tensor);
}

void StateVisitor::save(const std::string& name, const Tensor& tensor) {
  const NoGradGuard no_grad;
  if (tensor.defined()) saved_.emplace_back(name, tensor.clone());
}

void StateVisitor::load(const std::string& name, Tensor& tensor) {
  const Tensor* const found = reader_->take(name);
  if (!found) return;
  const NoGradGuard no_grad;
  if (found->shape() == param_->shape() && is_floating_point(found->dtype()))
    tensor = converted(*found, *param_).clone();
  else
    reader_->complain("\"{}\" is {} {}, its parameter {} {}", name, found->dtype(), found->shape(),
        param_->dtype(), param_->shape());
}

bool StateVisitor::begin_param(std::size_t index, const Tensor& param) {
  prefix_ = "state." + std::to_string(index) + ".";
  param_ = &param;
  first_ = saved_.size();
  has_tensor_ = lacks_tensor_ = false;
  return !reader_ || reader_->has_prefix(prefix_);
}

void StateVisitor::end_param() {
  if (lacks_tensor_ && !has_tensor_) saved_.resize(first_);
}

void StateVisitor::begin_group(std::size_t group, std::size_t first, std::size_t count) {
  prefix_ = "param_groups." + std::to_string(group) + ".";
  const std::string name = prefix_ + "params";
  const Tensor params =
      arange(static_cast<double>(first), static_cast<double>(first + count), 1, {.dtype = DType::int64});
  if (!reader_) {
    saved_.emplace_back(name, params);
    return;
  }
  const Tensor* const found = reader_->take(name, params.shape(), DType::int64);
  if (found && !equal(found->to(Device::cpu()), params))
    reader_->complain("\"{}\" must list the parameters from {} to {}", name, first, first + count - 1);
}

}  // namespace tenon::optim
