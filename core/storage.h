// Bytes with an owner and an age.
#pragma once
#include <functional>

#include <tenon/core/ref.h>
#include <tenon/core/stream.h>

namespace tenon {

/// Memory that tensors share. The version counts writes; a saved tensor compares it, so that a value
/// overwritten after it was saved is an error in the backward pass and never a wrong gradient.
class TENON_API Storage : public Counted {
 public:
  /// Uninitialised memory on the stream's device; on the CPU header and data are one block.
  static Ref<Storage> create(Stream stream, std::size_t bytes);
  /// Someone else's CPU memory; `deleter` runs when the last tensor lets go, and may be empty.
  static Ref<Storage> borrow(void* data, std::size_t bytes, std::function<void(void*)> deleter);

  std::byte* data() const noexcept { return data_; }
  std::size_t bytes() const noexcept { return bytes_; }
  Stream stream() const noexcept { return stream_; }

  std::uint32_t version() const noexcept { return version_.load(std::memory_order_relaxed); }
  void bump_version() noexcept { set_version(version() + 1); }
  void set_version(std::uint32_t version) noexcept { version_.store(version, std::memory_order_relaxed); }
  /// In-place operations that the tape recorded: a view taken before one no longer knows its history.
  std::uint32_t recorded_writes() const noexcept { return recorded_writes_.load(std::memory_order_relaxed); }
  void bump_recorded_writes() noexcept {
    recorded_writes_.store(recorded_writes() + 1, std::memory_order_relaxed);
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
};

}  // namespace tenon
