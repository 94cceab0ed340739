// Reads and writes an optimizer's state; optimizer.cpp has what runs in every training step.
#include <tenon/optim/optimizer.h>
#include <tenon/optim/step.h>

namespace tenon::optim {

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
