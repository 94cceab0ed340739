// Runs blocks one after another, or in turns if they form a cluster, and within a block one fiber after
// another, each until it waits or returns.
#include <simt_emu/scheduler.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <simt_emu/fibers.h>

namespace simt::emu {

Self* self = nullptr;
Running running;
unsigned schedule_seed = 0;
const Watcher* watcher = nullptr;
constinit std::mutex emulator_mutex;

namespace {

constexpr std::size_t most_objects = 64, most_object_bytes = 48 * 1024;
// ThreadSanitizer sees no race between two blocks with the same identity, so consecutive clusters use
// different ones. Within a cluster, each block has threads of its own.
constexpr unsigned identities = tsan ? 2 : 1;

enum class State : unsigned char { ready, waiting, done };

struct Thread : Self {
  State state = State::done;
  const char* waits_for = "";
  CallSite at;
  const Awaited* awaited = nullptr;
  std::unique_ptr<Fiber> fibers[identities];
  std::deque<std::pair<Copy, int>> copies;  // with the number of their group
  int group = 0;
};

struct Block {
  Thread* threads = nullptr;
  unsigned made[identities] = {};  // fibers, of threads from 0 on
  SharedObject objects[most_objects];
  std::size_t object_count = 0, object_bytes = 0;
  std::uint32_t object_end = 0;

  unsigned size, identity;
  unsigned next[most_threads], ready;  // threads that can run in the next round
  unsigned done, at_barrier, barriers;
  bool has_atomics;
  CallSite barrier;
  Tokens tokens;  // two alternate: a thread that leaves a barrier late must not be ordered after later work
};

// Kept from launch to launch.
Block block;
std::string& failure = *new std::string;
bool giving_up = false;
void (*kernel_call)(const void*);
const void* kernel_made;
alignas(8) char begin_token[8], end_token[8], fence_token[8];

Thread& current() { return *static_cast<Thread*>(self); }

// ---- threads

/// Terminates a deadlocked thread.
struct GivenUp {};

void work() {
  current().fenced = false;
  {
    const Unseen unseen;
    current().copies.clear();
    current().group = 0;
  }
  acquire(begin_token);
  if (watcher) watcher->thread_begins();
  try {
    kernel_call(kernel_made);
  } catch (const std::exception& error) {
    const Unseen unseen;
    failure = error.what();
  } catch (const GivenUp&) {}
  if (watcher) watcher->thread_ends();
  release(end_token);
  current().state = State::done;
  ++block.done;
}

void prepare_threads() {
  if (!block.threads) {
    block.threads = new Thread[most_threads];
    for (unsigned i = 0; i < most_threads; ++i)
      static_cast<Self&>(block.threads[i]) = {{i, 0, 0}, i % 32, false, false};
  }
  for (unsigned& i = block.made[block.identity]; i < block.size; ++i)
    block.threads[i].fibers[block.identity] = std::make_unique<Fiber>(work);
}

void resume(Thread& thread) {
  self = &thread;
  thread.fibers[block.identity]->enter();
  self = nullptr;
}

std::string stuck() {
  struct Group {
    unsigned count = 0, first = 0;
    bool named = false;  // whether the report names the first thread
  };
  std::map<std::string, Group> groups;
  for (unsigned i = 0; i < block.size; ++i) {
    const Thread& thread = block.threads[i];
    std::string state = "have returned";
    if (thread.state == State::waiting) {
      state = std::string("wait for ") + thread.waits_for + " at " + text(thread.at);
      if (thread.awaited) state += thread.awaited->state();
    }
    Group& group = groups[state];
    if (group.count++ == 0) group.first = i;
    group.named = thread.state == State::waiting && thread.awaited;
  }
  std::string all = "deadlock in block " + std::to_string(running.block.x) + ":";
  for (const auto& [state, group] : groups) {
    all += "\n    " + std::to_string(group.count) + " threads " + state;
    if (group.named) all += ", the first is thread " + std::to_string(group.first);
  }
  return all;
}

// ---- blocks

void free_objects() {
  for (std::size_t i = 0; i < block.object_count; ++i) std::free(block.objects[i].memory);
  block.object_count = block.object_bytes = 0;
  block.object_end = 0;
}

void begin_block(unsigned identity) {
  block.size = running.block_dim.x;
  block.identity = identity;
  block.done = block.at_barrier = block.barriers = 0;
  block.has_atomics = false;
  block.tokens.renew(2);
  forget_meetings();
  forget_wgmma();
  forget_hopper_barriers();
  forget_bulk_copies();
  if constexpr (tsan) free_objects();  // otherwise it would report accesses of two blocks to one object
  for (std::size_t i = 0; i < block.object_count; ++i) block.objects[i].in_use = false;
  prepare_threads();
  std::iota(block.next, block.next + block.size, 0u);
  block.ready = block.size;
}

/// With seed 0 the oldest.
void deliver(std::minstd_rand& random) {
  failure = deliver_bulk_copy(schedule_seed ? random() % bulk_copies_in_flight : 0);
}

bool can_run() { return block.ready > 0 || (block.done < block.size && bulk_copies_in_flight > 0); }

/// Each ready thread of the block runs until it waits. Bulk copies are delivered when no thread can run, and
/// with a seed sometimes earlier.
void run_round(std::minstd_rand& random) {
  static unsigned now[most_threads];
  const unsigned count = block.ready;
  std::copy_n(block.next, count, now);
  block.ready = 0;
  if (schedule_seed) std::shuffle(now, now + count, random);
  for (unsigned i = 0; i < count; ++i) {
    resume(block.threads[now[i]]);
    if (!failure.empty()) return;
  }
  if (bulk_copies_in_flight > 0 && (schedule_seed ? count == 0 || random() % 2 == 0 : block.ready == 0))
    deliver(random);
}

/// The error of the block that ran the last round, or an empty string.
std::string block_error() {
  if (block.done < block.size) return {};
  return bulk_copies_in_flight > 0 ? bulk_copy_left() : block_leaves_cluster();
}

/// The blocks of a cluster take turns, a round each; with a seed, one sometimes misses its turn. Most
/// clusters are one block.
void run_cluster(unsigned number, unsigned identity, std::minstd_rand& random) {
  running.block.x = number * running.cluster_size + running.rank;
  forget_cluster();
  each_block([=] { begin_block(identity); });
  for (bool any = true; any && failure.empty();) {
    any = false;
    each_block([&] {
      if (!failure.empty() || !can_run()) return;
      any = true;
      if (running.cluster_size > 1 && schedule_seed && random() % 2 == 0) return;
      run_round(random);
      if (failure.empty()) failure = block_error();
    });
    if (cluster_arrivals > 0) end_cluster_phase();
  }
  if (!failure.empty()) return;
  each_block([] {
    if (block.done < block.size) failure += (failure.empty() ? "" : "\n") + stuck();
  });
}

/// Terminates the threads that are in the middle of the kernel.
void give_up() {
  giving_up = true;
  for (unsigned i = 0; i < block.size; ++i)
    if (block.threads[i].state != State::done) resume(block.threads[i]);
  giving_up = false;
}

void run_clusters(unsigned count) {
  std::minstd_rand random(schedule_seed);
  std::vector<unsigned> order(schedule_seed ? count : 0);
  std::iota(order.begin(), order.end(), 0u);
  std::shuffle(order.begin(), order.end(), random);
  for (unsigned i = 0; i < count && failure.empty(); ++i)
    run_cluster(schedule_seed ? order[i] : i, i % identities, random);
  const bool failed = !failure.empty();
  each_block([&] {
    if (failed) give_up();
    free_objects();
  });
}

}  // namespace

int run(void* stream, std::size_t shared, const void* kernel, unsigned cluster, unsigned grid, unsigned size,
    void (*call)(const void*), const void* made) {
  const std::lock_guard lock(emulator_mutex);
  const Unseen unseen;
  if (const int error = device_begins(stream, shared, kernel)) return error;
  struct End {
    ~End() { device_ends(); }
  } const end;
  if (size == 0 || size > most_threads)
    throw Error("a block of " + std::to_string(size) + " threads; it has 1 to 1024");
  if (grid == 0 || grid > 0x7fffffff)
    throw Error("a grid of " + std::to_string(grid) + " blocks; it has 1 to 2147483647");
  if (cluster == 0 || cluster > most_in_cluster || grid % cluster != 0)
    throw Error("a cluster of " + std::to_string(cluster) + " blocks in a grid of " + std::to_string(grid) +
                "; it has 1 to 8, and the grid is whole clusters");
  if (watcher && cluster > 1) throw Error("a launch with clusters cannot be counted");
  running.shared_at_launch = shared;
  running.cluster_size = cluster;
  running.grid_dim.x = grid;
  running.block_dim.x = size;
  kernel_call = call;
  kernel_made = made;
  release(begin_token);
  if (watcher) watcher->launch_begins(kernel, grid, size);
  run_clusters(grid / cluster);
  if (watcher) watcher->launch_ends(!failure.empty());
  acquire(end_token);
  if (!failure.empty()) throw Error(std::exchange(failure, {}));
  return 0;
}

void turn_to(unsigned rank) {
  if (rank == running.rank) return;
  static Block* const others = new Block[most_in_cluster];
  for (const unsigned one : {running.rank, rank}) {
    std::swap(block, others[one]);
    exchange_meetings(one);
    exchange_wgmma(one);
    exchange_hopper_barriers(one);
    exchange_bulk_copies(one);
  }
  running.block.x += rank - running.rank;
  running.rank = rank;
}
bool has_ended(unsigned thread) {
  return block.done > 0 && block.threads[thread].state == State::done;  // of this block, not the one before
}

void wait(const char* what, CallSite at, const Awaited* awaited) {
  Thread& thread = current();
  thread.state = State::waiting;
  thread.waits_for = what;
  thread.at = at;
  thread.awaited = awaited;
  Fiber::leave();
  if (giving_up) throw GivenUp{};
}

void wake(unsigned thread) {
  block.threads[thread].state = State::ready;
  block.next[block.ready++] = thread;
}

std::string text(CallSite at) {
  const std::string file = at.file_name();
  return file.substr(file.rfind('/') + 1) + ":" + std::to_string(at.line());
}

// ---- functions called by kernels

void fail(const std::string& what, CallSite at) {
  throw Error(what + " (thread " + std::to_string(self->thread.x) + " of block " +
              std::to_string(running.block.x) + ", " + text(at) + ")");
}

/// Each object is an allocation of its exact size, so that AddressSanitizer detects overruns. It is filled
/// with bytes 0xff, which are NaN, so that reads of uninitialised memory show.
void* shared_object(const void* key, std::size_t bytes, std::size_t alignment, bool at_launch) {
  SharedObject* object = std::find_if(block.objects, block.objects + block.object_count,
      [=](const SharedObject& other) { return other.key == key; });
  if (object != block.objects + block.object_count && object->in_use) return object->memory;
  const Unseen unseen;
  if (object == block.objects + block.object_count) {
    if (at_launch && bytes > running.shared_at_launch)
      fail("more shared memory than the launch asked for", CallSite::current());
    if (!at_launch) block.object_bytes += bytes;
    if (block.object_bytes > most_object_bytes || block.object_count == most_objects)
      fail("more than 48 KiB, or 64 objects, of SIMT_SHARED", CallSite::current());
    ++block.object_count;
    // An odd multiple of the alignment, so that a kernel that needs a larger one fails.
    const auto step = static_cast<std::uint32_t>(std::max<std::size_t>(alignment, 16));
    const std::uint32_t address = ((block.object_end + step - 1) / step | 1) * step;
    block.object_end = address + static_cast<std::uint32_t>(bytes);
    *object = {key, nullptr, bytes, false, address};
    if (posix_memalign(&object->memory, std::max<std::size_t>(alignment, 128), bytes) != 0) std::abort();
  }
  std::memset(object->memory, 0xff, bytes);
  object->in_use = true;
  return object->memory;
}

void begin_copy(const Copy& copy) {
  const Unseen unseen;
  current().copies.emplace_back(copy, current().group);
}
void commit_copies() { ++current().group; }
bool finish_copy(int pending, Copy& copy) {
  const Unseen unseen;
  auto& copies = current().copies;
  if (copies.empty() || copies.front().second >= current().group - pending) return false;
  copy = copies.front().first;
  copies.pop_front();
  return true;
}

std::span<const SharedObject> shared_objects() { return {block.objects, block.object_count}; }

const SharedObject* shared_object_at(std::uintptr_t address) {
  for (const SharedObject& object : shared_objects())
    if (object.in_use && address - object.begin() < object.bytes) return &object;
  return nullptr;
}

void barrier(CallSite at) {
  void* const token = block.tokens[block.barriers % 2];
  release(token);
  if (block.at_barrier == 0) {
    block.barrier = at;
  } else if (at.line() != block.barrier.line() ||
             (at.file_name() != block.barrier.file_name() &&
                 std::strcmp(at.file_name(), block.barrier.file_name()) != 0)) {
    const Unseen unseen;
    fail("divergent __syncthreads: another thread is at " + text(block.barrier), at);
  }
  if (++block.at_barrier < block.size) {
    wait("__syncthreads", at);
  } else {
    block.at_barrier = 0;
    ++block.barriers;
    if (watcher) watcher->threads_meet(0, block.size);
    for (unsigned i = 0; i < block.size; ++i)
      if (&block.threads[i] != self) wake(i);
  }
  acquire(token);
}

/// One token for the whole launch. The first atomic operation after a fence releases earlier work, and a
/// fence after an atomic operation of its block acquires the work released by others.
void fence() {
  self->fenced = true;
  if (block.has_atomics) acquire(fence_token);
}
void after_atomic() {
  block.has_atomics = true;
  if (std::exchange(self->fenced, false)) release(fence_token);
}

}  // namespace simt::emu
