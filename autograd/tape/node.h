// The nodes of the tape: what an operation records for the backward pass.
#pragma once
#include <memory>
#include <new>
#include <span>
#include <vector>

#include <tenon/autograd/tape/mode.h>
#include <tenon/core/pool.h>
#include <tenon/core/tensor.h>

namespace tenon::autograd {

struct Node;

/// Sees the tensors that a pullback has saved. It may replace them, but must restore them before the next
/// pass.
struct SavedVisitor {
  enum class Kind { input, output, prepared };  // output: of the operation itself
  virtual void visit(Tensor& saved, Kind kind) = 0;

 protected:
  ~SavedVisitor() = default;
};

/// Computes the gradient of one input from that of the output and the shape of the input. Small closures are
/// stored in place; a pullback is constructed in its edge and never moves.
class Pullback {
 public:
  template <class Make>
  explicit Pullback(std::in_place_t, Make&& make_closure) {
    using F = std::invoke_result_t<Make>;
    if constexpr (sizeof(F) <= sizeof buffer_ && alignof(F) <= alignof(std::max_align_t)) {
      new (buffer_) F(make_closure());
      call_ = [](void* f, const Tensor& g, const Shape& shape) { return (*static_cast<F*>(f))(g, shape); };
      if constexpr (!std::is_trivially_destructible_v<F>)
        manage_ = [](void* f, SavedVisitor* visitor) {
          if (visitor) static_cast<F*>(f)->visit_saved(*visitor);
          else static_cast<F*>(f)->~F();
        };
    } else {
      *reinterpret_cast<F**>(buffer_) = new F(make_closure());
      call_ = [](void* f, const Tensor& g, const Shape& shape) { return (**static_cast<F**>(f))(g, shape); };
      manage_ = [](void* f, SavedVisitor* visitor) {
        if (visitor) (*static_cast<F**>(f))->visit_saved(*visitor);
        else delete *static_cast<F**>(f);
      };
    }
  }
  Pullback(const Pullback&) = delete;
  Pullback& operator=(const Pullback&) = delete;
  ~Pullback() { release(); }

  explicit operator bool() const { return call_ != nullptr; }
  Tensor operator()(const Tensor& gradient, const Shape& input_shape) {
    return call_(buffer_, gradient, input_shape);
  }
  /// Releases the saved tensors. A closure that saved nothing stays usable.
  void release() {
    if (manage_) {
      call_ = nullptr;
      std::exchange(manage_, nullptr)(buffer_, nullptr);
    }
  }
  /// Visits the saved tensors, in the order of with(); none once released.
  void visit_saved(SavedVisitor& visitor) {
    if (manage_) manage_(buffer_, &visitor);
  }

 private:
  Tensor (*call_)(void*, const Tensor&, const Shape&) = nullptr;
  /// Visits the saved tensors or, without a visitor, drops them. Null: there are none.
  void (*manage_)(void*, SavedVisitor*) = nullptr;
  alignas(std::max_align_t) std::byte buffer_[48];
};

struct Edge {
  Ref<Node> source;   // where the gradient goes
  Pullback pullback;  // empty once released
  bool broadcast;     // the pullback's result is in the output's shape and must be summed to the source's
};

struct HookList {
  struct Entry {
    std::uint64_t id;
    CallSite site;
    std::function<Tensor(const Tensor&)> call;
  };
  std::vector<Entry> entries;
  std::uint64_t next_id = 0;
};

/// A value that needs a gradient: an operation's output, with edges, or a leaf, without. The edges follow the
/// node in the same block.
struct TENON_API Node final : AutogradMeta {
  static Ref<Node> create(const char* name, int capacity, const Tensor& value, CallSite site);
  void dispose() noexcept override;

  bool leaf() const { return capacity == 0; }
  std::span<Edge> edges() { return {reinterpret_cast<Edge*>(this + 1), static_cast<std::size_t>(count)}; }
  template <class Make>
  void connect(Ref<Node> source, bool broadcast, Make&& make_closure) {
    if (source->depth >= depth) depth = source->depth + 1;
    new (static_cast<void*>(edges().data() + count))
        Edge{std::move(source), Pullback(std::in_place, std::forward<Make>(make_closure)), broadcast};
    ++count;
  }

  alignas(std::max_align_t) const
      char* name;           // declared here so that the size of a node keeps its edges aligned
  std::uint64_t depth = 0;  // greater than that of every input: descending depth is a topological order
  int count = 0, capacity;  // edges
  DType dtype;
  bool keeps_grad;                         // a leaf, or retain_grad() was called
  std::atomic<const void*> pass{nullptr};  // the backward pass that `pending` belongs to
  Device device;
  Shape shape;  // the shape that its gradient must have
  CallSite site;
  Tensor pending;  // the gradient so far, while a pass runs
  Tensor grad;     // the gradient accumulated by passes
  std::shared_ptr<HookList> hooks;
  Node* next = nullptr;  // the list of nodes to destroy

 private:
  Node(const char* op, int room, const Tensor& value, CallSite made_at)
      : name(op),
        capacity(room),
        dtype(value.dtype()),
        keeps_grad(room == 0),
        device(value.device()),
        shape(value.shape()),
        site(made_at) {}
  ~Node();
};
static_assert(sizeof(Node) % alignof(Edge) == 0);

inline Node* node_of(const Tensor& tensor) { return static_cast<Node*>(tensor.impl().meta.get()); }
inline Ref<Node> node_ref(const Tensor& tensor) {
  Node* node = node_of(tensor);
  if (node) node->retain();
  return Ref<Node>::adopt(node);
}
/// Attaches a node to a tensor.
inline void set_node(const Tensor& tensor, Ref<Node> node) noexcept {
  TensorImpl& impl = tensor.impl();
  impl.storage->set_needs_grad(impl.family);
  impl.meta = std::move(node);
}

/// The roots and every node that they depend on, once each, in breadth-first order.
TENON_API std::vector<Node*> nodes_below(std::span<Node* const> roots);
TENON_API std::vector<Node*> nodes_below(Node* root);

/// `"matmul" at model.cpp:12`, or `"matmul"` if the line is not known
TENON_API std::string describe(const Node& node);

}  // namespace tenon::autograd
