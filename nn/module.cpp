#include <tenon/nn/module.h>

#include <cstdlib>
#include <memory>
#include <ostream>
#include <typeinfo>
#include <unordered_map>
#include <unordered_set>

#include <cxxabi.h>

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

/// The parameters, or the buffers, each under its first name.
std::vector<Entry> distinct_of(Module& module, bool parameters) {
  std::vector<Entry> entries = collect(module);
  std::erase_if(entries, [=](const Entry& entry) { return entry.is_parameter != parameters; });
  return distinct(std::move(entries));
}

std::vector<Tensor> tensors_of(std::vector<Entry> entries) {
  std::vector<Tensor> out;
  for (Entry& entry : entries) out.push_back(std::move(entry.tensor));
  return out;
}

std::vector<std::pair<std::string, Tensor>> pairs_of(std::vector<Entry> entries) {
  std::vector<std::pair<std::string, Tensor>> out;
  for (Entry& entry : entries) out.emplace_back(std::move(entry.name), std::move(entry.tensor));
  return out;
}

/// A module in the tree below another: its full name, and how many modules enclose it.
struct Place {
  std::string name;
  Module* module;
  int depth;
};

struct Modules : Visitor {
  explicit Modules(bool with_names) : Visitor(with_names) {}
  std::vector<Place> before, after;  // each before, and each after, the modules in it
  int depth = 0;
  void visit(const std::string&, Tensor&, bool) override {}
  void enter(const std::string& name, Module& module) override { before.push_back({name, &module, depth++}); }
  void leave(Module& module) override { after.push_back({{}, &module, --depth}); }
};

/// The modules in `module`, or only its children, each under its first name.
std::vector<std::pair<std::string, Module*>> distinct_modules(Module& module, bool children) {
  Modules found(true);
  module.visit(found);
  std::vector<std::pair<std::string, Module*>> out;
  std::unordered_set<const Module*> seen;
  for (Place& place : found.before)
    if ((!children || place.depth == 0) && seen.insert(place.module).second)
      out.emplace_back(std::move(place.name), place.module);
  return out;
}

std::vector<Module*> pointers_of(const std::vector<std::pair<std::string, Module*>>& named) {
  std::vector<Module*> out;
  for (const auto& [name, module] : named) out.push_back(module);
  return out;
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

thread_local bool can_copy = false;

}  // namespace

Module::Module(const Module& other) : training_(other.training_) {
  check(can_copy,
      "module: a copy would share the weights of the original; pass it by reference, or copy it with "
      "nn::clone()");
}

detail::Cloning::Cloning() noexcept : before_(std::exchange(can_copy, true)) {}
detail::Cloning::~Cloning() { can_copy = before_; }

void detail::Cloning::separate(Module& copy) const {
  struct Separator final : Visitor {
    std::unordered_map<const TensorImpl*, Tensor> own;
    void visit(const std::string&, Tensor& tensor, bool) override {
      Tensor& copied = own[&tensor.impl()];
      if (!copied.defined()) {
        copied = tensor.detach().clone();
        copied.requires_grad_(tensor.requires_grad());
        keep.push_back(tensor);
      }
      tensor = copied;
    }
    std::vector<Tensor> keep;  // so that no address is that of another tensor
  } separator;
  copy.visit(separator);
}

std::vector<Tensor> Module::parameters() { return tensors_of(distinct_of(*this, true)); }
std::vector<std::pair<std::string, Tensor>> Module::named_parameters() {
  return pairs_of(distinct_of(*this, true));
}
std::vector<Tensor> Module::buffers() { return tensors_of(distinct_of(*this, false)); }
std::vector<std::pair<std::string, Tensor>> Module::named_buffers() {
  return pairs_of(distinct_of(*this, false));
}

std::vector<std::pair<std::string, Module*>> Module::named_modules() {
  std::vector<std::pair<std::string, Module*>> out = distinct_modules(*this, false);
  out.insert(out.begin(), {"", this});
  return out;
}
std::vector<std::pair<std::string, Module*>> Module::named_children() {
  return distinct_modules(*this, true);
}

std::vector<Module*> Module::modules() { return pointers_of(named_modules()); }
std::vector<Module*> Module::children() { return pointers_of(named_children()); }

Module& Module::apply(const std::function<void(Module&)>& function) {
  Modules found(false);
  visit(found);
  for (const Place& place : found.after) function(*place.module);
  function(*this);
  return *this;
}

std::int64_t Module::num_parameters() {
  std::int64_t count = 0;
  for (const Entry& entry : distinct_of(*this, true)) count += entry.tensor.numel();
  return count;
}

Module& Module::requires_grad_(bool required) {
  const std::vector<Entry> parameters = distinct_of(*this, true);
  for (const auto& [name, tensor, is_parameter] : parameters) {
    check(tensor.is_leaf(),
        "requires_grad_: \"{}\" is the result of an operation; give the module a detach() of it", name);
    check(!required || is_floating_point(tensor.dtype()),
        "requires_grad_: \"{}\" is {}; only floating-point tensors have gradients", name, tensor.dtype());
  }
  for (const Entry& entry : parameters) entry.tensor.set_requires_grad(required);
  return *this;
}

void Module::train(bool on) {
  Modules found(false);
  visit(found);
  training_ = on;
  for (const Place& place : found.before) place.module->training_ = on;
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

std::string Module::name() const {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> whole(
      abi::__cxa_demangle(typeid(*this).name(), nullptr, nullptr, &status), &std::free);
  std::string name = whole ? whole.get() : "Module";
  if (name.ends_with('>')) {  // the arguments of a template may contain namespaces
    std::size_t at = name.size();
    int open = 0;
    do {
      --at;
      open += name[at] == '>' ? 1 : name[at] == '<' ? -1 : 0;
    } while (open > 0 && at > 0);
    name.resize(at);
  }
  return name.substr(name.rfind(':') + 1);
}

std::string to_string(const Module& module) {
  Modules found(true);
  // visit() is not const, because it hands out the parts; this visitor changes none.
  const_cast<Module&>(module).visit(found);
  std::string out;
  std::vector<Place>& places = found.before;
  places.insert(places.begin(), {"", const_cast<Module*>(&module), -1});
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto& [name, at, depth] = places[i];
    const auto indent = [](int levels) { return std::string(static_cast<std::size_t>(2 * levels), ' '); };
    const int next = i + 1 < places.size() ? places[i + 1].depth : -1;
    const bool has_children = next > depth;
    const std::string extra = at->extra_repr();
    if (depth >= 0) out += indent(depth + 1) + "(" + name.substr(name.rfind('.') + 1) + "): ";
    out += at->name() + "(";
    if (has_children) out += extra.empty() ? "\n" : "\n" + indent(depth + 2) + extra + "\n";
    else out += extra + ")";
    if (has_children) continue;
    for (int level = depth; level > next; --level) out += "\n" + indent(level) + ")";
    if (next >= 0) out += "\n";
  }
  return out;
}

std::ostream& operator<<(std::ostream& out, const Module& module) { return out << to_string(module); }

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
      forgotten += tenon::detail::format(forgotten.empty() ? "{} {}" : ", {} {}", {node->dtype, node->shape});
  check(forgotten.empty(),
      "check_visit: visit() does not name each parameter that the result depends on; missing are {}",
      forgotten);
}

}  // namespace tenon::nn
