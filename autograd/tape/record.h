// How an operation is recorded on the tape: record(), with a pullback per input and the tensors that it
// needs.
#pragma once
#include <tuple>

#include <tenon/autograd/tape/node.h>

namespace tenon::autograd {

/// A tensor saved for a pullback. Using it after its elements were overwritten is an error, so it never gives
/// a wrong gradient.
class TENON_API Saved {
 public:
  explicit Saved(const Tensor& value) : value_(value), version_(value.version()) {
    value.impl().saves.fetch_add(1, std::memory_order_relaxed);
  }
  Saved(Saved&& other) noexcept : value_(std::move(other.value_)), version_(other.version_) {}
  Saved& operator=(Saved&&) = delete;
  ~Saved() {
    // If this is the last reference, the count can no longer be read.
    if (value_.defined() && !value_.impl().unique())
      value_.impl().saves.fetch_sub(1, std::memory_order_release);
  }
  /// The tensor with its node, for higher-order gradients.
  const Tensor& operator()() const TENON_LIFETIMEBOUND {
    if (value_.version() != version_) [[unlikely]]
      fail_modified();
    return value_;
  }
  void visit(SavedVisitor& visitor, SavedVisitor::Kind kind = SavedVisitor::Kind::input) {
    visitor.visit(value_, kind);
  }

 private:
  [[noreturn, gnu::cold]] void fail_modified() const;
  Tensor value_;
  std::uint32_t version_;
};

/// Arguments of with() other than tensors; see there.
struct Result {
  const Tensor& output;
};
struct Prepared {
  const Tensor& value;
};
inline Result result(const Tensor& output) { return {output}; }
inline Prepared prepared(const Tensor& value) { return {value}; }

/// An operation's own output saved for its pullback: a second tensor over the same bytes, without the node,
/// which would otherwise own itself. While a pass runs the pullback, operator() returns it with the node
/// attached.
class TENON_API SavedOutput {
 public:
  explicit SavedOutput(Result result) : value_(result.output.detach()) {}
  Tensor operator()() const;
  void visit(SavedVisitor& visitor) { value_.visit(visitor, SavedVisitor::Kind::output); }

 private:
  Saved value_;
};

/// A value that is used only as long as it has not been written to; it may have been passed to a hook. A pass
/// that releases the graph takes it out, so that a leaf can own it without a copy. If that pass throws, the
/// next one does without.
class TENON_API SavedPrepared {
 public:
  explicit SavedPrepared(Prepared prepared) : value_(prepared.value) {}
  Tensor operator()() const;
  void visit(SavedVisitor& visitor) { visitor.visit(value_, SavedVisitor::Kind::prepared); }

 private:
  mutable Tensor value_;
};

/// The tensors that a pullback needs, in the order of its parameters: with(a, b). The operation's own output
/// is passed as result(out), or it would own itself. prepared(t) is a value that the forward call computed
/// only for the pullback; the pullback receives an undefined tensor if it is undefined, has been written to,
/// or was already taken by a pass that releases the graph.
template <class... T>
struct With {
  std::tuple<const T&...> tensors;
};
template <class... T>
With<T...> with(const T&... tensors) {
  return {{tensors...}};
}

namespace detail {

inline Saved kept_as(const Tensor&);
inline SavedOutput kept_as(const Result&);
inline SavedPrepared kept_as(const Prepared&);

/// A pullback and the tensors that it needs. They are members instead of captures, so that each is checked: a
/// captured tensor would have no version, and a captured output would own itself.
template <class F, class... T>
class Closure {
 public:
  static_assert(std::is_trivially_destructible_v<F>,
      "a pullback captures numbers and shapes alone; name the tensors that it needs in with(...)");

  explicit Closure(const F& pullback, const T&... tensors) : kept_(tensors...), pullback_(pullback) {}

  Tensor operator()(const Tensor& gradient, const Shape& input_shape) const {
    return std::apply(
        [&](const auto&... kept) -> Tensor {
          if constexpr (std::is_invocable_v<const F&, const Tensor&, const Shape&, decltype(kept())...>)
            return pullback_(gradient, input_shape, kept()...);
          else return pullback_(gradient, kept()...);
        },
        kept_);
  }
  void visit_saved(SavedVisitor& visitor) {
    std::apply([&](auto&... kept) { (kept.visit(visitor), ...); }, kept_);
  }

 private:
  std::tuple<decltype(kept_as(std::declval<const T&>()))...> kept_;
  [[no_unique_address]] F pullback_;
};

template <bool broadcast, class F, class... T>
struct InputOf {
  InputOf(const Tensor& input, F f) : tensor(input), pullback(std::move(f)) {}
  InputOf(const Tensor& input, With<T...> kept, F f)
      : tensor(input), needs(kept.tensors), pullback(std::move(f)) {}

  /// Adds an edge to the input if it needs a gradient. Otherwise nothing is saved.
  void connect(Node& node) const {
    if (!tensor.requires_grad()) return;
    node.connect(node_ref(tensor), broadcast, [this] {
      return std::apply([this](const T&... kept) { return Closure<F, T...>(pullback, kept...); }, needs);
    });
  }

  const Tensor& tensor;
  std::tuple<const T&...> needs;
  F pullback;
};

}  // namespace detail

/// An input of an operation with its pullback: the gradient of the input, given the gradient of the output,
/// the shape of the input if the pullback has a parameter for it, and the tensors named in with().
///
///     Input(x, with(w), [](const Tensor& g, const Tensor& w) { return matmul(g, w); })
template <class F, class... T>
struct Input : detail::InputOf<false, F, T...> {
  using detail::InputOf<false, F, T...>::InputOf;
};
template <class F>
Input(const Tensor&, F) -> Input<F>;
template <class F, class... T>
Input(const Tensor&, With<T...>, F) -> Input<F, T...>;

/// An input that the operation broadcasts: the pullback returns a gradient in the shape of the output, and
/// the pass sums it to the shape of the input.
template <class F, class... T>
struct Broadcast : detail::InputOf<true, F, T...> {
  using detail::InputOf<true, F, T...>::InputOf;
};
template <class F>
Broadcast(const Tensor&, F) -> Broadcast<F>;
template <class F, class... T>
Broadcast(const Tensor&, With<T...>, F) -> Broadcast<F, T...>;

namespace detail {

/// Reports the use of a view whose base was changed by a recorded operation: its history is no longer valid
/// and would give wrong gradients.
[[noreturn, gnu::cold]] TENON_API void fail_stale_view(const char* op);
TENON_API void check_no_nan(const Tensor& output, const char* op);
[[noreturn, gnu::cold]] TENON_API void fail_recorded(const char* op);

/// Attaches the node of `op` to its output, which must not have another one.
inline void record_node(const char* op, const Tensor& output, Ref<Node> node) {
  if (output.impl().meta) [[unlikely]]
    fail_recorded(op);
  set_node(output, std::move(node));
}

inline bool needs_grad(const char* op, const Tensor& input) {
  const TensorImpl& impl = input.impl();
  if (impl.is_view && impl.recorded_writes != impl.storage->recorded_writes()) [[unlikely]]
    fail_stale_view(op);
  return static_cast<bool>(impl.meta);
}

}  // namespace detail

/// Records `output` on the tape as the result of `op` on `inputs`, if this thread records and an input needs
/// a gradient.
template <class... Inputs>
Tensor record(const char* op, CallSite site, Tensor output, const Inputs&... inputs) {
  const Mode mode = autograd::mode();
  if (mode.anomaly) [[unlikely]]
    detail::check_no_nan(output, op);
  if (!mode.record) return output;
  const int wanted = (0 + ... + int{detail::needs_grad(op, inputs.tensor)});
  if (wanted == 0) return output;
  Ref<Node> node = Node::create(op, wanted, output, site);
  (inputs.connect(*node), ...);
  detail::record_node(op, output, std::move(node));
  return output;
}

/// The same for any number of inputs: make(i) is the pullback of input i.
template <class Make>
Tensor record_list(
    const char* op, CallSite site, Tensor output, const std::vector<Tensor>& inputs, Make make) {
  const Mode mode = autograd::mode();
  if (mode.anomaly) [[unlikely]]
    detail::check_no_nan(output, op);
  if (!mode.record) return output;
  int wanted = 0;
  for (const Tensor& input : inputs) wanted += detail::needs_grad(op, input);
  if (wanted == 0) return output;
  Ref<Node> node = Node::create(op, wanted, output, site);
  for (std::size_t i = 0; i < inputs.size(); ++i) Input(inputs[i], make(i)).connect(*node);
  detail::record_node(op, output, std::move(node));
  return output;
}

/// The same for a view: `output` shares the bytes of `base`.
template <class F>
Tensor record_view(const char* op, CallSite site, const Tensor& base, Tensor output, F pullback) {
  TensorImpl& impl = output.impl();
  impl.is_view = true;
  impl.family = base.impl().family;
  impl.recorded_writes = impl.storage->recorded_writes();
  return record(op, site, std::move(output), Input(base, std::move(pullback)));
}

}  // namespace tenon::autograd
