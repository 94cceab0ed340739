#include <tenon/nn/module.h>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/tape/node.h>
#include <tenon/io/safetensors.h>

namespace tenon::nn {

namespace {

struct Entry {
  std::string name;
  Tensor tensor;
  bool is_parameter;
};

struct Collector final : Visitor {
  std::vector<Entry> entries;
  void visit(const std::string& name, Tensor& tensor, bool is_parameter) override {
    entries.push_back({name, tensor, is_parameter});
  }
};

/// Every tensor under every name, in order.
std::vector<Entry> collect(Module& module) {
  Collector collector;
  module.visit(collector);
  return std::move(collector.entries);
}

/// The entries, keeping only the first name of each tensor.
std::vector<Entry> distinct(std::vector<Entry> entries) {
  std::unordered_set<const TensorImpl*> seen;
  std::erase_if(entries, [&](const Entry& entry) { return !seen.insert(&entry.tensor.impl()).second; });
  return entries;
}

std::vector<Entry> distinct_parameters(Module& module) {
  std::vector<Entry> entries = collect(module);
  std::erase_if(entries, [](const Entry& entry) { return !entry.is_parameter; });
  return distinct(std::move(entries));
}

/// Converts tensors and their gradients, keeping the handles. Allocates all memory before changing the first
/// tensor.
template <class Convert>
void convert_in_place(const std::vector<Entry>& entries, Convert convert) {
  struct Change {
    Tensor tensor, elements, gradient;
  };
  std::vector<Change> changes;
  for (const auto& [name, tensor, is_parameter] : entries) {
    const Tensor elements = tensor.detach();
    Tensor converted = convert(elements);
    if (converted.is_same(elements)) continue;  // a graph that saved it stays valid
    check(
        tensor.is_leaf(), "to: \"{}\" is the result of an operation; give the module a detach() of it", name);
    const Tensor gradient = tensor.grad();
    changes.push_back(
        {tensor, std::move(converted), gradient.defined() ? convert(gradient.detach()) : Tensor()});
  }
  for (const Change& change : changes) {
    change.tensor.zero_grad();
    change.tensor.set_data(change.elements);
    if (change.gradient.defined()) change.tensor.set_grad(change.gradient);
  }
}

}  // namespace

std::string Visitor::add_name(const char* name) {
  if (!with_names_) return {};
  check(name != nullptr, "visit: a name is null; the module is \"{}\"", path_);
  const std::string_view part = name;
  check(!part.empty(), "visit: a name is empty; the module is \"{}\"", path_);
  check(part.find('.') == part.npos, "visit: the name \"{}\" contains a dot, which may only separate names",
      part);
  std::string whole = path_.empty() ? name : path_ + "." + name;
  check(names_.insert(whole).second, "visit: the name \"{}\" is used twice", whole);
  return whole;
}

void Visitor::operator()(const char* name, Module& module) {
  std::string path = add_name(name);
  for (const Around* around = around_; around; around = around->outer)
    check(around->module != &module, "visit: a module contains itself; it is \"{}\"", path);
  const Around around{&module, around_};
  around_ = &around;
  path_.swap(path);
  enter(module);
  module.visit(*this);
  path_.swap(path);
  around_ = around.outer;
}

void Visitor::tensor(const char* name, Tensor& tensor, bool is_parameter) {
  const std::string whole = add_name(name);
  if (tensor.defined()) visit(whole, tensor, is_parameter);
}

std::vector<std::pair<std::string, Tensor>> Module::named_parameters() {
  std::vector<std::pair<std::string, Tensor>> out;
  for (Entry& entry : distinct_parameters(*this)) out.emplace_back(std::move(entry.name), entry.tensor);
  return out;
}

std::vector<Tensor> Module::parameters() {
  std::vector<Tensor> out;
  for (const Entry& entry : distinct_parameters(*this)) out.push_back(entry.tensor);
  return out;
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

void Module::train(bool on) {
  struct Modules final : Visitor {
    Modules() : Visitor(false) {}
    std::vector<Module*> list;
    void visit(const std::string&, Tensor&, bool) override {}
    void enter(Module& module) override { list.push_back(&module); }
  } modules;
  visit(modules);
  training_ = on;
  for (Module* module : modules.list) module->training_ = on;
}

void Module::to(Device device) {
  check_available("to", device);
  convert_in_place(distinct(collect(*this)), [device](const Tensor& t) { return t.to(device); });
}

void Module::to(DType dtype) {
  check(is_floating_point(dtype), "to: a module holds floating-point numbers; the dtype is {}", dtype);
  convert_in_place(distinct(collect(*this)),
      [dtype](const Tensor& t) { return is_floating_point(t.dtype()) ? t.to(dtype) : t; });
}

StateDict Module::state_dict() {
  StateDict state;
  for (const Entry& entry : collect(*this)) state.emplace_back(entry.name, entry.tensor.detach());
  return state;
}

void Module::load_state_dict(const StateDict& state) {
  const std::vector<Entry> entries = collect(*this);
  StateReader reader(state, "module");
  std::vector<const Tensor*> sources;  // one per entry
  for (const auto& [name, tensor, is_parameter] : entries) {
    sources.push_back(reader.take(name, tensor.shape(), tensor.dtype()));
    if (autograd::repeats_elements(tensor))
      reader.complain("elements of \"{}\" share memory in the module", name);
  }
  reader.finish();

  // Copied first: the state may share memory with the module, and a failure must not leave it half loaded.
  const NoGradGuard no_grad;
  std::vector<Tensor> values;
  for (std::size_t i = 0; i < entries.size(); ++i)
    values.push_back(sources[i]->to(entries[i].tensor.device()).clone());
  const autograd::ModeGuard quiet({.record = false, .anomaly = false});  // clone() has checked for NaN
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].tensor.copy_(values[i]);
}

void Module::save(const std::string& path) { io::save_safetensors(path, state_dict()); }

void Module::load(const std::string& path) { load_state_dict(io::load_safetensors(path)); }

void check_visit(Module& module, const Tensor& result) {
  using autograd::Node;
  using autograd::node_of;
  check(result.defined(), "check_visit: the result is undefined");
  check(result.requires_grad(),
      "check_visit: the result does not depend on any tensor that requires a gradient");
  std::unordered_set<const Node*> named;
  for (const Tensor& parameter : module.parameters()) named.insert(node_of(parameter));
  std::string forgotten;
  for (const Node* node : autograd::nodes_below(node_of(result)))
    if (node->leaf() && !named.contains(node))
      forgotten += detail::format(forgotten.empty() ? "{} {}" : ", {} {}", {node->dtype, node->shape});
  check(forgotten.empty(),
      "check_visit: visit() does not name each parameter that the result depends on; missing are {}",
      forgotten);
}

}  // namespace tenon::nn
