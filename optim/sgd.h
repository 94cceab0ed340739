// Stochastic gradient descent with weight decay, momentum, and options of each parameter group.
#pragma once
#include <optional>
#include <utility>
#include <vector>

#include <tenon/core/tensor.h>

namespace tenon::optim {

/// The defaults of the optimizer, in PyTorch's order.
struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
  bool maximize = false;
};

/// Parameters and what differs from the defaults for them; a field that is not set follows the default.
struct ParamGroup {
  std::vector<Tensor> params;
  std::optional<double> lr{}, momentum{}, dampening{}, weight_decay{};
  std::optional<bool> nesterov{}, maximize{};
};

/// What an optimizer needs to go on where it stopped. Copies share the buffers, as handles of tensors do.
struct SGDState {
  struct Group {
    SGDOptions options;
    std::vector<Tensor> momentum_buffers;  // one a parameter, undefined before its first step
  };
  std::vector<Group> groups;
};

/// For each parameter w with gradient g, in this order (PyTorch's SGD):
///
///     g = -g                                     if maximize
///     g = g + weight_decay w                     L2 decay, a penalty of weight_decay / 2 |w|^2
///     b = g on the first step, else momentum b + (1 - dampening) g      if momentum
///     g = nesterov ? g + momentum b : b
///     w = w - lr g
///
/// A parameter without a gradient is left alone, a frozen one therefore too: it does not decay either. step()
/// never writes a gradient.
///
/// Optimizers move but do not copy, so that two never share momentum. One that was moved from can only be
/// assigned to or destroyed.
class TENON_API SGD {
 public:
  /// Throws when a group is empty, a parameter is not a floating-point leaf or stands in two places, a rate
  /// is negative or not finite in the dtype of the parameters, or nesterov comes without momentum or with
  /// dampening. A parameter may be frozen (require no gradient), now or later.
  SGD(std::vector<ParamGroup> groups, const SGDOptions& defaults = {});
  SGD(std::initializer_list<ParamGroup> groups, const SGDOptions& defaults = {})
      : SGD(std::vector<ParamGroup>(groups), defaults) {}
  SGD(std::vector<Tensor> params, const SGDOptions& defaults = {});
  SGD(SGD&&) noexcept = default;
  SGD& operator=(SGD&&) noexcept = default;
  ~SGD() = default;

  /// All parameters in one kernel call. When it throws, nothing has changed.
  void step();
  /// Drops the gradient of every parameter.
  void zero_grad();

  std::size_t group_count() const { return groups_.size(); }
  const std::vector<Tensor>& params(std::size_t group) const TENON_LIFETIMEBOUND;
  /// What holds for a group: its own fields over the defaults.
  const SGDOptions& options(std::size_t group) const TENON_LIFETIMEBOUND;
  void set_options(std::size_t group, const SGDOptions& options);
  /// Changes the learning rate of every group, or of one.
  void set_lr(double lr);
  void set_lr(std::size_t group, double lr);

  /// A copy of the options and momentum buffers.
  SGDState state_dict() const;
  /// Takes a copy of them, in the dtype and on the device of each parameter; groups and shapes must agree, or
  /// an Error is thrown and nothing changes.
  void load_state_dict(const SGDState& state);

 private:
  struct Group {
    std::vector<Tensor> params;
    std::vector<Tensor> momentum_buffers;
    SGDOptions options;
  };
  const Group& group_at(const char* function, std::size_t group) const;
  /// Throws unless the options suit the group.
  void check_options(const char* function, std::size_t group, const SGDOptions& options) const;
  void check_not_moved_from(const char* function) const;
  std::vector<Group> groups_;
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
