#include <tenon/data/prefetcher.h>

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <tenon/autograd/tape/mode.h>

namespace tenon::data::detail {

struct Prefetcher::State {
  /// An item from the current one on; that of item i is slots[i % slots.size()].
  struct Slot {
    bool done = false;
    std::exception_ptr error;
  };

  State(std::int64_t items, std::int64_t ahead, std::function<void(std::int64_t)> function)
      : count(items), work(std::move(function)), slots(static_cast<std::size_t>(ahead)) {}
  ~State() {
    {
      const std::lock_guard lock(mutex);
      stopped = true;
    }
    may_begin.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  Slot& slot(std::int64_t item) { return slots[static_cast<std::size_t>(item) % slots.size()]; }

  void run() {
    const autograd::ModeGuard guard(mode);
    std::unique_lock lock(mutex);
    while (true) {
      may_begin.wait(lock, [&] {
        return stopped || begun == count || begun < current + static_cast<std::int64_t>(slots.size());
      });
      if (stopped || begun == count) return;
      const std::int64_t item = begun++;
      lock.unlock();
      std::exception_ptr error;
      try {
        work(item);
      } catch (...) { error = std::current_exception(); }
      lock.lock();
      slot(item) = {true, std::move(error)};
      if (item == current) finished.notify_one();
    }
  }

  const std::int64_t count;
  const std::function<void(std::int64_t)> work;
  const autograd::Mode mode = autograd::mode();  // of the thread that takes the results
  std::mutex mutex;
  std::condition_variable may_begin, finished;
  std::int64_t current = 0, begun = 0;
  bool stopped = false;
  std::vector<Slot> slots;
  std::vector<std::thread> threads;
};

Prefetcher::Prefetcher(
    std::int64_t count, std::int64_t threads, std::int64_t ahead, std::function<void(std::int64_t item)> work)
    : state_(std::make_unique<State>(count, ahead, std::move(work))) {
  for (std::int64_t i = 0; i < threads; ++i)
    state_->threads.emplace_back([state = state_.get()] { state->run(); });
}

Prefetcher::~Prefetcher() = default;

void Prefetcher::wait() {
  std::unique_lock lock(state_->mutex);
  State::Slot& slot = state_->slot(state_->current);
  state_->finished.wait(lock, [&] { return slot.done; });
  if (slot.error) std::rethrow_exception(slot.error);
}

void Prefetcher::next() {
  {
    std::unique_lock lock(state_->mutex);
    State::Slot& slot = state_->slot(state_->current);
    state_->finished.wait(lock, [&] { return slot.done; });
    slot = {};
    ++state_->current;
  }
  state_->may_begin.notify_one();
}

}  // namespace tenon::data::detail
