#include <tenon/core/parallel.h>

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <fstream>
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

/// The cores available to this process: those it may run on, or fewer if its control group has a quota of
/// CPU time, as a container may.
int usable_cores() {
  static const int cores = [] {
    const double allowed = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, most_threads);
    double quota = 0, period = 0;
    std::ifstream limit("/sys/fs/cgroup/cpu.max");  // "max 100000" without a quota
    return static_cast<int>(limit >> quota >> period && period > 0
                                ? std::clamp(std::ceil(quota / period), 1.0, allowed)
                                : allowed);
  }();
  return cores;
}

int default_threads() {
  const char* const text = std::getenv("TENON_NUM_THREADS");
  if (!text) return usable_cores();
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

/// How long a thread looks for work, or for the end of a region, before it sleeps. Waking it takes about as
/// long (30 us were measured). An idle process uses no CPU.
constexpr auto spin_time = std::chrono::microseconds(50);

/// Waits until ready(), or until spin_time has passed; not at all if there are more threads than cores.
template <class Ready>
void spin(Ready ready) {
  if (num_threads() > usable_cores()) return;
  const auto end = std::chrono::steady_clock::now() + spin_time;
  do {
    for (int i = 0; i < 32; ++i) {
      if (ready()) return;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
    std::this_thread::yield();  // other processes may need the core
  } while (std::chrono::steady_clock::now() < end);
}

/// One parallel region; lives on the stack of its caller.
struct Job {
  void (*call)(void*, std::int64_t, std::int64_t);
  void* body;
  std::int64_t count, ranges;
  const Call* caller = running_call;  // for the errors of workers
  std::atomic<std::int64_t> next = 0;
  std::atomic<int> helpers = 0;  // workers currently in the region; written with the pool's mutex held
  std::exception_ptr error{};    // the first one; guarded by the pool's mutex
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
      ++posted_;
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
    std::int64_t to_wake = 0;
    try {
      const std::lock_guard lock(mutex_);
      if (!stop_) grow(static_cast<std::size_t>(job.ranges - 1));
      jobs_.push_back(&job);
      ++posted_;
      to_wake = job.ranges - 1 - spinning_;
    } catch (const std::bad_alloc&) {}  // the workers are not notified: this thread does the work
    for (std::int64_t i = 0; i < to_wake; ++i) wake_.notify_one();
    work(job);
    spin([&] { return job.helpers.load(std::memory_order_acquire) == 0; });
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
      if (!stop_ && !open_job()) {
        const std::uint64_t seen = posted_;
        ++spinning_;
        lock.unlock();
        spin([&] { return posted_ != seen; });
        lock.lock();
        --spinning_;
      }
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

  std::mutex mutex_;                       // guards the following members; posted_ may be read without it
  std::atomic<std::uint64_t> posted_ = 0;  // counts the jobs, and a stop
  int spinning_ = 0;                       // workers that look at posted_
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
