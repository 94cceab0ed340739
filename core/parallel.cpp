#include <tenon/core/parallel.h>

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <new>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <tenon/core/call.h>
#include <tenon/core/check.h>
#include <tenon/core/float_mode.h>

namespace tenon {
namespace {

constexpr int most_threads = 1024;

int default_threads() {
  const char* const text = std::getenv("TENON_NUM_THREADS");
  if (!text) return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, most_threads);
  const std::string_view digits = text;
  int threads = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), threads);
  check(
      error == std::errc{} && end == digits.data() + digits.size() && threads >= 1 && threads <= most_threads,
      "TENON_NUM_THREADS: must be a whole number from 1 to {}; got `{}`", most_threads, digits);
  return threads;
}

constinit std::atomic<int> thread_count = 0;     // 0: not determined yet
constinit std::atomic<bool> pool_usable = true;  // not in a forked child, nor after static destruction began
constinit thread_local bool inside_region = false;

struct RegionGuard {
  RegionGuard() { inside_region = true; }
  ~RegionGuard() { inside_region = false; }
};

/// One parallel region; lives on the stack of its caller.
struct Job {
  void (*call)(void*, std::int64_t, std::int64_t);
  void* body;
  std::int64_t count, ranges;
  const Call* caller = running_call;  // for the errors of workers
  std::atomic<std::int64_t> next = 0;
  int helpers = 0;             // workers currently in the region; guarded by the pool's mutex
  std::exception_ptr error{};  // the first one; guarded by the pool's mutex
  std::condition_variable left{};

  bool has_work() const { return next.load(std::memory_order_relaxed) < ranges; }
  void run_ranges() {
    const RegionGuard guard;
    for (std::int64_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < ranges;)
      call(body, count * i / ranges, count * (i + 1) / ranges);
  }
};

class Pool {
 public:
  Pool() {
    pthread_atfork(nullptr, nullptr, [] { pool_usable.store(false, std::memory_order_relaxed); });
  }

  /// Stops the workers and waits for them. The remaining ranges of a region are run by its caller.
  void stop() {
    std::vector<std::thread> workers;
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
      workers.swap(workers_);
      jobs_.shrink_to_fit();
    }
    wake_.notify_all();
    for (std::thread& worker : workers) {
      if (worker.get_id() == std::this_thread::get_id()) worker.detach();  // a body called exit()
      else worker.join();
    }
  }

  void run(Job& job) {
    try {
      const std::lock_guard lock(mutex_);
      if (!stop_) grow(static_cast<std::size_t>(job.ranges - 1));
      jobs_.push_back(&job);
    } catch (const std::bad_alloc&) {}  // the workers are not notified: this thread does the work
    for (std::int64_t i = 1; i < job.ranges; ++i) wake_.notify_one();
    work(job);
    std::unique_lock lock(mutex_);
    std::erase(jobs_, &job);
    job.left.wait(lock, [&] { return job.helpers == 0; });
    if (job.error) std::rethrow_exception(job.error);
  }

 private:
  // Without memory or permission for more threads, the existing ones do the work.
  void grow(std::size_t workers) try {
    while (workers_.size() < workers) workers_.emplace_back([this] { serve(); });
  } catch (const std::system_error&) {}

  void work(Job& job) {
    try {
      job.run_ranges();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!job.error) job.error = std::current_exception();
    }
  }

  Job* open_job() {
    for (Job* job : jobs_)
      if (job->has_work()) return job;
    return nullptr;
  }

  void serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
      Job* job = nullptr;
      wake_.wait(lock, [&] { return stop_ || (job = open_job()); });
      if (!job) return;
      ++job->helpers;
      lock.unlock();
      running_call = job->caller;
      try {
        check_float_mode();
        job->run_ranges();
      } catch (...) {
        lock.lock();
        if (!job->error) job->error = std::current_exception();
        lock.unlock();
      }
      running_call = nullptr;
      lock.lock();
      if (--job->helpers == 0) job->left.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Job*> jobs_;
  std::vector<std::thread> workers_;
  bool stop_ = false;
};

/// Never destroyed: at exit another thread may be in a region, and in a forked child the destructor of a
/// condition variable would wait for threads that do not exist.
Pool& pool() {
  alignas(Pool) static std::byte memory[sizeof(Pool)];
  static const struct Owner {
    Pool* shared;
    ~Owner() {
      if (pool_usable.exchange(false)) shared->stop();  // not in a forked child, which has no workers
    }
  } owner{new (memory) Pool};
  return *owner.shared;
}

}  // namespace

int num_threads() {
  int threads = thread_count.load(std::memory_order_relaxed);
  if (threads == 0) {
    int unset = 0;
    threads = default_threads();
    if (!thread_count.compare_exchange_strong(unset, threads, std::memory_order_relaxed)) threads = unset;
  }
  return threads;
}

void set_num_threads(int threads) {
  check(threads >= 1 && threads <= most_threads, "set_num_threads: must be from 1 to {}; got {}",
      most_threads, threads);
  thread_count.store(threads, std::memory_order_relaxed);
}

void detail::parallel_for(
    std::int64_t count, std::int64_t grain, void (*call)(void*, std::int64_t, std::int64_t), void* body) {
  const std::int64_t ranges =
      inside_region || !pool_usable.load(std::memory_order_relaxed)
          ? 1
          : std::min<std::int64_t>(num_threads(), count / std::max<std::int64_t>(grain, 1));
  if (ranges <= 1) return call(body, 0, count);
  Job job{call, body, count, ranges};
  pool().run(job);
}

}  // namespace tenon
