#include <tenon/nn/module.h>

#include <algorithm>

namespace tenon::nn {

namespace {

struct Entry {
  std::string name;
  Tensor* tensor;
  bool is_parameter;
};

struct Collector final : Visitor {
  std::vector<Entry> entries;
  void visit(const std::string& name, Tensor& tensor, bool is_parameter) override {
    entries.push_back({name, &tensor, is_parameter});
  }
};

/// Every tensor under every name, in order.
std::vector<Entry> collect(Module& module) {
  Collector collector;
  module.visit(collector);
  for (std::size_t i = 0; i < collector.entries.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      check(collector.entries[k].name != collector.entries[i].name, "module: the name \"{}\" is used twice",
          collector.entries[i].name);
  return std::move(collector.entries);
}

/// The entries without the later names of a tensor that has several.
std::vector<Entry> distinct(std::vector<Entry> entries) {
  std::vector<Entry> out;
  for (Entry& entry : entries)
    if (std::none_of(
            out.begin(), out.end(), [&](const Entry& e) { return e.tensor->is_same(*entry.tensor); }))
      out.push_back(std::move(entry));
  return out;
}

/// Converts a tensor and its gradient, under the same handles.
template <class Convert>
void convert_in_place(Tensor& tensor, Convert convert) {
  const Tensor elements = tensor.detach(), converted = convert(elements);
  if (converted.is_same(elements)) return;  // a graph that saved them stays valid
  const Tensor gradient = tensor.grad().defined() ? convert(tensor.grad().detach()) : Tensor();
  tensor.zero_grad();
  tensor.set_data(converted);
  if (gradient.defined()) tensor.set_grad(gradient);
}

}  // namespace

void Visitor::operator()(const char* name, Module& module) {
  const std::size_t length = prefix_.size();
  prefix_.append(name).append(".");
  module.visit(*this);
  prefix_.resize(length);
}

void Visitor::tensor(const char* name, Tensor& tensor, bool is_parameter) {
  if (tensor.defined()) visit(prefix_ + name, tensor, is_parameter);
}

std::vector<std::pair<std::string, Tensor>> Module::named_parameters() {
  std::vector<std::pair<std::string, Tensor>> out;
  for (const Entry& entry : distinct(collect(*this)))
    if (entry.is_parameter) out.emplace_back(entry.name, *entry.tensor);
  return out;
}

std::vector<Tensor> Module::parameters() {
  std::vector<Tensor> out;
  for (auto& [name, tensor] : named_parameters()) out.push_back(tensor);
  return out;
}

void Module::zero_grad() {
  for (const Tensor& parameter : parameters()) parameter.zero_grad();
}

void Module::to(Device device) {
  check_available("to", device);
  for (const Entry& entry : distinct(collect(*this)))
    convert_in_place(*entry.tensor, [device](const Tensor& t) { return t.to(device); });
}

void Module::to(DType dtype) {
  check(is_floating_point(dtype), "to: a module holds floating-point numbers; the dtype is {}", dtype);
  for (const Entry& entry : distinct(collect(*this)))
    if (is_floating_point(entry.tensor->dtype()))
      convert_in_place(*entry.tensor, [dtype](const Tensor& t) { return t.to(dtype); });
}

StateDict Module::state_dict() {
  StateDict state;
  for (const Entry& entry : collect(*this)) state.emplace_back(entry.name, entry.tensor->detach());
  return state;
}

void Module::load_state_dict(const StateDict& state) {
  const std::vector<Entry> entries = collect(*this);
  std::string wrong;
  const auto complain = [&wrong](std::string_view text, std::initializer_list<detail::Arg> args) {
    wrong += (wrong.empty() ? "" : "; ") + detail::format(text, args);
  };
  const auto find = [](const auto& list, const std::string& name) {
    return std::find_if(list.begin(), list.end(), [&](const auto& item) {
      if constexpr (requires { item.first; }) return item.first == name;
      else return item.name == name;
    });
  };
  for (std::size_t i = 0; i < state.size(); ++i) {
    if (find(entries, state[i].first) == entries.end())
      complain("\"{}\" is not in the module", {state[i].first});
    for (std::size_t k = 0; k < i; ++k)
      if (state[k].first == state[i].first) complain("\"{}\" is given twice", {state[i].first});
  }
  for (const Entry& entry : entries) {
    const auto given = find(state, entry.name);
    if (given == state.end()) complain("\"{}\" is missing", {entry.name});
    else if (given->second.shape() != entry.tensor->shape() || given->second.dtype() != entry.tensor->dtype())
      complain(
          "\"{}\" is {} {}, the module has {} {}", {entry.name, given->second.dtype(), given->second.shape(),
                                                       entry.tensor->dtype(), entry.tensor->shape()});
  }
  check(wrong.empty(), "load_state_dict: {}", wrong);

  const NoGradGuard no_grad;
  // Copied first: the state may share memory with the module, and a failure must not leave half of it behind.
  std::vector<Tensor> values;
  for (const Entry& entry : entries)
    values.push_back(find(state, entry.name)->second.to(entry.tensor->device()).clone());
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].tensor->copy_(values[i]);
}

}  // namespace tenon::nn
