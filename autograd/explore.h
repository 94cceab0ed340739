// The tape explorer: a page that shows a backward pass.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <tenon/core/tensor.h>

namespace tenon::autograd {

/// What an optimizer's next step does to a parameter: the L2 norms of the parameter, of the update and of its
/// parts, as in optim::UpdateNorms.
struct ParameterUpdate {
  Tensor parameter;
  double norm, update, gradient, decay, momentum;
};

/// Converts from an optimizer, which must outlive it. A template, because optim is built on autograd and not
/// the other way round.
class UpdatesOf {
 public:
  UpdatesOf() = default;
  template <class Optimizer>
  requires requires(const Optimizer& optimizer) { optimizer.update_norms(); }
  UpdatesOf(const Optimizer& optimizer)
      : list([&optimizer] {
          std::vector<ParameterUpdate> updates;
          for (const auto& norms : optimizer.update_norms())
            updates.push_back({optimizer.params(norms.group)[norms.index], norms.param, norms.update,
                norms.gradient, norms.decay, norms.momentum});
          return updates;
        }) {}

  std::function<std::vector<ParameterUpdate>()> list{};  // empty: there is no optimizer
};

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

struct ExploreOptions {
  /// Names of parameters and of any other tensors, such as a module's named_parameters().
  NamedTensors names{};
  /// Adds a panel with the optimizer's next step.
  UpdatesOf optimizer{};
  BackwardOptions backward{};
};

/// Does what loss.backward(options.backward) does and writes a page that shows how: the graph with values and
/// gradients, and the pass step by step. The page is one HTML file that needs no network. Large tensors are
/// shown in part, but their statistics cover all elements. Pullbacks run more than once, to compare what
/// mistakes would give. If the page cannot be written, the gradients are there all the same.
TENON_API void explore(const Tensor& loss, const std::string& path, const ExploreOptions& options = {},
    CallSite site = CallSite::current());

struct Recording;

/// The same for a training loop: the page shows the first pass, and what the optimizer does in every step.
///
///     autograd::Explorer explorer({.names = net.named_parameters(), .optimizer = optimizer});
///     for (...) {
///       explorer.backward(loss);
///       optimizer.step();
///     }
///     explorer.write("tape.html");
class TENON_API Explorer {
 public:
  explicit Explorer(ExploreOptions options = {});
  ~Explorer();
  Explorer(Explorer&&) noexcept;
  Explorer& operator=(Explorer&&) noexcept;

  /// Does what loss.backward(options.backward) does. `names` are additional names for tensors that only this
  /// pass has; they matter in the first one, which the page shows.
  void backward(const Tensor& loss, const NamedTensors& names = {}, CallSite site = CallSite::current());
  void write(const std::string& path) const;

 private:
  ExploreOptions options_;
  std::unique_ptr<Recording> recording_;  // null before the first pass
};

}  // namespace tenon::autograd
