// Shared ownership: Ref is one pointer wide, the count lives in the object.
#pragma once
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <tenon/core/api.h>

namespace tenon {

/// The count of an object that Refs share. Its type offers dispose(), which destroys and frees it. The upper
/// half of the count says how many of the Refs belong to autograd::Saved.
class Counted {
 public:
  Counted() = default;
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  static constexpr std::uint64_t one = 1, one_saved = one + (one << 32);

  void retain(std::uint64_t kind = one) const noexcept { count_.fetch_add(kind, std::memory_order_relaxed); }
  /// True for the last owner, who must dispose. An owner that finds only its own count is alone, so it needs
  /// no atomic write.
  bool release(std::uint64_t kind = one) const noexcept {
    return count_.load(std::memory_order_acquire) == kind ||
           count_.fetch_sub(kind, std::memory_order_acq_rel) == kind;
  }
  bool unique() const noexcept { return count_.load(std::memory_order_acquire) == one; }
  bool saved() const noexcept { return count_.load(std::memory_order_acquire) >> 32 != 0; }

 private:
  mutable std::atomic<std::uint64_t> count_{one};
};

template <class T>
class Ref {
 public:
  constexpr Ref() noexcept = default;
  constexpr Ref(std::nullptr_t) noexcept {}
  /// Takes over the one reference that a new object starts with.
  static Ref adopt(T* object) noexcept {
    Ref ref;
    ref.object_ = object;
    return ref;
  }
  Ref(const Ref& other) noexcept : object_(other.object_) {
    if (object_) object_->retain();
  }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <class U>
  requires std::convertible_to<U*, T*> Ref(Ref<U> other)
  noexcept : object_(other.disown()) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ && object_->release()) object_->dispose();
  }

  T* get() const noexcept { return object_; }
  T* operator->() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  /// Hands the reference to the caller.
  T* disown() noexcept { return std::exchange(object_, nullptr); }

 private:
  T* object_ = nullptr;
};

}  // namespace tenon
