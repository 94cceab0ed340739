// Collectives of a warp: the lanes of a mask meet, the last to arrive wakes the others, and the values that
// they contributed can be read until the last lane has left.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <simt_emu/fibers.h>
#include <simt_emu/scheduler.h>

namespace simt::emu {

namespace {

// A lane that leaves a meeting late must not be ordered after later work of other lanes, so meetings
// alternate between tokens. Two are enough for one mask, since a lane leaves each meeting before it arrives
// at the next; the masks of a warp share four.
constexpr unsigned tokens_of_warp = 4;

struct Warp {
  Meeting* open = nullptr;
  unsigned fences = 0;
};
Warp warps[most_warps];
Tokens tokens;
std::vector<Meeting*>& all = *new std::vector<Meeting*>;
Meeting* idle = nullptr;

Meeting& open_meeting(unsigned mask, const char* op, CallSite at, bool fences) {
  if (!idle) {
    const Unseen unseen;
    all.push_back(idle = new Meeting{});
  }
  const unsigned number = self->thread.x / 32;
  Warp& warp = warps[number];
  Meeting& meeting = *idle;
  idle = meeting.next;
  meeting.mask = mask;
  meeting.arrived = meeting.left = 0;
  meeting.op = op;
  meeting.at = at;
  meeting.token = fences ? tokens[number * tokens_of_warp + warp.fences++ % tokens_of_warp] : nullptr;
  meeting.next = warp.open;
  warp.open = &meeting;
  return meeting;
}

Meeting& arrive(unsigned mask, const char* op, CallSite at, bool fences, const Value& value) {
  Warp& warp = warps[self->thread.x / 32];
  if ((mask >> self->lane & 1u) == 0) fail(std::string(op) + ": the calling lane is not in the mask", at);
  Meeting** link = &warp.open;
  while (*link && (*link)->mask != mask) link = &(*link)->next;
  if (*link && (*link)->op != op && std::strcmp((*link)->op, op) != 0)
    fail(std::string(op) + " meets " + (*link)->op + " of another lane at " + text((*link)->at), at);
  if (!*link) {
    open_meeting(mask, op, at, fences);
    link = &warp.open;
  }
  Meeting& meeting = **link;
  if (meeting.token) release(meeting.token);
  meeting.values[self->lane] = value;
  meeting.arrived |= 1u << self->lane;
  if (meeting.arrived == mask) {
    *link = meeting.next;
    const unsigned first = self->thread.x - self->lane;
    const unsigned lanes = std::min(32u, running.block_dim.x - first);
    if (watcher && mask == ~0u >> (32 - lanes)) watcher->threads_meet(first, first + lanes);
    for (unsigned lane = 0; lane < 32; ++lane)
      if (lane != self->lane && (mask >> lane & 1u)) wake(first + lane);
  } else {
    wait(op, at, &meeting);
  }
  return meeting;
}

}  // namespace

std::string Meeting::state() const {
  char lanes[64];
  std::snprintf(lanes, sizeof lanes, " (mask %08x, arrived %08x)", mask, arrived);
  return lanes;
}

void forget_meetings() {
  tokens.renew(most_warps * tokens_of_warp);
  for (Warp& warp : warps) warp = {};
  idle = nullptr;
  for (Meeting* const meeting : all) {
    meeting->next = idle;
    idle = meeting;
  }
}

void exchange_meetings(unsigned rank) {
  struct OfBlock {
    Warp warps[most_warps];
    Tokens tokens;
  };
  static OfBlock* const others = new OfBlock[most_in_cluster];
  std::swap(warps, others[rank].warps);
  std::swap(tokens, others[rank].tokens);
}

Meeting& meet(unsigned mask, const char* op, Value value, CallSite at) {
  Meeting& meeting = arrive(mask, op, at, false, value);
  self->in_a_collective = true;
  return meeting;
}
const Value& left_by(const Meeting& meeting, unsigned lane) { return meeting.values[lane]; }
unsigned votes(const Meeting& meeting) {
  unsigned lanes = 0;
  for (unsigned lane = 0; lane < 32; ++lane)
    lanes |= static_cast<unsigned>(meeting.values[lane].part[0] != 0) << lane;
  return lanes & meeting.mask;
}
void leave(Meeting& meeting) {
  self->in_a_collective = false;
  meeting.left |= 1u << self->lane;
  if (meeting.left != meeting.mask) return;
  meeting.next = idle;
  idle = &meeting;
}

void meet_and_fence(unsigned mask, const char* op, CallSite at) {
  Meeting& meeting = arrive(mask, op, at, true, {});
  if (meeting.token) acquire(meeting.token);
  leave(meeting);
}

}  // namespace simt::emu
