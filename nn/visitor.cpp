// The walk over a module's tensors, and zero_grad(). Apart from module.cpp, which Release builds compile for
// size, because they run in every training step.
#include <algorithm>

#include <tenon/nn/module.h>

namespace tenon::nn {

std::string Visitor::add_name(const char* name) {
  if (!with_names_) return {};
  check(name != nullptr, "visit: a name is null; the module is \"{}\"", path_);
  const std::string_view part = name;
  check(!part.empty(), "visit: a name is empty; the module is \"{}\"", path_);
  check(part.find('.') == part.npos, "visit: the name \"{}\" contains a dot, which may only separate names",
      part);
  std::string whole = path_.empty() ? name : path_ + "." + name;
  const auto place = std::lower_bound(names_.begin(), names_.end(), whole);
  check(place == names_.end() || *place != whole, "visit: the name \"{}\" is used twice", whole);
  names_.insert(place, whole);
  return whole;
}

void Visitor::operator()(const char* name, Module& module) {
  std::string path = add_name(name);
  for (const Around* around = around_; around; around = around->outer)
    check(around->module != &module, "visit: a module contains itself; it is \"{}\"", path);
  const Around around{&module, around_};
  around_ = &around;
  path_.swap(path);
  enter(path_, module);
  module.visit(*this);
  leave(module);
  path_.swap(path);
  around_ = around.outer;
}

void Visitor::tensor(const char* name, Tensor& tensor, bool is_parameter) {
  const std::string whole = add_name(name);
  if (tensor.defined()) visit(whole, tensor, is_parameter);
}

void Module::zero_grad() {
  struct Parameters final : Visitor {
    Parameters() : Visitor(false) {}
    std::vector<Tensor> list;
    void visit(const std::string&, Tensor& tensor, bool is_parameter) override {
      if (is_parameter) list.push_back(tensor);
    }
  } parameters;
  visit(parameters);
  for (const Tensor& parameter : parameters.list) parameter.zero_grad();
}

}  // namespace tenon::nn
