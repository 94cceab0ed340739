// Threads that work ahead of the one that takes their results.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>

#include <tenon/core/api.h>

namespace tenon::data::detail {

/// Calls work(0), work(1), ..., work(count - 1) in its threads, at most `ahead` items from the current one
/// on. The current item is 0 at first.
class TENON_API Prefetcher {
 public:
  Prefetcher(std::int64_t count, std::int64_t threads, std::int64_t ahead,
      std::function<void(std::int64_t item)> work);
  /// Waits for the items that are being worked on.
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// Waits for the work of the current item, and throws what that has thrown.
  void wait();
  /// Waits for the work of the current item, and makes the following one current.
  void next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tenon::data::detail
