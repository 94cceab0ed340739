// How an operation goes onto the tape: record(), with one pullback an input, and Saved.
#pragma once
#include <tenon/autograd/node.h>

namespace tenon::autograd {

/// An input kept for a pullback. Using it after its elements were overwritten is an error, not a wrong
/// number.
class TENON_API Saved {
 public:
  explicit Saved(const Tensor& value) : version_(value.version()) {
    value.impl().retain(Counted::one_saved);
    value_ = Tensor(Ref<TensorImpl>::adopt(&value.impl()));
  }
  Saved(Saved&& other) noexcept : value_(std::move(other.value_)), version_(other.version_) {}
  Saved& operator=(Saved&&) = delete;
  ~Saved() {
    TensorImpl* impl = std::move(value_).disown();
    if (impl && impl->release(Counted::one_saved)) impl->dispose();
  }
  /// The tensor, with its place on the tape, for gradients of gradients.
  const Tensor& operator()() const TENON_LIFETIMEBOUND {
    if (value_.version() != version_) [[unlikely]]
      fail_modified();
    return value_;
  }

 private:
  [[noreturn, gnu::cold]] void fail_modified() const;
  Tensor value_;
  std::uint32_t version_;
};

/// An operation's own output kept for its pullback. It is a second tensor over the same bytes, without the
/// node, which would otherwise own itself; while the pass runs the pullback, use gives it the node back.
class TENON_API SavedOutput {
 public:
  explicit SavedOutput(const Tensor& output) : value_(output.detach()) {}
  Tensor operator()() const;

 private:
  Saved value_;
};

/// An input of an operation with a maker of its pullback, which runs only when the input needs a gradient.
/// The pullback takes the gradient of the output, and the shape of the input if it wants it, and returns the
/// gradient of the input.
template <class Make>
struct Input {
  Input(const Tensor& input, Make maker) : tensor(input), make(std::move(maker)) {}
  const Tensor& tensor;
  Make make;
  static constexpr bool broadcast = false;
};

/// An input that the operation broadcasts: the pullback's result has the shape of the output, and the pass
/// sums it to the shape of the input.
template <class Make>
struct Broadcast {
  Broadcast(const Tensor& input, Make maker) : tensor(input), make(std::move(maker)) {}
  const Tensor& tensor;
  Make make;
  static constexpr bool broadcast = true;
};

namespace detail {

/// A view whose base was changed by a recorded operation has lost its history; using it would give wrong
/// gradients.
[[noreturn, gnu::cold]] TENON_API void fail_stale_view(const char* op);
TENON_API void check_no_nan(const Tensor& output, const char* op);

inline bool needs_grad(const char* op, const Tensor& input) {
  const TensorImpl& impl = input.impl();
  if (impl.is_view && impl.recorded_writes != impl.storage->recorded_writes()) [[unlikely]]
    fail_stale_view(op);
  return static_cast<bool>(impl.meta);
}

}  // namespace detail

/// Puts `output` on the tape as the result of `op` on `inputs`, if this thread records and an input needs a
/// gradient.
template <class... Inputs>
Tensor record(const char* op, Where where, Tensor output, const Inputs&... inputs) {
  const Mode mode = autograd::mode();
  if (mode.anomaly) [[unlikely]]
    detail::check_no_nan(output, op);
  if (!mode.record) return output;
  const int wanted = (0 + ... + int{detail::needs_grad(op, inputs.tensor)});
  if (wanted == 0) return output;
  Ref<Node> node = Node::create(op, wanted, output, where);
  ((inputs.tensor.requires_grad() ? node->connect(node_ref(inputs.tensor), Inputs::broadcast, inputs.make)
                                  : void()),
      ...);
  set_node(output, std::move(node));
  return output;
}

/// The same for any number of inputs: make(i) is the pullback of input i.
template <class Make>
Tensor record_list(const char* op, Where where, Tensor output, const std::vector<Tensor>& inputs, Make make) {
  const Mode mode = autograd::mode();
  if (mode.anomaly) [[unlikely]]
    detail::check_no_nan(output, op);
  if (!mode.record) return output;
  int wanted = 0;
  for (const Tensor& input : inputs) wanted += detail::needs_grad(op, input);
  if (wanted == 0) return output;
  Ref<Node> node = Node::create(op, wanted, output, where);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].requires_grad()) node->connect(node_ref(inputs[i]), false, [&] { return make(i); });
  set_node(output, std::move(node));
  return output;
}

/// The same for a view: `output` shares the bytes of `base`.
template <class Make>
Tensor record_view(const char* op, Where where, const Tensor& base, Tensor output, Make make) {
  TensorImpl& impl = output.impl();
  impl.is_view = true;
  impl.family = base.impl().family;
  impl.recorded_writes = impl.storage->recorded_writes();
  return record(op, where, std::move(output), Input(base, std::move(make)));
}

}  // namespace tenon::autograd
