#include <tenon/autograd/pass.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include <tenon/autograd/anomaly.h>
#include <tenon/autograd/ops.h>
#include <tenon/autograd/ops/gradients.h>
#include <tenon/autograd/tape/record.h>
#include <tenon/autograd/tape/running.h>

namespace tenon::autograd {

namespace {

constinit thread_local Node* running = nullptr;
constinit thread_local bool releasing = false;

/// A buffer for the lists of a pass, so that a small model needs no allocation.
struct Room {
  static constexpr std::size_t size = 1536;
  alignas(std::max_align_t) std::byte bytes[size];
  std::size_t used = 0;
};
template <class T>
struct RoomAllocator {
  using value_type = T;
  Room* room;
  T* allocate(std::size_t count) {
    if (count > (Room::size - room->used) / sizeof(T)) return std::allocator<T>().allocate(count);
    return reinterpret_cast<T*>(room->bytes + std::exchange(room->used, room->used + count * sizeof(T)));
  }
  void deallocate(T* list, std::size_t count) noexcept {
    const auto* const at = reinterpret_cast<const std::byte*>(list);
    if (std::less<>()(at, room->bytes) || !std::less<>()(at, room->bytes + Room::size))
      std::allocator<T>().deallocate(list, count);
  }
  friend bool operator==(const RoomAllocator&, const RoomAllocator&) = default;
};

/// One run over the tape. Gradients in flight are stored in the nodes. The permanent changes, storing
/// gradients and releasing the graph, are made at the end, when nothing can fail any more, so that a pass
/// that threw can be run again.
class Pass {
 public:
  Pass(Call& call, const PassOptions& options, bool anomaly)
      : call_(call),
        keep_graph_(options.retain_graph || options.create_graph),
        anomaly_(anomaly),
        watched_(anomaly || options.observer),
        accumulate_(options.accumulate),
        needed_(options.needed),
        observer_(options.observer) {
    waiting_.reserve(32);
    spent_.reserve(48);
    kept_.reserve(32);
  }
  ~Pass() {
    running = outer_, releasing = outer_releases_;
    call_.set_site(caller_);
    for (Node* node : waiting_) {
      node->pending = {};
      node->pass.store(nullptr, std::memory_order_release);
    }
  }
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

  void run(std::span<Root> roots) {
    for (Root& root : roots)
      if (!needed_ || needed_->contains(root.node.get())) deliver(*root.node, std::move(root.gradient));
    while (!waiting_.empty()) {
      std::pop_heap(waiting_.begin(), waiting_.end(), shallower);
      Node* const node = waiting_.back();
      waiting_.pop_back();
      visit(*node);
    }
    if (returns_gradients()) [[unlikely]]
      finish_leaves();
    if (observer_) [[unlikely]]
      observer_->finish();
    for (Kept& kept : kept_) prepare(kept);
    for (Kept& kept : kept_) keep(kept);
    for (Node* node : spent_)
      for (Edge& edge : node->edges()) edge.pullback.release();
  }

 private:
  /// A gradient to be stored in its node.
  struct Kept {
    Node* node;
    Tensor gradient;
    bool whole;  // replaces the node's gradient, which it already includes
  };

  /// As in grad(); otherwise leaves accumulate, all or the needed ones.
  bool returns_gradients() const { return needed_ && !accumulate_; }
  static bool shallower(const Node* a, const Node* b) { return a->depth < b->depth; }

  void visit(Node& node) {
    struct Release {
      Node& node;
      ~Release() { node.pass.store(nullptr, std::memory_order_release); }
    } const release{node};
    call_.set_site(node.site ? node.site : caller_);
    Tensor gradient = std::move(node.pending);
    if (node.hooks) [[unlikely]]
      call_hooks(node, gradient);
    if (observer_) [[unlikely]]
      observer_->visit(node, gradient, waiting_);
    Tensor* const wanted = needed_ ? needed_->at(&node) : nullptr;
    if (needed_ ? accumulate_ && wanted : node.keeps_grad)
      kept_.push_back({&node, node.leaf() ? std::move(gradient) : gradient, false});
    else if (wanted) *wanted = gradient;
    if (node.leaf()) return;
    if (!keep_graph_) spent_.push_back(&node);
    running = &node;
    for (Edge& edge : node.edges()) {
      if (needed_ && !needed_->contains(edge.source.get())) continue;
      if (!edge.pullback) [[unlikely]]
        fail(
            "backward: the graph through \"{}\" was already released; pass retain_graph to the first "
            "backward",
            node.name);
      Tensor part = edge.pullback(gradient, edge.source->shape);
      if (!part.defined()) continue;
      if (watched_) [[unlikely]]
        watch(node, edge, gradient, part);
      if (edge.broadcast && part.shape() != edge.source->shape) part = sum_to(part, edge.source->shape);
      check_gradient(node, *edge.source, part);
      deliver(*edge.source, std::move(part));
    }
  }

  static void call_hooks(Node& node, Tensor& gradient) {
    const auto entries = node.hooks->entries;  // a copy: a hook may remove itself or register another
    for (const auto& entry : entries) {
      const std::uint32_t version = gradient.version();
      Tensor changed;
      {
        const PausedCall paused;
        changed = entry.call(gradient);
      }
      const Call call("register_hook", entry.site);
      check(gradient.version() == version,
          "register_hook: the hook of {} has changed the gradient that it was given, which others may share; "
          "return a new tensor instead",
          describe(node));
      if (!changed.defined()) continue;
      check(changed.shape() == node.shape && changed.dtype() == node.dtype && changed.device() == node.device,
          "register_hook: a hook turned a gradient of shape {} and dtype {} into {} and {}", node.shape,
          node.dtype, changed.shape(), changed.dtype());
      gradient = std::move(changed);
    }
  }

  static void check_gradient(const Node& node, const Node& source, const Tensor& part) {
    check(part.shape() == source.shape && part.dtype() == source.dtype && part.device() == source.device,
        "backward: \"{}\" gave \"{}\" a gradient of shape {} and dtype {}; expected {} and {}", node.name,
        source.name, part.shape(), part.dtype(), source.shape, source.dtype);
  }

  [[gnu::cold]] void watch(Node& node, Edge& edge, const Tensor& gradient, const Tensor& part) const {
    if (anomaly_ && has_nan(part) && !has_nan(gradient))
      fail("anomaly mode: the gradient of \"{}\" produced a NaN", node.name);
    if (observer_) observer_->part(node, edge, gradient, part);
  }

  /// In grad(), leaves accumulate their gradients in the results, not in the nodes, which other threads may
  /// be using for their own passes.
  void deliver(Node& node, Tensor&& part) {
    if (returns_gradients() && node.leaf()) [[unlikely]]
      add(*needed_->at(&node), std::move(part));
    else receive(node, std::move(part));
  }

  void receive(Node& node, Tensor&& part) {
    if (node.pass.load(std::memory_order_relaxed) == this) return add(node.pending, std::move(part));
    waiting_.push_back(&node);  // the only statement that can fail, so it comes first
    const void* nobody = nullptr;
    if (!node.pass.compare_exchange_strong(nobody, this, std::memory_order_acquire)) [[unlikely]] {
      waiting_.pop_back();
      fail("backward: {} is part of another pass that is still running; run the passes one after the other",
          describe(node));
    }
    node.pending = std::move(part);
    std::push_heap(waiting_.begin(), waiting_.end(), shallower);
  }

  static void add(Tensor& sum, Tensor&& part) {
    if (!sum.defined()) sum = std::move(part);
    else if (!grad_enabled() && sum.sole_owner() && sum.is_contiguous()) sum.add_(part);
    else sum = sum + part;
  }

  void finish_leaves() const {
    for (const auto& [node, wanted] : *needed_)
      if (node->leaf() && wanted->defined() && node->hooks) call_hooks(*node, *wanted);
  }

  /// The steps of storing a gradient that can fail.
  static void prepare(Kept& kept) {
    const Tensor& grad = kept.node->grad;
    if (!grad.defined()) {
      // A gradient that has another owner or repeats elements is copied: gradients never share memory.
      const bool own = kept.gradient.is_contiguous() && kept.gradient.sole_owner();
      if (!own) kept.gradient = kept.gradient.clone();
      kept.whole = true;
    } else if (grad_enabled() || !grad.sole_owner() || !grad.is_contiguous() || grad.requires_grad() ||
               grad.stream() != kept.gradient.stream()) {
      kept.gradient = grad + kept.gradient;
      kept.whole = true;
    }
  }

  static void keep(Kept& kept) {
    if (kept.whole) kept.node->grad = std::move(kept.gradient);
    else kept.node->grad.add_(kept.gradient);
  }

  Room room_;
  std::vector<Node*, RoomAllocator<Node*>> waiting_{{&room_}};  // hold a gradient; a heap, deepest first
  std::vector<Node*, RoomAllocator<Node*>> spent_{{&room_}};    // have run; their pullbacks will be released
  std::vector<Kept, RoomAllocator<Kept>> kept_{{&room_}};
  Call& call_;  // its line is that of the operation whose gradient is being computed
  const CallSite caller_ = call_.site();
  const bool keep_graph_, anomaly_, watched_, accumulate_;
  const Needed* const needed_;
  PassObserver* const observer_;
  Node* const outer_ = running;
  const bool outer_releases_ = std::exchange(releasing, !keep_graph_);
};

}  // namespace

Node* running_node() noexcept { return running; }
bool releases_graph() noexcept { return releasing; }

Needed wanted_nodes(const char* op, const std::vector<Tensor>& inputs, std::vector<Tensor>& found) {
  check(!inputs.empty(), "{}: needs at least one input", op);
  found.resize(inputs.size());
  Needed wanted;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check(
        inputs[i].defined() && inputs[i].requires_grad(), "{}: input {} does not require a gradient", op, i);
    detail::needs_grad(op, inputs[i]);  // throws if the input is a stale view
    wanted.emplace(node_of(inputs[i]), &found[i]);
  }
  return wanted;
}

Needed nodes_between(std::span<const Root> roots, const Needed& wanted) {
  std::vector<Node*> starts;
  for (const Root& root : roots) starts.push_back(root.node.get());
  std::vector<Node*> below = nodes_below(starts);
  std::sort(below.begin(), below.end(), [](const Node* a, const Node* b) { return a->depth < b->depth; });
  Needed needed;
  for (Node* node : below) {
    const auto target = wanted.find(node);
    bool reaches_wanted = target != wanted.end();
    for (Edge& edge : node->edges()) reaches_wanted |= needed.contains(edge.source.get());
    if (reaches_wanted) needed.emplace(node, target == wanted.end() ? nullptr : target->second);
  }
  return needed;
}

void run_pass(Call& call, std::span<Root> roots, const PassOptions& options) {
  const bool anomaly = mode().anomaly;  // the pass checks itself, with the line of the forward operation
  const ModeGuard guard({.record = options.create_graph, .anomaly = false});
  Pass pass(call, options, anomaly);
  pass.run(roots);
}

}  // namespace tenon::autograd
