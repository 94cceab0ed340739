// Named barriers count arrivals; mbarriers also count bytes, and go from phase to phase. Each has two tokens
// that alternate: a thread that leaves a phase late must not be ordered after work of the next.
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <simt_emu/fibers.h>
#include <simt_emu/scheduler.h>

namespace simt::emu {

namespace {

constexpr int most_named = 16;
constexpr unsigned most_count = (1u << 20) - 1;  // of arrivals and of bytes in a phase

struct NamedBarrier final : Awaited {
  int threads = 0, arrived = 0;
  unsigned phase = 0;
  CallSite at;                    // of the first to arrive
  std::vector<unsigned> waiting;  // thread numbers

  std::string state() const override {
    return " (" + std::to_string(arrived) + " of " + std::to_string(threads) + " threads have arrived)";
  }
};

struct Mbarrier final : Awaited {
  std::string place;
  unsigned count = 0, pending = 0, phase = 0;
  bool shown = false;  // to the async proxy
  long bytes = 0;      // expected, and not delivered yet; below 0 if they were delivered first
  std::vector<unsigned> waiting;
  alignas(8) char tokens[2][8];

  std::string state() const override {
    return " at " + place + " (phase " + std::to_string(phase) + ", " + std::to_string(pending) + " of " +
           std::to_string(count) + " arrivals pending, " + std::to_string(bytes) + " bytes outstanding)";
  }
};

// Of the running block.
bool in_use = false;
NamedBarrier* named = nullptr;
Tokens named_tokens;
/// Nodes are freed with their tokens, which ThreadSanitizer then forgets.
std::map<const std::uint64_t*, Mbarrier>& mbarriers = *new std::map<const std::uint64_t*, Mbarrier>;

constexpr const char* names[2][most_named] = {
    {"", "bar.sync 1", "bar.sync 2", "bar.sync 3", "bar.sync 4", "bar.sync 5", "bar.sync 6", "bar.sync 7",
        "bar.sync 8", "bar.sync 9", "bar.sync 10", "bar.sync 11", "bar.sync 12", "bar.sync 13", "bar.sync 14",
        "bar.sync 15"},
    {"", "bar.arrive 1", "bar.arrive 2", "bar.arrive 3", "bar.arrive 4", "bar.arrive 5", "bar.arrive 6",
        "bar.arrive 7", "bar.arrive 8", "bar.arrive 9", "bar.arrive 10", "bar.arrive 11", "bar.arrive 12",
        "bar.arrive 13", "bar.arrive 14", "bar.arrive 15"}};

void begin_use() {
  if (in_use) return;
  in_use = true;
  named_tokens.renew(2 * most_named);
  if (!named) named = new NamedBarrier[most_named];
}

void wake_all(std::vector<unsigned>& waiting) {
  for (const unsigned thread : waiting) wake(thread);
  waiting.clear();
}

/// Such as "shared address 0x410, byte 8 of an object of 48"; fails outside shared memory.
std::string place_of(const std::uint64_t* barrier, const char* op, CallSite at) {
  const auto address = reinterpret_cast<std::uintptr_t>(barrier);
  const SharedObject* const in = shared_object_at(address);
  const std::uintptr_t offset = in ? address - in->begin() : 0;
  if (!in || offset % 8 != 0 || offset + 8 > in->bytes)
    fail(std::string(op) + ": an mbarrier is 8 bytes in shared memory, aligned to 8", at);
  char text[96];
  std::snprintf(text, sizeof text, "shared address 0x%zx, byte %zu of an object of %zu", in->address + offset,
      offset, in->bytes);
  return text;
}
Mbarrier& find(const std::uint64_t* barrier, const char* op, CallSite at) {
  const auto found = mbarriers.find(barrier);
  if (found != mbarriers.end()) return found->second;
  const std::string place = place_of(barrier, op, at);
  fail(std::string(op) + ": no mbarrier at " + place + "; mbarrier_init must come first", at);
}
void end_phase_if_done(Mbarrier& barrier) {
  if (barrier.pending > 0 || barrier.bytes != 0) return;
  ++barrier.phase;
  barrier.pending = barrier.count;
  wake_all(barrier.waiting);
}

}  // namespace

void forget_hopper_barriers() {
  if (!in_use) return;
  for (int id = 0; id < most_named; ++id) {
    named[id].arrived = 0;
    named[id].waiting.clear();
  }
  mbarriers.clear();
  in_use = false;
}

void exchange_hopper_barriers(unsigned rank) {
  struct OfBlock {
    bool in_use = false;
    NamedBarrier* named = nullptr;
    Tokens named_tokens;
    std::map<const std::uint64_t*, Mbarrier> mbarriers;
  };
  static OfBlock* const others = new OfBlock[most_in_cluster];
  std::swap(in_use, others[rank].in_use);
  std::swap(named, others[rank].named);
  std::swap(named_tokens, others[rank].named_tokens);
  std::swap(mbarriers, others[rank].mbarriers);
}

void named_barrier(Named kind, int id, int threads, CallSite at) {
  const bool waits = kind == Named::sync;
  const char* const op = waits ? "bar.sync" : "bar.arrive";
  {
    const Unseen unseen;
    if (id < 1 || id >= most_named)
      fail(
          std::string(op) + ": barrier " + std::to_string(id) + "; there are 1 to 15, and 0 is __syncthreads",
          at);
    if (threads < 32 || threads % 32 != 0 || threads > static_cast<int>(most_threads))
      fail(names[!waits][id] + (": " + std::to_string(threads)) +
               " threads; it must be a multiple of 32 from 32 to 1024",
          at);
    begin_use();
  }
  leave(meet(~0u, names[!waits][id], {}, at));
  NamedBarrier& barrier = named[id];
  {
    const Unseen unseen;
    if (barrier.arrived == 0) {
      barrier.threads = threads;
      barrier.at = at;
    } else if (barrier.threads != threads) {
      fail(names[!waits][id] + (": " + std::to_string(threads)) + " threads, but another thread expects " +
               std::to_string(barrier.threads) + " at " + text(barrier.at),
          at);
    }
  }
  void* const token = named_tokens[2 * static_cast<unsigned>(id) + barrier.phase % 2];
  release(token);
  const bool last = ++barrier.arrived == barrier.threads;
  {
    const Unseen unseen;
    if (last) {
      barrier.arrived = 0;
      ++barrier.phase;
      wake_all(barrier.waiting);
    } else if (waits) {
      barrier.waiting.push_back(self->thread.x);
    }
  }
  if (!waits) return;
  if (!last) wait(names[!waits][id], at, &barrier);
  acquire(token);
}

void mbarrier_init(const std::uint64_t* barrier, unsigned count, CallSite at) {
  const Unseen unseen;
  const std::string place = place_of(barrier, "mbarrier_init", at);
  if (count < 1 || count > most_count)
    fail("mbarrier_init: " + std::to_string(count) + " arrivals; it must be 1 to " +
             std::to_string(most_count),
        at);
  if (mbarriers.contains(barrier))
    fail("mbarrier_init: there is an mbarrier at " + place + "; mbarrier_inval must come first", at);
  begin_use();
  Mbarrier& made = mbarriers[barrier];
  made.place = place;
  made.count = made.pending = count;
}

void mbarrier_inval(const std::uint64_t* barrier, CallSite at) {
  const Unseen unseen;
  const Mbarrier& old = find(barrier, "mbarrier_inval", at);
  if (!old.waiting.empty())
    fail("mbarrier_inval: thread " + std::to_string(old.waiting.front()) + " still waits for the mbarrier" +
             old.state(),
        at);
  mbarriers.erase(barrier);
}

void mbarrier_arrive(const std::uint64_t* barrier, const char* op, unsigned bytes, CallSite at) {
  const Unseen unseen;
  Mbarrier& one = find(barrier, op, at);
  if (one.pending == 0) fail(std::string(op) + ": too many arrivals at the mbarrier" + one.state(), at);
  if (bytes > most_count || one.bytes + static_cast<long>(bytes) > static_cast<long>(most_count))
    fail(std::string(op) + ": " + std::to_string(bytes) + " more bytes for the mbarrier" + one.state() +
             "; a phase has at most " + std::to_string(most_count),
        at);
  release(one.tokens[one.phase % 2]);
  one.bytes += bytes;
  --one.pending;
  end_phase_if_done(one);
}

void mbarrier_wait(const std::uint64_t* barrier, unsigned parity, CallSite at) {
  if (parity > 1) fail("mbarrier_wait: parity " + std::to_string(parity) + "; it is 0 or 1", at);
  // As on a GPU, a thread that is woken too late finds the barrier two phases further, and waits again.
  for (;;) {
    Mbarrier* one = nullptr;
    {
      const Unseen unseen;
      one = &find(barrier, "mbarrier_wait", at);
      if (one->phase % 2 == parity) one->waiting.push_back(self->thread.x);
    }
    if (one->phase % 2 != parity) return acquire(one->tokens[parity]);
    wait(parity == 0 ? "parity 0 of the mbarrier" : "parity 1 of the mbarrier", at, one);
  }
}

void show_mbarriers() {
  for (auto& [place, barrier] : mbarriers) barrier.shown = true;
}
void mbarrier_check_copy(const char* op, const std::uint64_t* barrier, CallSite at) {
  const Mbarrier& one = find(barrier, op, at);
  if (!one.shown) fail(op + (": no fence.proxy.async since mbarrier_init of the mbarrier" + one.state()), at);
}
void mbarrier_begin_copy(const std::uint64_t* barrier) {
  Mbarrier& one = mbarriers.at(barrier);
  release(one.tokens[one.phase % 2]);
}
std::string mbarrier_complete_tx(const std::uint64_t* barrier, unsigned bytes) {
  const auto found = mbarriers.find(barrier);
  if (found == mbarriers.end()) return "its mbarrier was invalidated before the copy was delivered";
  Mbarrier& one = found->second;
  if (one.bytes - static_cast<long>(bytes) < -static_cast<long>(most_count))
    return std::to_string(bytes) + " bytes are too many for the mbarrier" + one.state();
  one.bytes -= bytes;
  end_phase_if_done(one);
  return {};
}

}  // namespace simt::emu
