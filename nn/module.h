// Modules: structs of tensors and other modules that list their parts.
#pragma once
#include <concepts>
#include <functional>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include <tenon/autograd/ops.h>
#include <tenon/core/state_dict.h>

namespace tenon::nn {

class Module;

/// The argument of a module's visit(), which passes each part to it with a name that is unique in the module,
/// not empty and without a dot. Undefined tensors are skipped.
class TENON_API Visitor {
 public:
  void operator()(const char* name, Tensor& parameter) { tensor(name, parameter, true); }
  void operator()(const char* name, Module& module);
  /// A tensor that is saved but not trained.
  void buffer(const char* name, Tensor& buffer) { tensor(name, buffer, false); }

 protected:
  /// Without names, visit() is called with empty ones, which are ignored.
  explicit Visitor(bool with_names = true) : with_names_(with_names) {}
  ~Visitor() = default;
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;
  virtual void visit(const std::string& name, Tensor& tensor, bool is_parameter) = 0;
  /// Called before the parts of a submodule, with its full name, and after them.
  virtual void enter(const std::string&, Module&) {}
  virtual void leave(Module&) {}

 private:
  /// The modules that enclose a part, innermost first.
  struct Around {
    const Module* module;
    const Around* outer;
  };
  /// The full name of a part, after checking it.
  std::string add_name(const char* name);
  void tensor(const char* name, Tensor& tensor, bool is_parameter);

  const bool with_names_;
  std::string path_;                // of the module being visited
  std::vector<std::string> names_;  // sorted
  const Around* around_ = nullptr;
};

/// The base of every module. A derived class names its parameters, buffers and submodules in visit():
///
///     struct Mlp : nn::Module {
///       nn::Linear fc1{64, 32}, fc2{32, 10};
///       Tensor operator()(const Tensor& x) { return fc2(relu(fc1(x))); }
///       void visit(nn::Visitor& visitor) override { visitor("fc1", fc1); visitor("fc2", fc2); }
///     };
///
/// A member that visit() does not name is not trained, moved or saved; check_visit() finds forgotten
/// parameters. Modules can be moved. clone() copies them; any other copy throws, because its weights would be
/// those of the original: pass modules by reference.
class TENON_API Module {
 public:
  Module() = default;
  Module(Module&&) = default;
  Module& operator=(Module&&) = default;
  virtual ~Module() = default;

  virtual void visit(Visitor& visitor) = 0;

  /// Each parameter once, in the order of visit(); tied weights appear under their first name.
  std::vector<Tensor> parameters();
  std::vector<std::pair<std::string, Tensor>> named_parameters();
  /// The tensors that are saved but not trained, likewise.
  std::vector<Tensor> buffers();
  std::vector<std::pair<std::string, Tensor>> named_buffers();
  /// This module, under an empty name, and all modules in it, each once under its first name. The pointers
  /// are valid until a module is moved or destroyed.
  std::vector<Module*> modules();
  std::vector<std::pair<std::string, Module*>> named_modules();
  /// The modules that visit() names.
  std::vector<Module*> children();
  std::vector<std::pair<std::string, Module*>> named_children();
  /// Calls `function` with all modules in this one, the inner ones first, and with this one last.
  Module& apply(const std::function<void(Module&)>& function);
  /// How many numbers its parameters consist of.
  std::int64_t num_parameters();
  /// Freezes all parameters, or makes them trainable again. Throws, and changes nothing, if one is the result
  /// of an operation.
  Module& requires_grad_(bool required = true);
  /// Drops the gradients of all parameters.
  void zero_grad();
  /// Switches this module and all modules in it to training or evaluation; they start in training. Layers
  /// that behave differently in evaluation check is_training().
  void train(bool on = true);
  void eval() { train(false); }
  bool is_training() const { return training_; }
  /// The name of its class, without namespaces.
  std::string name() const;
  /// What stands between the parentheses when the module is printed: `in_features=2, out_features=16`.
  virtual std::string extra_repr() const { return {}; }
  /// Moves parameters, buffers and gradients. The Tensor handles stay valid, so an optimizer keeps working.
  /// If it throws, nothing has moved.
  void to(Device device);
  void to(DType dtype);
  /// Parameters and buffers under all their names. The tensors share the module's elements, without the
  /// history.
  StateDict state_dict();
  /// Copies values into the module's tensors. Every name must be present with the right shape and dtype, and
  /// no other; otherwise an Error lists what is wrong and nothing has changed.
  void load_state_dict(const StateDict& state);
  /// Writes state_dict() to a safetensors file, which appears complete or not at all.
  void save(const std::string& path);
  /// load_state_dict() of such a file.
  void load(const std::string& path);

  // What users of LibTorch write; the compiler says what to write here.
  template <class Part>
  Part& register_module(const std::string&, Part& part) {
    static_assert(tenon::detail::never<Part>,
        "tenon: parts are members, named in `void visit(nn::Visitor& visitor) override { "
        "visitor(\"fc1\", fc1); }`");
    return part;
  }
  template <class T>
  Tensor& register_parameter(const std::string&, T&& parameter, bool = true) {
    static_assert(tenon::detail::never<T>,
        "tenon: a parameter is a member with requires_grad, named in `void visit(nn::Visitor& visitor) "
        "override { visitor(\"weight\", weight); }`");
    return parameter;
  }
  template <class T>
  Tensor& register_buffer(const std::string&, T&& buffer) {
    static_assert(tenon::detail::never<T>,
        "tenon: a buffer is a member, named in `void visit(nn::Visitor& visitor) override { "
        "visitor.buffer(\"mean\", mean); }`");
    return buffer;
  }
  template <class T = void>
  Module* operator->() {
    static_assert(tenon::detail::never<T>, "tenon: a module is a value, not a pointer; write net.forward(x)");
    return this;
  }
  template <class T = void>
  const Module& clone() const {
    static_assert(tenon::detail::never<T>, "tenon: write nn::clone(net), which returns a module of its type");
    return *this;
  }

 protected:
  Module(const Module& other);

 private:
  bool training_ = true;
};

/// The base of modules without parts.
class Stateless : public Module {
 public:
  void visit(Visitor&) override {}
};

namespace detail {

/// In its scope, modules of this thread can be copied.
class TENON_API Cloning {
 public:
  Cloning() noexcept;
  ~Cloning();
  Cloning(const Cloning&) = delete;
  Cloning& operator=(const Cloning&) = delete;
  /// Gives the module tensors of its own in place of those that it shares with the original.
  void separate(Module& copy) const;

 private:
  bool before_;
};

}  // namespace detail

/// A copy whose parameters and buffers have elements of their own, without gradients and hooks. Tied weights
/// stay tied; the copy trains if the module does. Tensors that visit() does not name stay shared.
template <class M>
requires std::derived_from<M, Module> M clone(const M& module) {
  static_assert(std::is_copy_constructible_v<M>, "tenon: a member of the module cannot be copied");
  const detail::Cloning cloning;
  M copy(module);
  cloning.separate(copy);
  return copy;
}

/// The tree of modules as PyTorch prints it:
///
///     Sequential(
///       (0): Linear(in_features=2, out_features=16, bias=true)
///       (1): Tanh()
///     )
TENON_API std::string to_string(const Module& module);
TENON_API std::ostream& operator<<(std::ostream& out, const Module& module);

/// For tests of a module: throws if `result`, which it computed, depends on a tensor that requires a gradient
/// and that visit() does not name as a parameter. Inputs must not require a gradient.
TENON_API void check_visit(Module& module, const Tensor& result);

}  // namespace tenon::nn
