// Watches a backward pass. Tensors are copied at once, never kept: whether the pass adds in place depends on
// who else owns a gradient.
#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <unordered_set>

#include <tenon/autograd/explore/recording.h>
#include <tenon/autograd/ops.h>
#include <tenon/autograd/ops/gradients.h>
#include <tenon/autograd/pass.h>
#include <tenon/kernels/observer.h>

namespace tenon::autograd {

namespace {

/// The file without its folders, which say nothing to a reader elsewhere.
std::string line_of(CallSite site) {
  std::string line = to_string(site);
  return line.erase(0, line.rfind('/') + 1);
}

/// What the optimizer will do with the gradients of a pass.
RecordedStep step_of(double loss, const ExploreOptions& options) {
  RecordedStep step{.loss = loss};
  if (!options.optimizer.list) return step;
  try {
    for (const ParameterUpdate& update : options.optimizer.list()) {
      std::string name;
      for (const auto& [given, tensor] : options.names)
        if (tensor.is_same(update.parameter)) name = given;
      step.updates.push_back(
          {name, update.norm, update.update, update.gradient, update.decay, update.momentum});
    }
  } catch (const Error& error) { step.error = error.what(); }
  return step;
}

/// Doubles the saved floating-point tensors of a pullback, in copies, and puts the originals back.
class Spoiler {
 public:
  explicit Spoiler(Pullback& pullback) : pullback_(pullback) {}
  ~Spoiler() { pullback_.visit_saved(restore_); }
  Spoiler(const Spoiler&) = delete;
  Spoiler& operator=(const Spoiler&) = delete;
  /// False if there is nothing to double. Not part of the constructor: if it throws, the originals return.
  bool spoil() {
    pullback_.visit_saved(double_);
    return changed_;
  }

 private:
  struct Double final : SavedVisitor {
    explicit Double(Spoiler& spoiler) : owner(spoiler) {}
    void visit(Tensor& saved, Kind kind) override {
      owner.originals_.push_back(saved);
      if (kind == Kind::prepared || !is_floating_point(saved.dtype())) return;
      const Tensor twice = saved.detach() * 2;
      twice.impl().storage->set_version(saved.version());  // or the pullback would refuse it
      saved = twice;
      owner.changed_ = true;
    }
    Spoiler& owner;
  };
  struct Restore final : SavedVisitor {
    explicit Restore(Spoiler& spoiler) : owner(spoiler) {}
    void visit(Tensor& saved, Kind) override {
      if (next < owner.originals_.size()) saved = owner.originals_[next++];
    }
    Spoiler& owner;
    std::size_t next = 0;
  };

  Pullback& pullback_;
  std::vector<Tensor> originals_;
  bool changed_ = false;
  Double double_{*this};
  Restore restore_{*this};
};

class Recorder final : public PassObserver {
 public:
  Recorder(const Tensor& loss, const ExploreOptions& options) : order_(nodes_below(node_of(loss))) {
    std::size_t edges = 0;
    for (Node* node : order_) {
      number_.emplace(node, static_cast<int>(number_.size()));
      edges += node->edges().size();
    }
    // The page of a network with hundreds of nodes stays near a megabyte.
    limit_ =
        std::clamp<std::int64_t>(60'000 / static_cast<std::int64_t>(3 * order_.size() + 2 * edges), 16, 1024);
    recording_.root = 0;
    recording_.keeps_graph = options.backward.retain_graph || options.backward.create_graph;
    for (Node* node : order_) add(*node);
    value_of(*node_of(loss), loss);
    for (const auto& [name, tensor] : options.names) {
      if (!tensor.defined()) continue;
      const auto at = number_.find(node_of(tensor));
      if (at == number_.end()) {
        constants_.emplace(tensor.impl().storage.get(), name);
        continue;
      }
      recording_.nodes[static_cast<std::size_t>(at->second)].name = name;
      value_of(*at->first, tensor);
    }
    for (Node* node : order_) add_saved(*node);
  }

  void visit(Node& node, const Tensor& gradient, std::span<Node* const> waiting) override {
    // The time and the kernels of a hook, which has run just now, belong to no node.
    if (running_ && !node.hooks) count_time(gradient.stream());
    else if (running_) {
      std::vector<std::string>& names = of(*running_).kernels;
      names.erase(names.begin() + static_cast<std::ptrdiff_t>(kernels_before_), names.end());
    }
    observer_.reset();
    running_ = &node;
    RecordedVisit step{number_.at(&node), {}};
    for (Node* other : waiting) step.waiting.push_back(number_.at(other));
    recording_.visits.push_back(std::move(step));
    of(node).gradient = excerpt(gradient, limit_);
    if (&node == order_[0]) first_ = copy_of(gradient);
    start_clock(gradient.stream());
  }

  void part(Node& node, Edge& edge, const Tensor& gradient, const Tensor& part) override {
    count_time(part.stream());
    add_part(node, edge, gradient, part);
    start_clock(part.stream());
  }

  void finish() override {
    observer_.reset();
    for (Node* node : order_) of(*node).accumulated = node->grad.defined();
    std::unordered_map<Node*, int> uses;
    bool fans_out = false;
    for (Node* node : order_)
      for (Edge& edge : node->edges()) fans_out |= ++uses[edge.source.get()] > 1;
    if (!fans_out) return;
    try {
      run_depth_first();
    } catch (const Error&) {
      for (RecordedNode& node : recording_.nodes) node.depth_first.reset();
    }
  }

  /// After the pass.
  Recording take() {
    for (Node* node : order_)
      if (node->grad.defined()) of(*node).stored = excerpt(node->grad, limit_);
    return std::move(recording_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// Before the observer returns to the pass: what follows is the work of the node that runs. A device may
  /// still be working.
  void start_clock(Stream stream) {
    stream.synchronize();
    kernels_before_ = of(*running_).kernels.size();
    observer_.emplace(of(*running_).kernels);
    since_ = Clock::now();
  }
  /// Adds the time since then to the node that runs.
  void count_time(Stream stream) {
    stream.synchronize();
    of(*running_).seconds += std::chrono::duration<double>(Clock::now() - since_).count();
    observer_.reset();
  }

  void add_part(Node& node, Edge& edge, const Tensor& gradient, const Tensor& part) {
    const ModeGuard guard({.record = false, .anomaly = false});
    RecordedEdge& to = edge_of(node, edge);
    const Tensor summed = at_source(edge, part);
    to.part = excerpt(summed, limit_);
    if (!summed.is_same(part)) to.unsummed = excerpt(part, limit_);
    try {
      Spoiler spoiler(edge.pullback);
      if (!spoiler.spoil()) return;
      const Tensor wrong = edge.pullback(gradient, edge.source->shape);
      if (wrong.defined()) to.spoiled = excerpt(at_source(edge, wrong), limit_);
    } catch (const Error&) {}  // an operation may refuse such values; then there is nothing to compare
  }

  RecordedNode& of(const Node& node) { return recording_.nodes[static_cast<std::size_t>(number_.at(&node))]; }
  RecordedEdge& edge_of(Node& node, Edge& edge) {
    return of(node).edges[static_cast<std::size_t>(&edge - node.edges().data())];
  }
  static Tensor at_source(const Edge& edge, const Tensor& part) {
    const bool sums = edge.broadcast && part.shape() != edge.source->shape;
    return sums ? sum_to(part, edge.source->shape) : part;
  }
  static Tensor copy_of(const Tensor& tensor) {
    const ModeGuard guard({.record = false, .anomaly = false});
    return tensor.detach().clone();
  }

  void add(Node& node) {
    std::int64_t bytes = static_cast<std::int64_t>(size_of(node.dtype));
    for (const std::int64_t size : node.shape) bytes *= size;
    recording_.nodes.push_back({.op = node.name,
        .site = line_of(node.site),
        .name = "",
        .shape = node.shape,
        .dtype = node.dtype,
        .device = node.device,
        .depth = node.depth,
        .leaf = node.leaf(),
        .hooked = node.hooks != nullptr,
        .bytes = bytes});
    for (Edge& edge : node.edges())
      recording_.nodes.back().edges.push_back({number_.at(edge.source.get()), edge.broadcast});
  }

  void value_of(const Node& node, const Tensor& tensor) {
    if (!of(node).value) of(node).value = excerpt(tensor, limit_);
  }

  void add_saved(Node& node) {
    struct Visitor final : SavedVisitor {
      Visitor(Recorder& recorder, Node& saving) : owner(recorder), node(saving) {}
      void visit(Tensor& saved, Kind kind) override {
        if (!saved.defined()) return;
        const TensorImpl& impl = saved.impl();
        const int storage =
            owner.storages_.emplace(impl.storage.get(), static_cast<int>(owner.storages_.size()))
                .first->second;
        const auto at = owner.number_.find(kind == Kind::output ? &node : node_of(saved));
        RecordedSaved one{.shape = impl.shape,
            .dtype = impl.dtype,
            .kind = kind,
            .storage = storage,
            .bytes = static_cast<std::int64_t>(impl.storage->bytes()),
            .node = at == owner.number_.end() ? -1 : at->second};
        if (one.node >= 0) {
          owner.value_of(*at->first, saved);
        } else {
          one.value = excerpt(saved, owner.limit_);
          const auto name = owner.constants_.find(impl.storage.get());
          if (name != owner.constants_.end()) one.name = name->second;
        }
        list->push_back(std::move(one));
      }
      Recorder& owner;
      Node& node;
      std::vector<RecordedSaved>* list = nullptr;
    } visitor(*this, node);
    for (Edge& edge : node.edges()) {
      visitor.list = &edge_of(node, edge).saved;
      edge.pullback.visit_saved(visitor);
    }
  }

  /// What the leaves would get if a node ran as soon as it is reached: parts that arrive later are lost.
  void run_depth_first() {
    const ModeGuard guard({.record = false, .anomaly = false});
    std::unordered_set<Node*> ran;
    std::vector<std::pair<Node*, Tensor>> next{{order_[0], first_}};
    while (!next.empty()) {
      const auto [node, gradient] = std::move(next.back());
      next.pop_back();
      if (!ran.insert(node).second) continue;
      if (node->leaf()) of(*node).depth_first = excerpt(gradient, limit_);
      const std::span<Edge> edges = node->edges();
      for (auto edge = edges.rbegin(); edge != edges.rend(); ++edge) {
        if (!edge_of(*node, *edge).part) continue;
        const Tensor part = edge->pullback(gradient, edge->source->shape);
        if (part.defined()) next.emplace_back(edge->source.get(), at_source(*edge, part));
      }
    }
  }

  Recording recording_;
  const std::vector<Node*> order_;
  std::unordered_map<const Node*, int> number_;
  std::unordered_map<const Storage*, int> storages_;
  std::unordered_map<const Storage*, std::string> constants_;  // the names of tensors without a node
  std::int64_t limit_ = 0;                                     // values per excerpt
  const Node* running_ = nullptr;
  Clock::time_point since_{};
  std::optional<kernels::KernelObserver> observer_{};
  std::size_t kernels_before_ = 0;  // that the node that runs had then
  Tensor first_;                    // the gradient of the root
};

}  // namespace

Recording record_backward(Call& call, const Tensor& loss, const ExploreOptions& options) {
  Root root = root_of("explore", loss, {});
  const Ref<Node> owner = root.node;  // a hook may drop the caller's handle
  const double value = loss.item<double>();
  Recorder recorder(loss, options);
  run_backward(call, {&root, 1}, options.backward, &recorder);
  Recording recording = recorder.take();
  recording.title = line_of(call.site());
  recording.steps.push_back(step_of(value, options));
  return recording;
}

void record_next_step(Call& call, const Tensor& loss, const ExploreOptions& options, Recording& recording) {
  Root root = root_of("explore", loss, {});
  const double value = loss.item<double>();
  run_backward(call, {&root, 1}, options.backward);
  recording.steps.push_back(step_of(value, options));
}

}  // namespace tenon::autograd
