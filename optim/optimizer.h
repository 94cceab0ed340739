// What optimizers share: groups of parameters with options, a learning rate per group, state that is saved.
#pragma once
#include <utility>
#include <vector>

#include <tenon/autograd/ops.h>
#include <tenon/core/state_dict.h>

namespace tenon::optim {

/// What every optimizer offers: all that a training loop or a learning rate schedule needs of one.
///
/// Optimizers move but do not copy, so that two never share state. One that was moved from can only be
/// assigned to or destroyed.
class TENON_API Optimizer {
 public:
  virtual ~Optimizer();

  /// Updates every parameter that has a gradient. When it throws, nothing has changed.
  virtual void step() = 0;
  /// Drops the gradient of every parameter.
  void zero_grad();

  std::size_t group_count() const { return params_.size(); }
  const std::vector<Tensor>& params(std::size_t group) const TENON_LIFETIMEBOUND;
  virtual double lr(std::size_t group) const = 0;
  /// Changes the learning rate of every group, or of one.
  virtual void set_lr(double lr) = 0;
  virtual void set_lr(std::size_t group, double lr) = 0;

  /// A copy of what the optimizer needs to go on where it stopped, named as in PyTorch:
  /// `state.0.momentum_buffer` belongs to parameter 0, `param_groups.0.lr` to group 0, and
  /// `param_groups.0.params` lists the parameters of group 0. Parameters are counted across groups.
  virtual StateDict state_dict() const = 0;
  /// Takes a copy of it, tensors in the dtype and on the device of their parameters. Names, shapes and groups
  /// must agree and the options must be valid; otherwise an Error says what is wrong and nothing has changed.
  virtual void load_state_dict(const StateDict& state) = 0;

 protected:
  Optimizer() = default;
  Optimizer(Optimizer&&) noexcept = default;
  Optimizer& operator=(Optimizer&&) noexcept = default;

  /// Takes the parameters of each group. Throws when a group is empty, or a parameter is not a contiguous
  /// floating-point leaf or stands in two places. A parameter may be frozen (require no gradient), now or
  /// later.
  void set_params(const char* function, std::vector<std::vector<Tensor>> params);
  void check_group(const char* function, std::size_t group) const;
  void check_not_moved_from(const char* function) const {
    check(!params_.empty(), "{}: the optimizer was moved from; use the one that it was moved to", function);
  }

  std::vector<std::vector<Tensor>> params_;  // of each group
};

/// What an optimizer shows its options and its state to, each under its name. Saves them, or replaces them by
/// what is loaded.
class TENON_API StateVisitor {
 public:
  /// A number: double, std::int64_t or bool.
  template <Element T>
  void operator()(const char* name, T& value) {
    if (reader_) reader_->take_number(prefix_ + name, value);
    else saved_.emplace_back(prefix_ + name, tenon::tensor(value, {.dtype = dtype_of<T>}));
  }
  /// A tensor in the shape of the parameter, left out while it is undefined.
  void operator()(const char* name, Tensor& tensor);

 private:
  template <class Options, class State>
  friend class OptimizerOf;
  explicit StateVisitor(StateReader* reader = nullptr) : reader_(reader) {}
  /// What follows is the state of parameter number `index`.
  void begin_param(std::size_t index, const Tensor& param);
  /// What follows are the options of a group, whose parameters are those from number `first`.
  void begin_group(std::size_t group, std::size_t first, std::size_t count);

  StateReader* reader_;  // null: saves
  StateDict saved_;
  std::string prefix_;
  const Tensor* param_ = nullptr;
};

/// The base of an optimizer. `Options` holds for a group and has a `double lr`; `State` is what is kept for a
/// parameter, and starts as State(). A derived class is final, calls add_groups() in its constructor, and
/// says which options are valid, how the members of Options and State are called, and what a step is.
template <class Options, class State>
class OptimizerOf : public Optimizer {
 public:
  /// What holds for a group: its own fields over the defaults.
  const Options& options(std::size_t group) const TENON_LIFETIMEBOUND {
    check_group("options", group);
    return groups_[group].options;
  }
  void set_options(std::size_t group, const Options& options) {
    check_group("set_options", group);
    check_options("set_options", group, options);
    groups_[group].options = options;
  }
  double lr(std::size_t group) const final {
    check_group("lr", group);
    return groups_[group].options.lr;
  }
  void set_lr(double lr) final {
    check_not_moved_from("set_lr");
    for (std::size_t g = 0; g < groups_.size(); ++g) check_options("set_lr", g, with_lr(g, lr));
    for (Group& group : groups_) group.options.lr = lr;
  }
  void set_lr(std::size_t group, double lr) final {
    check_group("set_lr", group);
    check_options("set_lr", group, with_lr(group, lr));
    groups_[group].options.lr = lr;
  }

  StateDict state_dict() const final {
    check_not_moved_from("state_dict");
    std::vector<Group> groups = groups_;
    StateVisitor visitor;
    visit(groups, visitor);
    return std::move(visitor.saved_);
  }
  void load_state_dict(const StateDict& state) final {
    check_not_moved_from("load_state_dict");
    std::vector<Group> loaded = groups_;
    StateReader reader(state, "optimizer");
    StateVisitor visitor(&reader);
    visit(loaded, visitor);
    reader.finish();
    for (std::size_t g = 0; g < loaded.size(); ++g) check_options("load_state_dict", g, loaded[g].options);
    groups_ = std::move(loaded);
  }

 protected:
  struct Group {
    Options options;
    std::vector<State> states;  // one per parameter
  };

  /// For the constructor: takes the parameters of `groups`, each with the options that `options_of` gives for
  /// it. Errors begin with `name`.
  template <class ParamGroup, class OptionsOf>
  void add_groups(const char* name, std::vector<ParamGroup> groups, OptionsOf options_of) {
    std::vector<std::vector<Tensor>> params;
    for (ParamGroup& group : groups) {
      groups_.push_back({options_of(group), std::vector<State>(group.params.size())});
      params.push_back(std::move(group.params));
    }
    set_params(name, std::move(params));
    for (std::size_t g = 0; g < groups_.size(); ++g) check_options(name, g, groups_[g].options);
  }

  std::vector<Group> groups_;

 private:
  /// Throws, in the name of `function`, unless the options suit the parameters of a group.
  virtual void check_options(const char* function, std::size_t group, const Options& options) const = 0;
  /// Shows every member under its name, PyTorch's where it has one.
  virtual void visit_options(Options& options, StateVisitor& visitor) const = 0;
  virtual void visit_state(State& state, StateVisitor& visitor) const = 0;

  Options with_lr(std::size_t group, double lr) const {
    Options changed = groups_[group].options;
    changed.lr = lr;
    return changed;
  }
  void visit(std::vector<Group>& groups, StateVisitor& visitor) const {
    std::size_t index = 0;
    for (std::size_t g = 0; g < groups.size(); ++g)
      for (std::size_t i = 0; i < params_[g].size(); ++i) {
        visitor.begin_param(index++, params_[g][i]);
        visit_state(groups[g].states[i], visitor);
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
