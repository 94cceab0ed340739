// What optimizers share: parameter groups with options, a learning rate per group, and saved state.
#pragma once
#include <concepts>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tenon/autograd/ops.h>
#include <tenon/core/state_dict.h>

namespace tenon::optim {

/// A learning rate as an argument. A template, because {} would convert to double too.
template <class T>
concept Number = std::is_arithmetic_v<T>;

/// What a step adds to a parameter, as a sum of parts: its gradient of now; weight decay; and momentum, that
/// is, the gradients and the decay of earlier steps. Undefined: the step has no such part.
struct UpdateParts {
  Tensor gradient{}, decay{}, momentum{};
};
/// The L2 norms of a parameter, of the whole update, and of its parts.
struct UpdateNorms {
  std::size_t group, index;  // which parameter
  double param, update, gradient, decay, momentum;
};

/// The interface of every optimizer: all that a training loop or a learning rate schedule needs.
///
/// Optimizers can be moved but not copied, so that two never share state. A moved-from optimizer can only be
/// assigned to or destroyed.
class TENON_API Optimizer {
 public:
  virtual ~Optimizer();

  /// Updates every parameter that has a gradient. If it throws, nothing has changed.
  virtual void step() = 0;
  /// The same after closure(), which clears the gradients, computes the loss and its gradients, and returns
  /// the loss. Returns it, too.
  template <std::invocable Closure>
  auto step(Closure&& closure) {
    const auto loss = [&] {
      const EnableGradGuard grad;
      return std::forward<Closure>(closure)();
    }();
    step();
    return loss;
  }
  /// Drops the gradient of every parameter.
  void zero_grad();

  std::size_t group_count() const { return params_.size(); }
  const std::vector<Tensor>& params(std::size_t group) const TENON_LIFETIMEBOUND;
  virtual double lr(std::size_t group) const = 0;
  /// Sets the learning rate of every group, or of one, or gives each group its own. If one is refused, all
  /// stay.
  virtual void set_lr(double lr) = 0;
  virtual void set_lr(std::size_t group, double lr) = 0;
  virtual void set_lr(const std::vector<double>& lrs) = 0;
  /// The momentum of a group, or the first of its betas; nothing if the optimizer has neither.
  virtual std::optional<double> momentum(std::size_t group) const = 0;
  /// Sets the momentum of every group. Throws if the optimizer has none.
  virtual void set_momentum(double momentum) = 0;

  /// What the next step() would do to each parameter that has a gradient: computed in float64 from the
  /// parameters, gradients and state of now, which stay as they are. So call it before step(). Throws if the
  /// optimizer does not define the parts of its step.
  std::vector<UpdateNorms> update_norms() const;
  /// The same as a table, with the share that each part has in the sum of the norms of the parts. Parameters
  /// are named as in `names`, such as a module's named_parameters(); others have their number in the group.
  std::string explain(const std::vector<std::pair<std::string, Tensor>>& names = {}) const;
  /// A table of the groups: their options, and how many elements their parameters have; those in `names` are
  /// listed. Printing an optimizer prints it without names.
  std::string describe(const std::vector<std::pair<std::string, Tensor>>& names = {}) const;

  /// A copy of the state that the optimizer needs to continue where it stopped, with PyTorch's names:
  /// `state.0.momentum_buffer` belongs to parameter 0, `param_groups.0.lr` to group 0, and
  /// `param_groups.0.params` lists the parameters of group 0. Parameters are numbered across groups. A
  /// parameter that has not been updated yet has no state.
  virtual StateDict state_dict() const = 0;
  /// Copies `state`, converting tensors to the dtype and device of their parameters. Names, shapes and groups
  /// must match, a parameter must have all of its state or none, and the options must be valid; otherwise an
  /// Error says what is wrong and nothing has changed.
  virtual void load_state_dict(const StateDict& state) = 0;

 protected:
  Optimizer() = default;
  Optimizer(Optimizer&&) noexcept = default;
  Optimizer& operator=(Optimizer&&) noexcept = default;

  /// Sets the parameters of each group. Throws if a group is empty, or a parameter is not a contiguous
  /// floating-point leaf or occurs twice. A parameter may be frozen (not require a gradient), now or later.
  void set_params(const char* function, std::vector<std::vector<Tensor>> params);
  void check_group(const char* function, std::size_t group) const;
  void check_not_moved_from(const char* function) const {
    check(!params_.empty(), "{}: the optimizer was moved from; use the one that it was moved to", function);
  }

  std::vector<std::vector<Tensor>> params_;  // of each group

 private:
  /// The parts of the next step of a parameter; `param` and `grad` are in float64 on the parameter's device.
  virtual UpdateParts parts_of(
      std::size_t group, std::size_t index, const Tensor& param, const Tensor& grad) const = 0;
  /// The names and values of a group's options.
  virtual StateDict options_of(std::size_t group) const = 0;
};

TENON_API std::ostream& operator<<(std::ostream& out, const Optimizer& optimizer);

/// Visits the options and the state of an optimizer, each under its name, and either saves them or replaces
/// them with loaded values.
class TENON_API StateVisitor {
 public:
  /// A number: double, std::int64_t or bool.
  template <Element T>
  void operator()(const char* name, T& value) {
    if (reader_) reader_->take_number(prefix_ + name, value);
    else saved_.emplace_back(prefix_ + name, tenon::tensor(value, {.dtype = dtype_of<T>}));
  }
  /// A tensor with the shape of the parameter. The tensors of a parameter's state are either all defined or
  /// all undefined.
  void operator()(const char* name, Tensor& tensor);
  /// The same, but such a tensor may be undefined where others are defined: only some options need it.
  void optional(const char* name, Tensor& tensor);

 private:
  template <class Options, class State>
  friend class OptimizerOf;
  void load(const std::string& name, Tensor& tensor);
  void save(const std::string& name, const Tensor& tensor);
  explicit StateVisitor(StateReader* reader = nullptr) : reader_(reader) {}
  /// Begins the state of parameter number `index`. False if the loaded state has none.
  bool begin_param(std::size_t index, const Tensor& param);
  /// Ends it. If all its tensors are undefined, its numbers are not saved either.
  void end_param();
  /// Begins the options of a group whose parameters are numbered from `first`.
  void begin_group(std::size_t group, std::size_t first, std::size_t count);

  StateReader* reader_;  // null: saves
  StateDict saved_;
  std::string prefix_;
  const Tensor* param_ = nullptr;
  std::size_t first_ = 0;                           // where the parameter's entries of saved_ begin
  bool has_tensor_ = false, lacks_tensor_ = false;  // whether a tensor was defined, and one undefined
};

/// The base class of optimizers. `Options` applies to a group and has a `double lr`; `State` is kept per
/// parameter and starts as State(). A derived class calls add_groups() in its constructor and defines which
/// options are valid, the names of the members of Options and State, and the step; a class derived from it
/// defines none of these again.
template <class Options, class State>
class OptimizerOf : public Optimizer {
 public:
  /// The options of a group: the defaults, overridden by its own.
  const Options& options(std::size_t group) const TENON_LIFETIMEBOUND {
    check_group("options", group);
    return (*groups_)[group].options;
  }
  void set_options(std::size_t group, const Options& options) {
    check_group("set_options", group);
    set_checked("set_options", group, options);
  }
  double lr(std::size_t group) const final {
    check_group("lr", group);
    return (*groups_)[group].options.lr;
  }
  void set_lr(double lr) final {
    change_all("set_lr", [lr](std::size_t, Options& options) { options.lr = lr; });
  }
  void set_lr(std::size_t group, double lr) final {
    check_group("set_lr", group);
    Options options = (*groups_)[group].options;
    options.lr = lr;
    set_checked("set_lr", group, options);
  }
  void set_lr(const std::vector<double>& lrs) final {
    check_not_moved_from("set_lr");
    check(lrs.size() == groups_->size(), "set_lr: there are {} groups, but {} rates", groups_->size(),
        lrs.size());
    change_all("set_lr", [&lrs](std::size_t group, Options& options) { options.lr = lrs[group]; });
  }
  std::optional<double> momentum(std::size_t group) const final {
    check_group("momentum", group);
    if constexpr (has_momentum) return momentum_of((*groups_)[group].options);
    else return {};
  }
  void set_momentum(double momentum) final {
    check_not_moved_from("set_momentum");
    check(has_momentum, "set_momentum: the optimizer has neither momentum nor betas");
    if constexpr (has_momentum)
      change_all(
          "set_momentum", [momentum](std::size_t, Options& options) { momentum_of(options) = momentum; });
  }

  StateDict state_dict() const final {
    check_not_moved_from("state_dict");
    std::vector<Group> groups = *groups_;
    StateVisitor visitor;
    visit(groups, visitor);
    return std::move(visitor.saved_);
  }
  void load_state_dict(const StateDict& state) final {
    check_not_moved_from("load_state_dict");
    std::vector<Group> loaded;
    for (const Group& group : *groups_)
      loaded.push_back({group.options, std::vector<State>(group.states.size())});
    StateReader reader(state, "optimizer");
    StateVisitor visitor(&reader);
    visit(loaded, visitor);
    reader.finish();
    for (std::size_t g = 0; g < loaded.size(); ++g) check_options("load_state_dict", g, loaded[g].options);
    *groups_ = std::move(loaded);
  }

 protected:
  struct Group {
    Options options;
    std::vector<State> states;  // one per parameter
  };

  /// For the constructor: takes the parameters of `groups`, each group with the options returned by
  /// `options_of`. Errors begin with `name`.
  template <class ParamGroup, class OptionsOf>
  void add_groups(const char* name, std::vector<ParamGroup> groups, OptionsOf options_of) {
    std::vector<std::vector<Tensor>> params;
    for (ParamGroup& group : groups) {
      groups_->push_back({options_of(group), std::vector<State>(group.params.size())});
      params.push_back(std::move(group.params));
    }
    set_params(name, std::move(params));
    for (std::size_t g = 0; g < groups_->size(); ++g) check_options(name, g, (*groups_)[g].options);
  }

  /// Shared with the graphs that have recorded a step.
  std::shared_ptr<std::vector<Group>> groups_ = std::make_shared<std::vector<Group>>();

 private:
  /// Throws an error that begins with `function` unless the options are valid for the parameters of the
  /// group.
  virtual void check_options(const char* function, std::size_t group, const Options& options) const = 0;
  /// The parts of the next step of a parameter, in float64 like `param` and `grad`. Must not change anything.
  virtual UpdateParts update_parts(
      const Options&, const State&, const Tensor& /*param*/, const Tensor& /*grad*/) const {
    fail("explain: the optimizer does not define update_parts()");
  }
  /// Visits every member under its name, PyTorch's if it has one.
  virtual void visit_options(Options& options, StateVisitor& visitor) const = 0;
  virtual void visit_state(State& state, StateVisitor& visitor) const = 0;

  UpdateParts parts_of(
      std::size_t group, std::size_t index, const Tensor& param, const Tensor& grad) const final {
    const Group& at = (*groups_)[group];
    return update_parts(at.options, at.states[index], param, grad);
  }
  StateDict options_of(std::size_t group) const final {
    Options options = (*groups_)[group].options;
    StateVisitor visitor;
    visit_options(options, visitor);
    return std::move(visitor.saved_);
  }

  static constexpr bool has_momentum = requires(Options & options) { options.momentum; }
  || requires(Options& options) { options.betas.first; };
  template <class AnyOptions>
  static auto& momentum_of(AnyOptions& options) {
    if constexpr (requires { options.momentum; }) return options.momentum;
    else return options.betas.first;
  }

  void set_checked(const char* function, std::size_t group, const Options& options) {
    check_options(function, group, options);
    (*groups_)[group].options = options;
  }
  /// Calls change(group, options) for every group, and checks the results before it keeps them.
  template <class Change>
  void change_all(const char* function, Change change) {
    check_not_moved_from(function);
    for (std::size_t g = 0; g < groups_->size(); ++g) {
      Options options = (*groups_)[g].options;
      change(g, options);
      check_options(function, g, options);
    }
    for (std::size_t g = 0; g < groups_->size(); ++g) change(g, (*groups_)[g].options);
  }
  void visit(std::vector<Group>& groups, StateVisitor& visitor) const {
    std::size_t index = 0;
    for (std::size_t g = 0; g < groups.size(); ++g)
      for (std::size_t i = 0; i < params_[g].size(); ++i) {
        if (!visitor.begin_param(index++, params_[g][i])) continue;
        visit_state(groups[g].states[i], visitor);
        visitor.end_param();
      }
    index = 0;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      visitor.begin_group(g, index, params_[g].size());
      visit_options(groups[g].options, visitor);
      index += params_[g].size();
    }
  }
};

/// The parameters that satisfy a predicate, and the others: `split(net.parameters(), is_matrix)`.
template <class Predicate>
std::pair<std::vector<Tensor>, std::vector<Tensor>> split(
    const std::vector<Tensor>& params, Predicate predicate) {
  std::pair<std::vector<Tensor>, std::vector<Tensor>> parts;
  for (const Tensor& param : params) (predicate(param) ? parts.first : parts.second).push_back(param);
  return parts;
}

}  // namespace tenon::optim
