// The memory of tensors, with a version.
#pragma once
#include <functional>

#include <tenon/core/ref.h>
#include <tenon/core/stream.h>

namespace tenon {

/// Memory that tensors share. The version counts writes; a saved tensor compares it, so that overwriting a
/// value after it was saved leads to an error in the backward pass and never to a wrong gradient.
class TENON_API Storage : public RefCounted {
 public:
  /// Uninitialised memory on the stream's device; on the CPU, header and data are one block.
  static Ref<Storage> create(Stream stream, std::size_t bytes);
  /// CPU memory owned by the caller.
  static Ref<Storage> borrow(void* data, std::size_t bytes);
  /// For borrowed memory: called when the last tensor is destroyed; may be empty.
  void set_deleter(std::function<void(void*)> deleter) noexcept;

  std::byte* data() const noexcept { return data_; }
  std::size_t bytes() const noexcept { return bytes_; }
  Stream stream() const noexcept { return stream_; }

  std::uint32_t version() const noexcept { return version_.load(std::memory_order_relaxed); }
  void bump_version() noexcept { set_version(version() + 1); }
  void set_version(std::uint32_t version) noexcept { version_.store(version, std::memory_order_relaxed); }
  /// The number of in-place operations recorded on the tape: a view taken before one no longer has a valid
  /// history.
  std::uint32_t recorded_writes() const noexcept { return recorded_writes_.load(std::memory_order_relaxed); }
  void bump_recorded_writes() noexcept {
    recorded_writes_.store(recorded_writes() + 1, std::memory_order_relaxed);
  }

  /// Tensors that share bytes as views do form a family; detach() and set_data() begin another one, unknown
  /// to the tape. The storage remembers the family that needs a gradient (if several do, a value that stands
  /// for all), because the tape would miss a write to a view that is not on it.
  std::uint32_t new_family() noexcept {
    const std::uint32_t family = families_.load(std::memory_order_relaxed) + 1;
    families_.store(family, std::memory_order_relaxed);
    return family;
  }
  bool needs_grad(std::uint32_t family) const noexcept {
    const std::uint32_t needing = needing_grad_.load(std::memory_order_relaxed);
    return needing == family + 1 || needing == several;
  }
  void set_needs_grad(std::uint32_t family) noexcept {
    const std::uint32_t needing = needing_grad_.load(std::memory_order_relaxed);
    if (needing != family + 1)
      needing_grad_.store(needing == 0 ? family + 1 : several, std::memory_order_relaxed);
  }
  void clear_needs_grad(std::uint32_t family) noexcept {
    if (needing_grad_.load(std::memory_order_relaxed) == family + 1)
      needing_grad_.store(0, std::memory_order_relaxed);
  }

  void dispose() noexcept;

 protected:
  enum class Kind : std::uint8_t { pooled, borrowed, device };
  Storage(Kind kind, Stream stream, std::byte* data, std::size_t bytes) noexcept
      : data_(data), bytes_(bytes), stream_(stream), kind_(kind) {}
  ~Storage() = default;

 private:
  std::byte* data_;
  std::size_t bytes_;
  Stream stream_;
  Kind kind_;
  std::atomic<std::uint32_t> version_{0}, recorded_writes_{0};
  static constexpr std::uint32_t several = ~std::uint32_t{0};
  std::atomic<std::uint32_t> families_{0}, needing_grad_{0};  // the latter: family + 1; 0: none
};

}  // namespace tenon
