// Tensor: a one-pointer handle to a strided view of shared bytes. Copies share the elements, as with
// std::shared_ptr.
#pragma once
#include <atomic>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <tenon/core/call_site.h>
#include <tenon/core/options.h>
#include <tenon/core/shape.h>
#include <tenon/core/storage.h>

namespace tenon {

/// What autograd attaches to a tensor that needs a gradient. Core can only destroy it.
struct TENON_API AutogradMeta : RefCounted {
  virtual void dispose() noexcept = 0;

 protected:
  ~AutogradMeta() = default;
};

struct TENON_API TensorImpl final : RefCounted {
  TensorImpl(
      Ref<Storage> bytes, std::byte* first, DType type, const Shape& sizes, const Strides& steps) noexcept
      : data(first), storage(std::move(bytes)), dtype(type), shape(sizes), strides(steps) {}
  void dispose() noexcept;
  bool saved() const noexcept { return saves.load(std::memory_order_acquire) != 0; }

  std::byte* data;  // first element of this view
  Ref<Storage> storage;
  Ref<AutogradMeta> meta;  // null: needs no gradient
  std::int64_t numel = 0;
  DType dtype;
  bool contiguous = true;
  bool is_view = false;                 // made by a view operation: shares the writes of another tensor
  std::uint32_t recorded_writes = 0;    // of the storage, when the view was taken
  std::uint32_t family = 0;             // shared by the views of one tensor, see Storage
  std::atomic<std::uint32_t> saves{0};  // pullbacks that saved it; a recorded write would invalidate them
  Shape shape;
  Strides strides;
};

class Tensor;

/// The tensors whose gradients a pass accumulates. An empty list is an error.
struct TENON_API BackwardInputs {
  BackwardInputs() = default;
  BackwardInputs(std::initializer_list<Tensor> inputs);
  BackwardInputs(std::vector<Tensor> inputs);

  std::shared_ptr<const std::vector<Tensor>> list{};  // null: all leaves
};

struct BackwardOptions {
  bool retain_graph = false;
  bool create_graph = false;  // implies retain_graph
  BackwardInputs inputs{};
};

namespace autograd {
class GradFn;
struct HookList;
}  // namespace autograd

/// Returned by register_hook. Calling remove() twice, or after the tensor was destroyed, has no effect. The
/// handle does not keep the tensor or the hook alive.
class TENON_API HookHandle {
 public:
  HookHandle() = default;
  HookHandle(std::weak_ptr<autograd::HookList> hooks, std::uint64_t id) : hooks_(std::move(hooks)), id_(id) {}
  void remove();

 private:
  std::weak_ptr<autograd::HookList> hooks_;
  std::uint64_t id_ = 0;
};

/// A range of a dimension for slice(): [start, stop) with a step; negative bounds count from the end, as in
/// Python. Written {.start = 1, .step = 2}.
struct SliceRange {
  std::optional<std::int64_t> start{}, stop{};
  std::int64_t step = 1;
};

/// The same with positions, for index(): Slice(1, 3), Slice(None, None, 2).
struct Slice : SliceRange {
  explicit Slice(
      std::optional<std::int64_t> first = {}, std::optional<std::int64_t> end = {}, std::int64_t every = 1)
      : SliceRange{first, end, every} {}
};

/// In index(): a new dimension of size 1. In Slice(): no bound.
inline constexpr std::nullopt_t None = std::nullopt;

/// In index(): all dimensions that the other indices leave.
inline constexpr struct EllipsisIndex {
} Ellipsis;

class TensorIndex;

/// How split() divides a dimension: one number, the size of every part, or a list, the size of each.
struct SplitSizes {
  SplitSizes(SizeType auto size) : each(static_cast<std::int64_t>(size)) {}
  SplitSizes(std::initializer_list<std::int64_t> sizes) : list(sizes) {}
  template <SizeRange Range>
  SplitSizes(const Range& sizes) : list(std::begin(sizes), std::end(sizes)) {}

  std::int64_t each = -1;  // -1: the list counts
  std::vector<std::int64_t> list{};
};

/// Options of var() and std(): what is subtracted from the number of elements before the division, and
/// whether the dimensions stay, with size 1.
struct VarOptions {
  double correction = 1;
  bool keepdim = false;
};

/// What max(a, dim) and its like return.
struct ValuesAndIndices;
/// What unique() returns.
struct UniqueValues;

namespace detail {
template <class>
inline constexpr bool never = false;

/// An index in brackets, or the first of several sizes, with the line of the expression.
struct LocatedInteger {
  std::int64_t value;
  CallSite site;
  LocatedInteger(SizeType auto integer, CallSite stands_at = CallSite::current())
      : value(static_cast<std::int64_t>(integer)), site(stands_at) {}
};
}  // namespace detail

class TENON_API Tensor {
 public:
  Tensor() = default;
  explicit Tensor(Ref<TensorImpl> impl) noexcept : impl_(std::move(impl)) {}
  Tensor(const Tensor&) = default;
  Tensor(Tensor&&) = default;
  Tensor& operator=(const Tensor&) & = default;
  Tensor& operator=(Tensor&&) & = default;
  /// Makes the mistake `a[0] = b` an error of the compiler.
  template <class Value>
  Tensor& operator=(const Value&) && {
    static_assert(detail::never<Value>,
        "tenon: this assigns to a temporary handle, not to elements; write a[0].copy_(b) or a[0].fill_(1)");
    return *this;
  }

  // ---- properties; every call but defined() throws on an undefined tensor
  bool defined() const noexcept { return static_cast<bool>(impl_); }
  const Shape& shape() const TENON_LIFETIMEBOUND { return impl().shape; }
  const Shape& sizes() const TENON_LIFETIMEBOUND { return impl().shape; }
  /// In elements.
  const Strides& strides() const TENON_LIFETIMEBOUND { return impl().strides; }
  /// The extent of a dimension; negative dimensions count from the end.
  std::int64_t size(std::int64_t dim, CallSite site = CallSite::current()) const;
  std::int64_t dim() const { return impl().shape.rank(); }
  std::int64_t numel() const { return impl().numel; }
  DType dtype() const { return impl().dtype; }
  Device device() const { return impl().storage->stream().device(); }
  /// The stream it was made on.
  Stream stream() const { return impl().storage->stream(); }
  bool is_contiguous() const { return impl().contiguous; }
  Options options() const { return {.dtype = dtype(), .device = device()}; }
  /// The number of writes to its storage so far, through this tensor or any that shares it.
  std::uint32_t version() const { return impl().storage->version(); }

  // ---- elements
  /// The elements of a contiguous CPU tensor of exactly this type; throws otherwise. The span is valid while
  /// some tensor owns the elements, so name the result of an operation before you loop over its elements.
  template <Element T>
  std::span<const T> data(CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND {
    check_span("data", dtype_of<T>, site);
    return {reinterpret_cast<const T*>(impl_->data), static_cast<std::size_t>(impl_->numel)};
  }
  /// The same for writing; counts as a write.
  template <Element T>
  std::span<T> mutable_data(CallSite site = CallSite::current()) TENON_LIFETIMEBOUND {
    check_span("mutable_data", dtype_of<T>, site);
    impl_->storage->bump_version();
    return {reinterpret_cast<T*>(impl_->data), static_cast<std::size_t>(impl_->numel)};
  }
  /// The only element, converted to T; for a CUDA tensor it waits for the stream. Throws if the tensor does
  /// not have exactly one element, or if T cannot represent the value.
  template <class T = double>
  T item(CallSite site = CallSite::current()) const {
    static_assert(Element<T> || SizeType<T>,
        "tenon: an element is a number; write item<float>(), item<double>(), item<int>() or item<bool>()");
    if constexpr (std::is_same_v<T, double>) return item_double(site);
    else if constexpr (std::is_same_v<T, float>) return item_float(site);
    else if constexpr (std::is_same_v<T, bool>) return item_bool(site);
    else if constexpr (sizeof(T) < sizeof(std::int64_t))
      return static_cast<T>(item_integer(std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), site));
    else
      return static_cast<T>(item_integer(std::is_signed_v<T> ? std::numeric_limits<std::int64_t>::min() : 0,
          std::numeric_limits<std::int64_t>::max(), site));
  }

  // ---- gradients (defined with autograd)
  bool requires_grad() const { return static_cast<bool>(impl().meta); }
  /// Given true, makes a floating-point tensor a leaf whose gradient backward() fills in. Given false, makes
  /// a leaf a constant: its gradient is dropped, and graphs recorded before no longer reach it.
  const Tensor& set_requires_grad(
      bool required = true, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& requires_grad_(
      bool required = true, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND {
    return set_requires_grad(required, site);
  }
  /// True if it is not the result of a recorded operation.
  bool is_leaf() const;
  /// The recorded operation that computed it, nothing for a leaf: `y.grad_fn()->name()`.
  std::optional<autograd::GradFn> grad_fn() const;
  /// The gradient accumulated by backward(); undefined if there is none.
  Tensor grad() const;
  /// Replaces the gradient; the new one must match in shape, dtype and device, or be undefined.
  void set_grad(const Tensor& gradient, CallSite site = CallSite::current()) const;
  /// Drops the gradient: grad() is undefined afterwards.
  void zero_grad() const;
  /// Makes this leaf use the elements of `source`, of the same shape, without a copy; every handle sees them.
  /// If dtype or device change, the gradient must have been dropped.
  void set_data(const Tensor& source, CallSite site = CallSite::current()) const;
  /// Makes backward() keep the gradient of a tensor that is not a leaf.
  void retain_grad(CallSite site = CallSite::current()) const;
  /// Adds d(this)/d(leaf) to the gradient of every leaf below, or only of the tensors `inputs`, leaves or
  /// not: `loss.backward({.inputs = {w}})`. The first form requires a tensor of one element.
  void backward(const BackwardOptions& options = {}, CallSite site = CallSite::current()) const;
  /// `gradient` is the gradient of some scalar with respect to this tensor, and has its shape.
  void backward(
      const Tensor& gradient, const BackwardOptions& options = {}, CallSite site = CallSite::current()) const;
  /// The same with PyTorch's arguments. An undefined gradient stands for 1.
  void backward(const Tensor& gradient, bool retain_graph, bool create_graph = false,
      CallSite site = CallSite::current()) const {
    backward(gradient, {.retain_graph = retain_graph, .create_graph = create_graph}, site);
  }
  /// Calls hook(gradient) when a backward pass has computed this tensor's complete gradient; a defined result
  /// replaces it. The hook may also return nothing.
  template <class Hook>
  HookHandle register_hook(Hook hook, CallSite site = CallSite::current()) const {
    if constexpr (std::is_void_v<std::invoke_result_t<Hook&, const Tensor&>>)
      return add_hook(
          [h = std::move(hook)](const Tensor& g) mutable {
            h(g);
            return Tensor();
          },
          site);
    else return add_hook(std::move(hook), site);
  }
  /// The same elements, without the history.
  Tensor detach() const;
  /// Drops the history: the tensor becomes a leaf that requires no gradient. Not for views.
  const Tensor& detach_(CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;

  // ---- operations of one tensor as methods; ops.h documents them
  Tensor add(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor add(double b, CallSite site = CallSite::current()) const;
  Tensor sub(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor sub(double b, CallSite site = CallSite::current()) const;
  Tensor mul(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor mul(double b, CallSite site = CallSite::current()) const;
  Tensor div(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor div(double b, CallSite site = CallSite::current()) const;
  Tensor neg(CallSite site = CallSite::current()) const;
  Tensor pow(double exponent, CallSite site = CallSite::current()) const;
  Tensor pow(const Tensor& exponent, CallSite site = CallSite::current()) const;
  Tensor maximum(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor maximum(double b, CallSite site = CallSite::current()) const;
  Tensor minimum(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor minimum(double b, CallSite site = CallSite::current()) const;
  Tensor hypot(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor atan2(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor fmod(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor fmod(double b, CallSite site = CallSite::current()) const;
  Tensor remainder(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor remainder(double b, CallSite site = CallSite::current()) const;
  Tensor lerp(const Tensor& end, const Tensor& weight, CallSite site = CallSite::current()) const;
  Tensor lerp(const Tensor& end, double weight, CallSite site = CallSite::current()) const;
  Tensor addcmul(
      const Tensor& b, const Tensor& c, double value = 1, CallSite site = CallSite::current()) const;
  Tensor abs(CallSite site = CallSite::current()) const;
  Tensor exp(CallSite site = CallSite::current()) const;
  Tensor log(CallSite site = CallSite::current()) const;
  Tensor expm1(CallSite site = CallSite::current()) const;
  Tensor log1p(CallSite site = CallSite::current()) const;
  Tensor exp2(CallSite site = CallSite::current()) const;
  Tensor log2(CallSite site = CallSite::current()) const;
  Tensor sqrt(CallSite site = CallSite::current()) const;
  Tensor rsqrt(CallSite site = CallSite::current()) const;
  Tensor square(CallSite site = CallSite::current()) const;
  Tensor reciprocal(CallSite site = CallSite::current()) const;
  Tensor sin(CallSite site = CallSite::current()) const;
  Tensor cos(CallSite site = CallSite::current()) const;
  Tensor erf(CallSite site = CallSite::current()) const;
  Tensor tanh(CallSite site = CallSite::current()) const;
  Tensor sigmoid(CallSite site = CallSite::current()) const;
  Tensor sign(CallSite site = CallSite::current()) const;
  Tensor floor(CallSite site = CallSite::current()) const;
  Tensor ceil(CallSite site = CallSite::current()) const;
  Tensor round(CallSite site = CallSite::current()) const;
  Tensor trunc(CallSite site = CallSite::current()) const;
  Tensor relu(CallSite site = CallSite::current()) const;
  Tensor clamp(double low, double high, CallSite site = CallSite::current()) const;
  Tensor clamp_min(double low, CallSite site = CallSite::current()) const;
  Tensor clamp_max(double high, CallSite site = CallSite::current()) const;
  Tensor nan_to_num(double nan = 0, std::optional<double> posinf = {}, std::optional<double> neginf = {},
      CallSite site = CallSite::current()) const;
  /// condition ? this : b
  Tensor where(const Tensor& condition, const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor where(const Tensor& condition, double b, CallSite site = CallSite::current()) const;
  Tensor masked_fill(const Tensor& mask, double value, CallSite site = CallSite::current()) const;
  Tensor masked_fill(const Tensor& mask, const Tensor& value, CallSite site = CallSite::current()) const;
  Tensor eq(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor eq(double b, CallSite site = CallSite::current()) const;
  Tensor ne(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor ne(double b, CallSite site = CallSite::current()) const;
  Tensor lt(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor lt(double b, CallSite site = CallSite::current()) const;
  Tensor le(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor le(double b, CallSite site = CallSite::current()) const;
  Tensor gt(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor gt(double b, CallSite site = CallSite::current()) const;
  Tensor ge(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor ge(double b, CallSite site = CallSite::current()) const;
  Tensor logical_and(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor logical_or(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor logical_xor(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor logical_not(CallSite site = CallSite::current()) const;
  Tensor isnan(CallSite site = CallSite::current()) const;
  Tensor isinf(CallSite site = CallSite::current()) const;
  Tensor isfinite(CallSite site = CallSite::current()) const;
  bool equal(const Tensor& b, CallSite site = CallSite::current()) const;
  bool allclose(
      const Tensor& b, double rtol = 1e-5, double atol = 1e-8, CallSite site = CallSite::current()) const;
  Tensor matmul(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor mm(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor mv(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor bmm(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor outer(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor dot(const Tensor& b, CallSite site = CallSite::current()) const;
  Tensor sum(CallSite site = CallSite::current()) const;
  Tensor sum(const Shape& dims, bool keepdim = false, CallSite site = CallSite::current()) const;
  Tensor mean(CallSite site = CallSite::current()) const;
  Tensor mean(const Shape& dims, bool keepdim = false, CallSite site = CallSite::current()) const;
  Tensor prod(CallSite site = CallSite::current()) const;
  Tensor prod(const Shape& dims, bool keepdim = false, CallSite site = CallSite::current()) const;
  Tensor all(CallSite site = CallSite::current()) const;
  Tensor all(const Shape& dims, bool keepdim = false, CallSite site = CallSite::current()) const;
  Tensor any(CallSite site = CallSite::current()) const;
  Tensor any(const Shape& dims, bool keepdim = false, CallSite site = CallSite::current()) const;
  Tensor amax(CallSite site = CallSite::current()) const;
  Tensor amax(const Shape& dims, bool keepdim = false, CallSite site = CallSite::current()) const;
  Tensor amin(CallSite site = CallSite::current()) const;
  Tensor amin(const Shape& dims, bool keepdim = false, CallSite site = CallSite::current()) const;
  Tensor max(CallSite site = CallSite::current()) const;
  ValuesAndIndices max(std::int64_t dim, bool keepdim = false, CallSite site = CallSite::current()) const;
  Tensor min(CallSite site = CallSite::current()) const;
  ValuesAndIndices min(std::int64_t dim, bool keepdim = false, CallSite site = CallSite::current()) const;
  Tensor argmax(CallSite site = CallSite::current()) const;
  Tensor argmax(std::int64_t dim, bool keepdim = false, CallSite site = CallSite::current()) const;
  Tensor argmin(CallSite site = CallSite::current()) const;
  Tensor argmin(std::int64_t dim, bool keepdim = false, CallSite site = CallSite::current()) const;
  Tensor var(CallSite site = CallSite::current()) const;
  Tensor var(const Shape& dims, const VarOptions& options = {}, CallSite site = CallSite::current()) const;
  Tensor std(CallSite site = CallSite::current()) const;
  Tensor std(const Shape& dims, const VarOptions& options = {}, CallSite site = CallSite::current()) const;
  Tensor norm(double p = 2, CallSite site = CallSite::current()) const;
  Tensor norm(double p, const Shape& dims, bool keepdim = false, CallSite site = CallSite::current()) const;
  Tensor cumsum(std::int64_t dim, CallSite site = CallSite::current()) const;
  ValuesAndIndices sort(
      std::int64_t dim = -1, bool descending = false, CallSite site = CallSite::current()) const;
  Tensor argsort(std::int64_t dim = -1, bool descending = false, CallSite site = CallSite::current()) const;
  ValuesAndIndices topk(std::int64_t k, std::int64_t dim = -1, bool largest = true, bool sorted = true,
      CallSite site = CallSite::current()) const;
  Tensor median(CallSite site = CallSite::current()) const;
  ValuesAndIndices median(std::int64_t dim, bool keepdim = false, CallSite site = CallSite::current()) const;
  UniqueValues unique(CallSite site = CallSite::current()) const;
  Tensor softmax(std::int64_t dim, CallSite site = CallSite::current()) const;
  Tensor log_softmax(std::int64_t dim, CallSite site = CallSite::current()) const;
  Tensor logsumexp(std::int64_t dim, bool keepdim = false, CallSite site = CallSite::current()) const;
  Tensor reshape(const Shape& shape, CallSite site = CallSite::current()) const;
  /// reshape() that never copies: throws if strides cannot express the result.
  Tensor view(const Shape& shape, CallSite site = CallSite::current()) const;
  Tensor view_as(const Tensor& other, CallSite site = CallSite::current()) const;
  Tensor flatten(
      std::int64_t start_dim = 0, std::int64_t end_dim = -1, CallSite site = CallSite::current()) const;
  Tensor expand(const Shape& shape, CallSite site = CallSite::current()) const;
  Tensor expand_as(const Tensor& other, CallSite site = CallSite::current()) const;
  Tensor unsqueeze(std::int64_t dim, CallSite site = CallSite::current()) const;
  Tensor squeeze(CallSite site = CallSite::current()) const;
  Tensor squeeze(std::int64_t dim, CallSite site = CallSite::current()) const;
  Tensor permute(const Shape& dims, CallSite site = CallSite::current()) const;
  Tensor slice(std::int64_t dim, const SliceRange& range, CallSite site = CallSite::current()) const;
  /// slice(0, 1, 5, 2): every second one from 1 to 4.
  template <SizeType Start, SizeType Stop, SizeType Step = int>
  Tensor slice(
      std::int64_t dim, Start start, Stop stop, Step step = 1, CallSite site = CallSite::current()) const {
    return slice(dim, Slice(start, stop, step), site);
  }
  std::vector<Tensor> chunk(
      std::int64_t chunks, std::int64_t dim = 0, CallSite site = CallSite::current()) const;
  std::vector<Tensor> split(
      const SplitSizes& sizes, std::int64_t dim = 0, CallSite site = CallSite::current()) const;
  std::vector<Tensor> unbind(std::int64_t dim = 0, CallSite site = CallSite::current()) const;
  Tensor repeat(const Shape& repeats, CallSite site = CallSite::current()) const;
  Tensor flip(const Shape& dims, CallSite site = CallSite::current()) const;
  Tensor roll(const Shape& shifts, const Shape& dims = {}, CallSite site = CallSite::current()) const;
  Tensor tril(std::int64_t diagonal = 0, CallSite site = CallSite::current()) const;
  Tensor triu(std::int64_t diagonal = 0, CallSite site = CallSite::current()) const;
  Tensor diag(std::int64_t diagonal = 0, CallSite site = CallSite::current()) const;
  Tensor slice_scatter(const Tensor& source, std::int64_t dim, const SliceRange& range,
      CallSite site = CallSite::current()) const;
  Tensor select_scatter(
      const Tensor& source, std::int64_t dim, std::int64_t index, CallSite site = CallSite::current()) const;
  Tensor index_select(std::int64_t dim, const Tensor& index, CallSite site = CallSite::current()) const;
  Tensor gather(std::int64_t dim, const Tensor& index, CallSite site = CallSite::current()) const;
  Tensor take_along_dim(
      const Tensor& index, std::optional<std::int64_t> dim = {}, CallSite site = CallSite::current()) const;
  Tensor index_add(std::int64_t dim, const Tensor& index, const Tensor& source, double alpha = 1,
      CallSite site = CallSite::current()) const;
  Tensor scatter(
      std::int64_t dim, const Tensor& index, const Tensor& src, CallSite site = CallSite::current()) const;
  Tensor scatter(
      std::int64_t dim, const Tensor& index, double value, CallSite site = CallSite::current()) const;
  Tensor scatter_add(
      std::int64_t dim, const Tensor& index, const Tensor& src, CallSite site = CallSite::current()) const;
  Tensor nonzero(CallSite site = CallSite::current()) const;
  Tensor masked_select(const Tensor& mask, CallSite site = CallSite::current()) const;
  Tensor index(const std::vector<TensorIndex>& indices, CallSite site = CallSite::current()) const;
  Tensor index_put(const std::vector<TensorIndex>& indices, const Tensor& values, bool accumulate = false,
      CallSite site = CallSite::current()) const;
  Tensor index_put(const std::vector<TensorIndex>& indices, double value, bool accumulate = false,
      CallSite site = CallSite::current()) const;
  Tensor multinomial(
      std::int64_t num_samples, bool replacement = false, CallSite site = CallSite::current()) const;
  Tensor bernoulli(CallSite site = CallSite::current()) const;
  Tensor t(CallSite site = CallSite::current()) const;
  Tensor transpose(std::int64_t dim0, std::int64_t dim1, CallSite site = CallSite::current()) const;
  Tensor narrow(
      std::int64_t dim, std::int64_t start, std::int64_t length, CallSite site = CallSite::current()) const;
  Tensor select(std::int64_t dim, std::int64_t index, CallSite site = CallSite::current()) const;
  /// select(0, index): a[0][1] is an element of a matrix.
  Tensor operator[](const detail::LocatedInteger& index) const { return select(0, index.value, index.site); }
  template <class Other>
  requires(!std::is_convertible_v<const Other&, detail::LocatedInteger>) Tensor operator[](
      const Other&) const {
    static_assert(detail::never<Other>,
        "tenon: brackets take one integer; write a.index({Slice(1, 3), rows, mask}) for ranges, tensors of "
        "indices and masks");
    return *this;
  }
  /// The element at one index per dimension, as a 0-dimensional view.
  Tensor at(const Shape& index, CallSite site = CallSite::current()) const;
  Tensor clone(CallSite site = CallSite::current()) const;
  Tensor contiguous(CallSite site = CallSite::current()) const;
  Tensor to(Device device, CallSite site = CallSite::current()) const;
  Tensor to(DType dtype, CallSite site = CallSite::current()) const;
  Tensor to(Device device, DType dtype, CallSite site = CallSite::current()) const {
    return to(device, site).to(dtype, site);
  }
  Tensor cpu(CallSite site = CallSite::current()) const { return to(Device::cpu(), site); }
  Tensor cuda(int index = 0, CallSite site = CallSite::current()) const {
    return to(Device::cuda(index), site);
  }

  // ---- in-place operations; they return the tensor itself
  const Tensor& abs_(CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& neg_(CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& exp_(CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& log_(CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& sqrt_(CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& sin_(CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& cos_(CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& tanh_(CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& sigmoid_(CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& relu_(CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& clamp_(
      double low, double high, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& add_(const Tensor& other, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& add_(double other, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& sub_(const Tensor& other, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& sub_(double other, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& mul_(const Tensor& other, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& mul_(double other, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& div_(const Tensor& other, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& div_(double other, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  /// Converts `source` from its dtype and copies it from its device; its shape broadcasts to that of this
  /// tensor.
  const Tensor& copy_(const Tensor& source, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  /// The functions without _ compute the result, which is then copied to all of this tensor.
  const Tensor& index_add_(std::int64_t dim, const Tensor& index, const Tensor& source, double alpha = 1,
      CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& scatter_(std::int64_t dim, const Tensor& index, const Tensor& src,
      CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& scatter_(std::int64_t dim, const Tensor& index, double value,
      CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& scatter_add_(std::int64_t dim, const Tensor& index, const Tensor& src,
      CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& index_put_(const std::vector<TensorIndex>& indices, const Tensor& values,
      bool accumulate = false, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& index_put_(const std::vector<TensorIndex>& indices, double value, bool accumulate = false,
      CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& fill_(double value, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& zero_(CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  /// Fill with normal or uniform numbers from the default generator.
  const Tensor& normal_(
      double mean = 0, double deviation = 1, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  const Tensor& uniform_(
      double low = 0, double high = 1, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;

  // ---- for operations
  TensorImpl& impl() const TENON_LIFETIMEBOUND {
    if (!impl_) [[unlikely]]
      fail_undefined();
    return *impl_;
  }
  /// Releases the reference to the caller without decrementing the count.
  TensorImpl* disown() && noexcept { return impl_.disown(); }
  /// The first element, unchecked.
  template <Element T>
  T* ptr() const TENON_LIFETIMEBOUND {
    return reinterpret_cast<T*>(impl_->data);
  }
  void* raw() const TENON_LIFETIMEBOUND { return impl_->data; }
  /// True if no other handle and no view shares these elements.
  bool sole_owner() const noexcept { return impl_->unique() && impl_->storage->unique(); }
  /// True if both are the same tensor, not merely equal.
  bool is_same(const Tensor& other) const noexcept { return impl_.get() == other.impl_.get(); }

 private:
  [[noreturn]] static void fail_undefined();
  void check_span(const char* op, DType dtype, CallSite site) const;
  double item_double(CallSite site) const;
  float item_float(CallSite site) const;
  std::int64_t item_integer(std::int64_t least, std::int64_t most, CallSite site) const;
  bool item_bool(CallSite site) const;
  HookHandle add_hook(std::function<Tensor(const Tensor&)> hook, CallSite site) const;

  Ref<TensorImpl> impl_;
};

struct ValuesAndIndices {
  Tensor values, indices;
};
struct UniqueValues {
  Tensor values;   // [n], ascending
  Tensor inverse;  // int64: where in `values` each element of the tensor is
  Tensor counts;   // int64 [n]: how many elements each value stands for
};

/// An index of index(): an integer, a Slice, None, Ellipsis or "...", or a tensor, of int64 indices or a
/// mask.
class TensorIndex {
 public:
  TensorIndex(SizeType auto index) : value_(static_cast<std::int64_t>(index)) {}
  TensorIndex(const Slice& slice) : value_(slice) {}
  TensorIndex(std::nullopt_t none) : value_(none) {}
  TensorIndex(EllipsisIndex ellipsis) : value_(ellipsis) {}
  TENON_API TensorIndex(const char* ellipsis, CallSite site = CallSite::current());
  TensorIndex(const Tensor& tensor) : value_(tensor) {}
  /// Null if it is something else.
  template <class T>
  const T* as() const TENON_LIFETIMEBOUND {
    return std::get_if<T>(&value_);
  }

 private:
  std::variant<std::int64_t, Slice, std::nullopt_t, EllipsisIndex, Tensor> value_;
};

/// Shape, dtype and, for at most a thousand elements, all of them; larger tensors show the ends of each
/// dimension, at most a thousand elements in total.
TENON_API std::string to_string(const Tensor& tensor);
TENON_API std::ostream& operator<<(std::ostream& out, const Tensor& tensor);
TENON_API std::ostream& operator<<(std::ostream& out, const Shape& shape);
TENON_API std::ostream& operator<<(std::ostream& out, DType dtype);
TENON_API std::ostream& operator<<(std::ostream& out, Device device);

namespace detail {
/// Uninitialised elements on `stream`; the shape has been checked.
TENON_API Tensor new_tensor(const Shape& shape, DType dtype, Stream stream);
/// A row-major tensor over all of a storage.
TENON_API Tensor new_tensor_over(Ref<Storage> storage, const Shape& shape, DType dtype);
/// `elements` uninitialised elements, in a shape and strides that may repeat them.
TENON_API Tensor new_strided(
    const Shape& shape, const Strides& strides, std::int64_t elements, DType dtype, Stream stream);
/// Copies a contiguous tensor to another stream, possibly on another device.
TENON_API Tensor copy_to(const Tensor& contiguous, Stream stream);
/// Another shape and strides over the same bytes, not recorded on the tape. `offset` is in elements.
TENON_API Tensor new_view(
    const Tensor& base, const Shape& shape, const Strides& strides, std::int64_t offset);
}  // namespace detail

}  // namespace tenon
