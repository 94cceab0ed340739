// Tensor: a one-pointer handle to a strided view of shared bytes. Copies share the elements, as with
// std::shared_ptr.
#pragma once
#include <atomic>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
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

struct BackwardOptions {
  bool retain_graph = false;
  bool create_graph = false;  // implies retain_graph
};

namespace autograd {
struct HookList;
}

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
/// Python.
struct Slice {
  std::optional<std::int64_t> start{}, stop{};
  std::int64_t step = 1;
};

class TENON_API Tensor {
 public:
  Tensor() = default;
  explicit Tensor(Ref<TensorImpl> impl) noexcept : impl_(std::move(impl)) {}

  // ---- properties; every call but defined() throws on an undefined tensor
  bool defined() const noexcept { return static_cast<bool>(impl_); }
  const Shape& shape() const TENON_LIFETIMEBOUND { return impl().shape; }
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
  template <Element T>
  T item(CallSite site = CallSite::current()) const {
    if constexpr (std::is_same_v<T, double>) return item_double(site);
    else if constexpr (std::is_same_v<T, float>) return item_float(site);
    else if constexpr (std::is_same_v<T, std::int64_t>) return item_int64(site);
    else return item_bool(site);
  }

  // ---- gradients (defined with autograd)
  bool requires_grad() const { return static_cast<bool>(impl().meta); }
  /// Given true, makes a floating-point tensor a leaf whose gradient backward() fills in. Given false, makes
  /// a leaf a constant: its gradient is dropped, and graphs recorded before no longer reach it.
  const Tensor& set_requires_grad(
      bool required = true, CallSite site = CallSite::current()) const TENON_LIFETIMEBOUND;
  /// True if it is not the result of a recorded operation.
  bool is_leaf() const;
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
  /// Adds d(this)/d(leaf) to the gradient of every leaf below. The first form requires a tensor of one
  /// element.
  void backward(const BackwardOptions& options = {}, CallSite site = CallSite::current()) const;
  /// `gradient` is the gradient of some scalar with respect to this tensor, and has its shape.
  void backward(
      const Tensor& gradient, const BackwardOptions& options = {}, CallSite site = CallSite::current()) const;
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

  // ---- common operations as methods; ops.h documents them
  Tensor sum(CallSite site = CallSite::current()) const;
  Tensor sum(std::initializer_list<std::int64_t> dims, bool keepdim = false,
      CallSite site = CallSite::current()) const;
  Tensor mean(CallSite site = CallSite::current()) const;
  Tensor mean(std::initializer_list<std::int64_t> dims, bool keepdim = false,
      CallSite site = CallSite::current()) const;
  Tensor amax(CallSite site = CallSite::current()) const;
  Tensor amax(std::initializer_list<std::int64_t> dims, bool keepdim = false,
      CallSite site = CallSite::current()) const;
  Tensor argmax(CallSite site = CallSite::current()) const;
  Tensor argmax(std::int64_t dim, bool keepdim = false, CallSite site = CallSite::current()) const;
  Tensor softmax(std::int64_t dim, CallSite site = CallSite::current()) const;
  Tensor log_softmax(std::int64_t dim, CallSite site = CallSite::current()) const;
  Tensor logsumexp(std::int64_t dim, bool keepdim = false, CallSite site = CallSite::current()) const;
  Tensor reshape(const Shape& shape, CallSite site = CallSite::current()) const;
  Tensor t(CallSite site = CallSite::current()) const;
  Tensor transpose(std::int64_t dim0, std::int64_t dim1, CallSite site = CallSite::current()) const;
  Tensor narrow(
      std::int64_t dim, std::int64_t start, std::int64_t length, CallSite site = CallSite::current()) const;
  Tensor select(std::int64_t dim, std::int64_t index, CallSite site = CallSite::current()) const;
  /// The element at one index per dimension, as a 0-dimensional view.
  Tensor at(std::initializer_list<std::int64_t> index, CallSite site = CallSite::current()) const;
  Tensor clone(CallSite site = CallSite::current()) const;
  Tensor contiguous(CallSite site = CallSite::current()) const;
  Tensor to(Device device, CallSite site = CallSite::current()) const;
  Tensor to(DType dtype, CallSite site = CallSite::current()) const;
  Tensor cpu(CallSite site = CallSite::current()) const { return to(Device::cpu(), site); }
  Tensor cuda(int index = 0, CallSite site = CallSite::current()) const {
    return to(Device::cuda(index), site);
  }

  // ---- in-place operations; they return the tensor itself
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
  std::int64_t item_int64(CallSite site) const;
  bool item_bool(CallSite site) const;
  HookHandle add_hook(std::function<Tensor(const Tensor&)> hook, CallSite site) const;

  Ref<TensorImpl> impl_;
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
