// Modules that are called one after the other.
#pragma once
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/nn/module.h>

namespace tenon::nn {

namespace detail {

/// The call of a part of a Sequential, with the line of the Sequential's call if the part takes one.
template <class Part>
Tensor call_part(Part& part, const Tensor& x, CallSite site) {
  if constexpr (std::is_invocable_v<Part&, const Tensor&, CallSite>) return part(x, site);
  else if constexpr (std::is_invocable_v<Part&, const Tensor&>) return part(x);
  else if constexpr (requires { part.forward(x, site); }) return part.forward(x, site);
  else if constexpr (requires { part.forward(x); }) return part.forward(x);
  else
    static_assert(tenon::detail::never<Part>,
        "tenon: a part of a Sequential has operator() or forward() that takes a Tensor and returns one");
}

/// A module of any type, and how it is called.
struct AnyModule {
  virtual ~AnyModule() = default;
  virtual Tensor call(const Tensor& x, CallSite site) = 0;
  virtual Module& module() = 0;
  /// For nn::clone().
  virtual std::unique_ptr<AnyModule> copy() const = 0;
};
template <class M>
struct ModuleOf final : AnyModule {
  template <class Part>
  explicit ModuleOf(Part&& part) : held(std::forward<Part>(part)) {}
  Tensor call(const Tensor& x, CallSite site) override { return call_part(held, x, site); }
  Module& module() override { return held; }
  std::unique_ptr<AnyModule> copy() const override {
    if constexpr (std::is_copy_constructible_v<M>) return std::make_unique<ModuleOf>(held);
    else fail("clone: a part of a Sequential cannot be copied; it is a {}", held.name());
  }
  M held;
};

}  // namespace detail

/// A function of a tensor as a module without parts: nn::Functional(relu).
template <class F>
struct Functional : Stateless {
  explicit Functional(F f) : function(std::move(f)) {}
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) {
    return detail::call_part(function, x, site);
  }
  F function;
};

/// Calls its parts one after the other, each with the result of the one before:
///
///     nn::Sequential model{nn::Linear(2, 16), nn::Tanh(), nn::Linear(16, 1)};
///     const Tensor y = model(x);
///
/// A part is a module, which moves into the Sequential, or a function of a tensor, such as a lambda. Modules
/// that a function refers to are not parts: they are not trained, moved or saved with it. Parts are named by
/// their position, "0", "1", ..., or by the name given to push_back().
class TENON_API Sequential : public Module {
 public:
  Sequential() = default;
  Sequential(Sequential&&) = default;
  Sequential& operator=(Sequential&&) = default;
  /// A Sequential in a Sequential is appended with push_back() if it is the only part: this constructor would
  /// move it.
  template <class... Parts>
  requires(sizeof...(Parts) > 1 || !(std::is_same_v<std::remove_cvref_t<Parts>, Sequential> &&
                                       ...)) explicit Sequential(Parts&&... parts) {
    (push_back(std::forward<Parts>(parts)), ...);
  }

  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;

  /// Appends a part. Throws if the name is empty, contains a dot or is taken.
  template <class Part>
  Sequential& push_back(Part&& part) {
    return push_back(std::to_string(size()), std::forward<Part>(part));
  }
  template <class Part>
  Sequential& push_back(std::string name, Part&& part) {
    using Held = std::remove_cvref_t<Part>;
    if constexpr (std::is_base_of_v<Module, Held>) {
      static_assert(!std::is_lvalue_reference_v<Part>,
          "tenon: modules cannot be copied; write std::move(layer), or make the layer in the call");
      return append(std::move(name), std::make_unique<detail::ModuleOf<Held>>(std::move(part)));
    } else {
      using F = Functional<std::decay_t<Part>>;
      return append(std::move(name), std::make_unique<detail::ModuleOf<F>>(std::forward<Part>(part)));
    }
  }

  std::int64_t size() const { return static_cast<std::int64_t>(parts_.size()); }
  bool is_empty() const { return parts_.empty(); }
  /// A part; negative positions count from the end.
  Module& operator[](std::int64_t index) const TENON_LIFETIMEBOUND;
  /// A part with its type: model.at<nn::Linear>(0).weight. Throws if it has another one.
  template <class M>
  M& at(std::int64_t index) const TENON_LIFETIMEBOUND {
    Module& part = (*this)[index];
    M* const typed = dynamic_cast<M*>(&part);
    if (!typed) fail_type(index, part);
    return *typed;
  }
  void visit(Visitor& visitor) override;
  Sequential(const Sequential& other);  // by nn::clone()

 private:
  struct Part {
    std::string name;
    std::unique_ptr<detail::AnyModule> any;
  };
  Sequential& append(std::string name, std::unique_ptr<detail::AnyModule> part);
  [[noreturn]] static void fail_type(std::int64_t index, const Module& part);

  std::vector<Part> parts_;
};

}  // namespace tenon::nn
