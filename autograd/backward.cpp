#include <tenon/autograd/backward.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

#include <tenon/autograd/ops.h>
#include <tenon/autograd/ops/gradients.h>
#include <tenon/autograd/tape/pass.h>
#include <tenon/autograd/tape/record.h>
#include <tenon/core/call.h>

namespace tenon {
namespace autograd {

namespace {

constinit thread_local Node* running = nullptr;

/// Room for the lists of a pass: those of a small model need no allocation.
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

/// One run over the tape. The gradients in flight are in the nodes. What the pass changes for good, the
/// gradients that tensors keep and the release of the graph, waits until nothing can fail any more, so that a
/// pass that throws can be run again.
class Pass {
 public:
  /// With `needed`, only those nodes run and no leaf accumulates: it is a call of grad().
  Pass(Call& call, bool keep_graph, bool anomaly, const std::unordered_map<Node*, Tensor*>* needed)
      : call_(call), keep_graph_(keep_graph), anomaly_(anomaly), needed_(needed) {
    waiting_.reserve(32);
    spent_.reserve(48);
    kept_.reserve(32);
  }
  ~Pass() {
    running = outer_;
    call_.set_where(caller_);
    for (Node* node : waiting_) {
      node->pending = {};
      node->pass.store(nullptr, std::memory_order_release);
    }
  }
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

  void run(Node& root, Tensor gradient) {
    deliver(root, std::move(gradient));
    while (!waiting_.empty()) {
      std::pop_heap(waiting_.begin(), waiting_.end(), shallower);
      Node* const node = waiting_.back();
      waiting_.pop_back();
      visit(*node);
    }
    if (needed_) [[unlikely]]
      finish_leaves();
    for (Kept& kept : kept_) prepare(kept);
    for (Kept& kept : kept_) keep(kept);
    for (Node* node : spent_)
      for (Edge& edge : node->edges()) edge.pullback.release();
  }

 private:
  /// A gradient that its node is to keep.
  struct Kept {
    Node* node;
    Tensor gradient;
    bool whole;  // it takes the place of what the node has, which is in it already
  };

  static bool shallower(const Node* a, const Node* b) { return a->depth < b->depth; }

  void visit(Node& node) {
    struct Release {
      Node& node;
      ~Release() { node.pass.store(nullptr, std::memory_order_release); }
    } const release{node};
    call_.set_where(node.where ? node.where : caller_);
    Tensor gradient = std::move(node.pending);
    if (node.hooks) [[unlikely]]
      call_hooks(node, gradient);
    if (needed_) [[unlikely]] {
      if (Tensor* wanted = needed_->at(&node)) *wanted = gradient;
    } else if (node.keeps_grad) {
      kept_.push_back({&node, node.leaf() ? std::move(gradient) : gradient, false});
    }
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
      if (anomaly_) [[unlikely]]
        check_anomaly(node, gradient, part);
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
      const Call call("register_hook", entry.where);
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

  static void check_anomaly(const Node& node, const Tensor& gradient, const Tensor& part) {
    if (has_nan(part) && !has_nan(gradient))
      fail("anomaly mode: the gradient of \"{}\" made a NaN", node.name);
  }

  /// In a call of grad() leaves gather their gradients in the results, not in the nodes, which other threads
  /// may use for theirs.
  void deliver(Node& node, Tensor&& part) {
    if (needed_ && node.leaf()) [[unlikely]]
      add(*needed_->at(&node), std::move(part));
    else receive(node, std::move(part));
  }

  void receive(Node& node, Tensor&& part) {
    if (node.pass.load(std::memory_order_relaxed) == this) return add(node.pending, std::move(part));
    waiting_.push_back(&node);  // the only thing here that can fail, so it comes first
    const void* nobody = nullptr;
    if (!node.pass.compare_exchange_strong(nobody, this, std::memory_order_acquire)) [[unlikely]] {
      waiting_.pop_back();
      fail("backward: {} is part of another pass that still runs; run the passes one after the other",
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

  /// All of keeping a gradient that can fail.
  static void prepare(Kept& kept) {
    const Tensor& grad = kept.node->grad;
    if (!grad.defined()) {
      // A gradient that someone else can see, or that repeats elements, is copied: gradients never share
      // memory.
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
  std::vector<Node*, RoomAllocator<Node*>> waiting_{{&room_}};  // hold a gradient; a heap, the deepest first
  std::vector<Node*, RoomAllocator<Node*>> spent_{{&room_}};    // have run, and lose their pullbacks
  std::vector<Kept, RoomAllocator<Kept>> kept_{{&room_}};
  Call& call_;  // at the line of the operation whose gradient is computed
  const Where caller_ = call_.where();
  const bool keep_graph_, anomaly_;
  const std::unordered_map<Node*, Tensor*>* const needed_;
  Node* const outer_ = running;
};

/// The 1 that a number starts from. Every pass reads it, so it is made once a thread, and again if somebody
/// took it or wrote to it, or if the next root is of another kind.
/// A pointer, because a pass may run after the thread_locals of its thread, in a static destructor.
constinit thread_local TensorImpl* kept_one = nullptr;

void drop_kept_one() { Ref<TensorImpl>::adopt(std::exchange(kept_one, nullptr)); }

struct Reaper {
  bool armed = false;
  ~Reaper() { drop_kept_one(); }
};
thread_local Reaper reaper;

Tensor one(const Tensor& root) {
  if (root.dim() != 0) return ones_like(root);
  const TensorImpl* const kept = kept_one;
  const bool usable = kept && kept->unique() && kept->storage->unique() && kept->storage->version() == 0 &&
                      !kept->meta && kept->dtype == root.dtype() && kept->storage->stream() == root.stream();
  if (!usable) {
    Tensor made = ones_like(root);
    drop_kept_one();
    kept_one = std::move(made).disown();
    reaper.armed = true;
  }
  kept_one->retain();
  return Tensor(Ref<TensorImpl>::adopt(kept_one));
}

Tensor root_gradient(const char* op, const Tensor& root, const Tensor& given) {
  check(root.defined() && root.requires_grad(),
      "{}: the tensor does not depend on any that requires a gradient", op);
  detail::needs_grad(op, root);  // throws if it is a stale view
  if (!given.defined()) {
    check(root.numel() == 1,
        "{}: a tensor of shape {} needs a gradient of its own; pass one, or reduce it to one element", op,
        root.shape());
    return one(root);
  }
  check(given.shape() == root.shape(), "{}: the gradient is {}, the tensor {}", op, given.shape(),
      root.shape());
  check(given.dtype() == root.dtype() && given.device() == root.device(),
      "{}: the gradient is {} on {}, the tensor {} on {}", op, given.dtype(), given.device(), root.dtype(),
      root.device());
  return given;
}

void run(Call& call, const Tensor& root, Tensor gradient, bool retain_graph, bool create_graph,
    const std::unordered_map<Node*, Tensor*>* needed) {
  const Ref<Node> keep = node_ref(root);  // a hook may drop the caller's handle
  const bool anomaly = mode().anomaly;  // the pass looks itself, and names the line of the forward operation
  const ModeGuard guard({.record = create_graph, .anomaly = false});
  Pass pass(call, retain_graph || create_graph, anomaly, needed);
  pass.run(*keep, std::move(gradient));
}

/// Every node between `root` and a wanted one, mapped to where its gradient goes (null: only on the way).
std::unordered_map<Node*, Tensor*> nodes_between(Node* root, std::unordered_map<Node*, Tensor*> wanted) {
  std::vector<Node*> found = nodes_below(root);
  std::sort(found.begin(), found.end(), [](const Node* a, const Node* b) { return a->depth < b->depth; });
  std::unordered_map<Node*, Tensor*> needed;
  for (Node* node : found) {
    const auto target = wanted.find(node);
    bool reaches_wanted = target != wanted.end();
    for (Edge& edge : node->edges()) reaches_wanted |= needed.contains(edge.source.get());
    if (reaches_wanted) needed.emplace(node, target == wanted.end() ? nullptr : target->second);
  }
  return needed;
}

}  // namespace

Node* running_node() noexcept { return running; }

bool is_first_gradient(const Tensor& gradient) noexcept {
  return kept_one && !grad_enabled() && &gradient.impl() == kept_one && gradient.version() == 0;
}

bool has_nan(const Tensor& tensor) {
  if (!is_floating_point(tensor.dtype())) return false;
  const NoGradGuard no_grad;
  const ModeGuard quiet({.record = false, .anomaly = false});
  return (tensor != tensor).sum().item<std::int64_t>() != 0;
}

std::vector<Tensor> grad(
    const Tensor& output, const std::vector<Tensor>& inputs, const GradOptions& options, Where where) {
  Call call("grad", where);
  check(!inputs.empty(), "grad: needs at least one input");
  Tensor gradient = root_gradient("grad", output, options.grad_output);
  std::vector<Tensor> results(inputs.size());
  std::unordered_map<Node*, Tensor*> wanted;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check(inputs[i].defined() && inputs[i].requires_grad(), "grad: input {} does not require a gradient", i);
    detail::needs_grad("grad", inputs[i]);
    wanted.emplace(node_of(inputs[i]), &results[i]);
  }
  const auto needed = nodes_between(node_of(output), wanted);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    check(options.allow_unused || needed.contains(node_of(inputs[i])),
        "grad: the output does not depend on input {} of shape {}; pass allow_unused to get an undefined "
        "gradient",
        i, inputs[i].shape());
  if (!needed.empty())
    run(call, output, std::move(gradient), options.retain_graph, options.create_graph, &needed);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Tensor& found = *wanted.at(node_of(inputs[i]));
    if (!found.defined() && !options.allow_unused) found = zeros_like(inputs[i]);
    results[i] = found;
  }
  return results;
}

}  // namespace autograd

void Tensor::backward(const BackwardOptions& options, Where where) const {
  backward(Tensor(), options, where);
}

void Tensor::backward(const Tensor& gradient, const BackwardOptions& options, Where where) const {
  Call call("backward", where);
  autograd::run(call, *this, autograd::root_gradient("backward", *this, gradient), options.retain_graph,
      options.create_graph, nullptr);
}

}  // namespace tenon
