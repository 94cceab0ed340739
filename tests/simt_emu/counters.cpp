// Puts the threads of a warp together again. The emulator runs one thread at a time, so each leaves a trail
// of what it executed. When a warp's threads meet at a barrier or a full collective, or have ended, their
// trails are merged as a GPU would execute them: of the next instructions of all lanes, the one at the lowest
// address in the innermost function goes first, with all lanes that are there. As code is laid out in the
// order of the source (the build sees to it), branches are executed before the place where they join, and
// loops until their last lane leaves.
#include <simt_emu/counters.h>

#include <algorithm>
#include <utility>

#include <simt_emu/recorder.h>
#include <simt_emu/requests.h>
#include <simt_emu/runtime.h>

namespace simt::emu {

namespace {

constexpr unsigned warp_lanes = 32;
constexpr std::uint64_t ended = ~std::uint64_t{0};
enum class Space : std::uint8_t { global, shared, other };

/// One entry of a trail. Entries are executed in the order of their keys.
struct Step {
  std::uint64_t key;
  std::uintptr_t address;
  std::uint8_t bytes;
  Event event;
  Space space;
};
/// Inner functions first, then lower addresses.
std::uint64_t key_of(unsigned depth, const void* code) {
  constexpr unsigned address_bits = 48, deepest = 0xfffe;
  return std::uint64_t{deepest - std::min(depth, deepest)} << address_bits |
         reinterpret_cast<std::uintptr_t>(code);
}

struct Trail {
  std::vector<Step> steps;
  std::uintptr_t stack_end;
  unsigned depth;
};

// Guarded by the emulator's mutex. Nothing is recorded while `listening` is false: the counters themselves
// may call functions of the standard library that were compiled with instrumentation.
bool listening = false;
Trace tracing = Trace::none;
Trail* trails = nullptr;
unsigned alive[most_warps];  // threads of each warp that have not ended
using Range = std::pair<std::uintptr_t, std::uintptr_t>;
std::vector<Range> allocations;
KernelCounters now;
std::vector<KernelCounters> finished;

std::uintptr_t number(const volatile void* address) { return reinterpret_cast<std::uintptr_t>(address); }

/// The allocation that holds the address, or null.
const Range* allocation_at(std::uintptr_t address) {
  static std::size_t last = 0;
  const auto is_in = [=](const Range& block) { return address >= block.first && address < block.second; };
  if (last < allocations.size() && is_in(allocations[last])) return &allocations[last];
  const auto after = std::upper_bound(allocations.begin(), allocations.end(), address,
      [](std::uintptr_t place, const Range& block) { return place < block.first; });
  if (after == allocations.begin() || !is_in(after[-1])) return nullptr;
  last = static_cast<std::size_t>(after - allocations.begin()) - 1;
  return &allocations[last];
}

Space space_of(std::uintptr_t address) {
  if (allocation_at(address)) return Space::global;
  return shared_object_at(address) ? Space::shared : Space::other;
}

/// The trail of the running thread, if a kernel's code on this stack is to be counted. Other threads of the
/// host may be in functions that the linker took from an instrumented file.
Trail* trail_at(const void* stack) {
  constexpr std::uintptr_t most_stack = 256 * 1024;
  const Self* const thread = self;
  if (!listening || !thread) return nullptr;
  // A collective stands for one instruction, whatever it takes here.
  if (thread->in_a_collective) return nullptr;
  Trail& trail = trails[thread->thread.x];
  return trail.stack_end - number(stack) < most_stack ? &trail : nullptr;
}

void keep(const Step& first, std::span<const Access> lanes) {
  const bool shared = first.space == Space::shared;
  const std::uintptr_t at = lanes[0].address;
  now.requests.push_back({.shared = shared,
      .store = first.event == Event::store,
      .object = shared ? shared_object_at(at)->begin() : allocation_at(at)->first,
      .lanes = {lanes.begin(), lanes.end()}});
}

/// Counts one instruction, executed by a warp.
void count(const Step& first, std::span<const Access> lanes) {
  const bool load = first.event == Event::load;
  if (first.event == Event::block) {
    ++now.blocks;
    now.block_lanes += lanes.size();
  } else if (first.event == Event::atomic) {
    now.atomics += lanes.size();
  } else if (first.space == Space::global) {
    (load ? now.loads : now.stores) += global_request(lanes);
  } else {
    (load ? now.shared_loads : now.shared_stores) += shared_request(lanes);
  }
}

/// Merges the trails of the threads [first, end) of a warp, and empties them.
void merge(unsigned first, unsigned end) {
  const bool traced = tracing == Trace::first_warp && first == 0 && running.block.x == 0;
  std::uint64_t next[warp_lanes];
  const Step *at[warp_lanes], *last[warp_lanes];
  std::fill_n(next, warp_lanes, ended);
  for (unsigned lane = 0; lane < end - first; ++lane) {
    std::vector<Step>& steps = trails[first + lane].steps;
    at[lane] = steps.data();
    last[lane] = at[lane] + steps.size();
    if (!steps.empty()) next[lane] = steps.front().key;
  }
  Access together[warp_lanes];
  for (;;) {
    const std::uint64_t lowest = *std::min_element(next, next + warp_lanes);
    if (lowest == ended) break;
    unsigned members = 0;
    const Step* leader = nullptr;
    for (unsigned lane = 0; lane < warp_lanes; ++lane) {
      // An instruction may find one lane in global and another in shared memory.
      if (next[lane] != lowest || (leader && at[lane]->space != leader->space)) continue;
      const Step& step = *at[lane]++;
      if (!leader) leader = &step;
      together[members++] = {lane, step.bytes, step.address};
      next[lane] = at[lane] != last[lane] ? at[lane]->key : ended;
    }
    count(*leader, {together, members});
    if (traced && (leader->event == Event::load || leader->event == Event::store))
      keep(*leader, {together, members});
  }
  for (unsigned i = first; i < end; ++i) trails[i].steps.clear();
}

void merge_all(unsigned first, unsigned end) {
  listening = false;
  for (unsigned i = first; i < end; i += warp_lanes) merge(i, std::min(i + warp_lanes, end));
  listening = true;
}

std::string short_name(const void* kernel) {
  std::string name = name_of(kernel);
  const std::string nameless = "(anonymous namespace)::";
  for (std::size_t at; (at = name.find(nameless)) != name.npos;) name.erase(at, nameless.size());
  std::size_t end = name.find_first_of("<(");
  if (end == name.npos) return name;
  const std::size_t start = name.find_last_of(" :", end) + 1;
  if (name[end] == '<')
    for (int open = 0; end < name.size();) {
      open += (name[end] == '<') - (name[end] == '>');
      if (++end; open == 0) break;
    }
  return name.substr(start, end - start);
}

void launch_begins(const void* kernel, unsigned grid, unsigned threads) {
  if (!trails) trails = new Trail[most_threads];
  for (unsigned i = 0; i < threads; ++i) trails[i].steps.clear();
  for (unsigned i = 0; i < threads; i += warp_lanes)
    alive[i / warp_lanes] = std::min(threads - i, warp_lanes);
  allocations.clear();
  for (const auto& [start, block] : runtime().allocations)
    allocations.emplace_back(start, start + block.bytes);
  now = KernelCounters{};
  now.kernel = short_name(kernel);
  now.grid = grid;
  now.threads = threads;
  listening = true;
}

void thread_begins() {
  trails[self->thread.x].stack_end = number(__builtin_frame_address(0));
  trails[self->thread.x].depth = 0;
}

/// A warp is merged as soon as it is complete, so that traces do not accumulate over a block.
void thread_ends() {
  const unsigned warp = self->thread.x / warp_lanes, first = warp * warp_lanes,
                 lanes = std::min(running.block_dim.x - first, warp_lanes);
  if (--alive[warp] > 0) return;
  alive[warp] = lanes;  // of the next block
  merge_all(first, first + lanes);
}

void launch_ends(bool failed) {
  listening = false;
  if (!failed) finished.push_back(std::move(now));
}

constexpr Watcher counting = {launch_begins, thread_begins, merge_all, thread_ends, launch_ends};

}  // namespace

// ---- recorder.h

void record(
    Event event, const void* code, const void* stack, const volatile void* memory, std::size_t bytes) {
  Trail* const trail = trail_at(stack);
  if (!trail) return;
  const std::uint64_t key = key_of(trail->depth, code);
  std::uintptr_t address = number(memory);
  if (event == Event::block) return trail->steps.push_back({key, 0, 0, event, Space::other});
  if (address >= number(stack) && address < trail->stack_end) return;  // the thread's own variables
  const Space space = space_of(address);
  if (space == Space::other) return;
  while (bytes > 0) {  // an object that needs several instructions is moved in the largest aligned parts
    std::uintptr_t part = 16;
    while (part > bytes || address % part != 0) part /= 2;
    trail->steps.push_back({key, address, static_cast<std::uint8_t>(part), event, space});
    address += part;
    bytes -= part;
  }
}
void enter_function(const void* stack) {
  if (Trail* const trail = trail_at(stack)) ++trail->depth;
}
void leave_function(const void* stack) {
  if (Trail* const trail = trail_at(stack)) --trail->depth;
}

// ---- counters.h

GlobalAccesses& GlobalAccesses::operator+=(const GlobalAccesses& other) {
  requests += other.requests;
  bytes += other.bytes;
  sectors += other.sectors;
  return *this;
}
double GlobalAccesses::coalescing() const {
  return sectors ? static_cast<double>(bytes) / (32 * static_cast<double>(sectors)) : 1;
}
SharedAccesses& SharedAccesses::operator+=(const SharedAccesses& other) {
  requests += other.requests;
  wavefronts += other.wavefronts;
  least += other.least;
  return *this;
}
GlobalAccesses KernelCounters::global() const { return GlobalAccesses(loads) += stores; }
SharedAccesses KernelCounters::shared() const { return SharedAccesses(shared_loads) += shared_stores; }
double KernelCounters::active_lanes() const {
  return blocks ? static_cast<double>(block_lanes) / (warp_lanes * static_cast<double>(blocks)) : 1;
}

void start_counting(Trace trace) {
  const std::lock_guard lock(emulator_mutex);
  tracing = trace;
  finished.clear();
  watcher = &counting;
}
std::vector<KernelCounters> stop_counting() {
  const std::lock_guard lock(emulator_mutex);
  watcher = nullptr;
  return std::exchange(finished, {});
}

}  // namespace simt::emu
