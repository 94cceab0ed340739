// The barrier of a cluster, and the shared memory of its blocks for each other.
#include <algorithm>
#include <cstring>
#include <string>

#include <simt_emu/fibers.h>
#include <simt_emu/scheduler.h>

namespace simt::emu {

unsigned cluster_arrivals = 0;

namespace {

enum class Arrival : unsigned char { none, arrived, waiting, passed };

/// The latest use of a block's shared memory by another.
struct Mapping {
  bool there = false;
  unsigned phase = 0, by = 0;  // of the barrier; the other block
  CallSite at;
};

// Of the running cluster.
bool in_use = false;
unsigned phase = 0;
Tokens tokens;  // two alternate, as for blocks
Arrival arrivals[most_in_cluster][most_threads];
Mapping mapped[most_in_cluster];
bool ended[most_in_cluster];

void begin_use() {
  if (in_use) return;
  const Unseen unseen;
  in_use = true;
  tokens.renew(2);
}

}  // namespace

void forget_cluster() {
  if (!in_use) return;
  in_use = false;
  cluster_arrivals = phase = 0;
  for (unsigned rank = 0; rank < most_in_cluster; ++rank) {
    std::fill_n(arrivals[rank], most_threads, Arrival::none);
    mapped[rank] = {};
    ended[rank] = false;
  }
}

void cluster_arrive(CallSite at) {
  Arrival& mine = arrivals[running.rank][self->thread.x];
  if (mine != Arrival::none)
    fail("cluster_arrive: this thread has arrived; cluster_wait must come first", at);
  begin_use();
  release(tokens[phase % 2]);
  mine = Arrival::arrived;
  ++cluster_arrivals;
}

void cluster_wait(CallSite at) {
  Arrival& mine = arrivals[running.rank][self->thread.x];
  if (mine == Arrival::none) fail("cluster_wait: cluster_arrive must come first", at);
  void* const token = tokens[(mine == Arrival::passed ? phase - 1 : phase) % 2];
  if (mine == Arrival::arrived) {
    mine = Arrival::waiting;
    wait("cluster_wait", at);
  }
  mine = Arrival::none;
  acquire(token);
}

void end_cluster_phase() {
  bool all = true;
  each_block([&] {
    for (unsigned thread = 0; thread < running.block_dim.x; ++thread) {
      const Arrival arrival = arrivals[running.rank][thread];
      all = all && (arrival == Arrival::arrived || arrival == Arrival::waiting || has_ended(thread));
    }
  });
  if (!all) return;
  ++phase;
  cluster_arrivals = 0;
  each_block([] {
    for (unsigned thread = 0; thread < running.block_dim.x; ++thread) {
      Arrival& arrival = arrivals[running.rank][thread];
      if (arrival == Arrival::waiting) wake(thread);
      arrival = Arrival::passed;
    }
  });
}

std::string block_leaves_cluster() {
  if (running.cluster_size == 1) return {};
  begin_use();
  ended[running.rank] = true;
  // Others read NaN from now on.
  for (const SharedObject& object : shared_objects()) std::memset(object.memory, 0xff, object.bytes);
  const Mapping& last = mapped[running.rank];
  if (!last.there || last.phase < phase) return {};
  return "block " + std::to_string(running.block.x) + " has ended, but block " + std::to_string(last.by) +
         " may still use its shared memory (map_shared_rank at " + text(last.at) +
         "); a barrier of the cluster must come between";
}

void* map_shared_rank(const void* place, unsigned rank, CallSite at) {
  const Unseen unseen;
  const auto refuse = [&](const std::string& why) { fail("map_shared_rank: " + why, at); };
  const std::string block = "block " + std::to_string(rank) + " of the cluster";
  if (rank >= running.cluster_size) refuse(block + ", which has " + std::to_string(running.cluster_size));
  const auto address = reinterpret_cast<std::uintptr_t>(place);
  const SharedObject* const mine = shared_object_at(address);
  if (!mine) refuse("not an object in this block's shared memory");
  const std::uintptr_t offset = address - mine->begin();
  const void* const key = mine->key;
  const unsigned own = running.rank;
  if (rank == own) return reinterpret_cast<void*>(address);
  if (phase == 0) refuse(block + " may not have begun; a barrier of the cluster must come first");
  if (ended[rank]) refuse(block + " has ended; a barrier of the cluster must come before that");

  turn_to(rank);
  char* found = nullptr;
  for (const SharedObject& object : shared_objects())
    if (object.in_use && object.key == key) found = static_cast<char*>(object.memory);
  turn_to(own);
  if (!found)
    refuse(block + " has not reached the declaration of this object; declare it before the barrier");
  mapped[rank] = {true, phase, running.block.x, at};
  return found + offset;
}

}  // namespace simt::emu
