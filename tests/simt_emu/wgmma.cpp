// wgmma: warpgroups meet, accumulators are NaN while in flight, descriptors are decoded, and shared memory is
// compared with what the last fence.proxy.async showed to the tensor cores.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <deque>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <simt_emu/fibers.h>
#include <simt_emu/scheduler.h>

namespace simt::emu {

namespace {

constexpr int most_registers = 128;

/// Registers of one thread that wgmma_fence has named.
struct Accumulator {
  float* d;
  int count, in_flight = 0;
  bool fenced = false;
  float seen[most_registers]{};  // by the fence, if fenced; the sums, if in flight
};
struct Multiplication {
  Wgmma what;
  Accumulator* to;
  int group;
};
struct Work {
  std::list<Accumulator> accumulators;
  std::deque<Multiplication> multiplications;
  int group = 0;
};
struct Warpgroup {
  unsigned arrived = 0;
  Wgmma first{};
  CallSite at;
};

// Of the running block.
bool in_use = false;
Work* work = nullptr;  // one per thread
Warpgroup warpgroups[most_threads / 128];
/// What the tensor cores see of each shared object.
std::map<const void*, std::vector<unsigned char>>& views =
    *new std::map<const void*, std::vector<unsigned char>>;

Work& mine() {
  if (!work) work = new Work[most_threads];
  in_use = true;
  return work[self->thread.x];
}
Accumulator* find(Work& all, const float* d) {
  for (Accumulator& a : all.accumulators)
    if (a.d == d) return &a;
  return nullptr;
}
bool untouched(const Accumulator& a) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(a.d);
  return std::all_of(bytes, bytes + sizeof(float) * a.count, [](unsigned char byte) { return byte == 0xff; });
}
void check_untouched(const Accumulator& a, CallSite at) {
  if (!untouched(a)) fail("registers of a wgmma in flight were written; wgmma_wait must come first", at);
}

/// The shared address of element [row, k].
std::uint32_t address_of(std::uint64_t descriptor, bool transposed, unsigned row, unsigned k) {
  const auto field = [=](int bit) { return static_cast<std::uint32_t>(descriptor >> bit & 0x3fff) << 4; };
  const std::uint32_t start = field(0), leading = field(16), stride = field(32);
  const unsigned mode = static_cast<unsigned>(descriptor >> 62);
  std::uint32_t address = start;
  if (mode == 0) {
    if (transposed) address += row / 8 * stride + k / 8 * leading + k % 8 * 16 + row % 8 * 2;
    else address += row / 8 * stride + k / 8 * leading + row % 8 * 16 + k % 8 * 2;
    return address & 0x3ffff;
  }
  const unsigned bytes = 256u >> mode;  // of a row
  if (transposed)
    address += row / (bytes / 2) * leading + k / 8 * stride + k % 8 * bytes + row % (bytes / 2) * 2;
  else address += row / 8 * stride + row % 8 * bytes + k * 2;
  return swizzled(address & 0x3ffff, bytes);
}

struct InObject {
  const SharedObject* object;
  std::size_t offset;
};
InObject find_operand(std::uint64_t descriptor, bool transposed, int row, int k) {
  const std::uint32_t address =
      address_of(descriptor, transposed, static_cast<unsigned>(row), static_cast<unsigned>(k));
  for (const SharedObject& object : shared_objects())
    if (object.in_use && address - object.address < object.bytes) return {&object, address - object.address};
  char text[160];
  std::snprintf(text, sizeof text,
      "wgmma: element [%d, %d] of descriptor %016llx is at shared address 0x%x, where there is no object",
      row, k, static_cast<unsigned long long>(descriptor), address);
  fail(text, CallSite::current());
}

void check_fenced(std::uint64_t descriptor, bool transposed, int rows, CallSite at) {
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < 16; ++k) {
      const InObject place = find_operand(descriptor, transposed, row, k);
      const auto view = views.find(place.object->memory);
      for (std::size_t i = place.offset; i < place.offset + 2; ++i) {
        const unsigned char seen = view == views.end() ? 0xff : view->second[i];
        if (static_cast<const unsigned char*>(place.object->memory)[i] != seen)
          fail("wgmma reads shared memory written after the last fence.proxy.async", at);
      }
    }
}

}  // namespace

void forget_wgmma() {
  if (!in_use) return;
  for (unsigned i = 0; i < most_threads && work; ++i) work[i] = {};
  for (Warpgroup& group : warpgroups) group.arrived = 0;
  views.clear();
  in_use = false;
}

void exchange_wgmma(unsigned rank) {
  struct OfBlock {
    bool in_use = false;
    Work* work = nullptr;
    Warpgroup warpgroups[most_threads / 128];
    std::map<const void*, std::vector<unsigned char>> views;
  };
  static OfBlock* const others = new OfBlock[most_in_cluster];
  std::swap(in_use, others[rank].in_use);
  std::swap(work, others[rank].work);
  std::swap(warpgroups, others[rank].warpgroups);
  std::swap(views, others[rank].views);
}

std::uint32_t shared_address(const void* object, CallSite at) {
  const auto address = reinterpret_cast<std::uintptr_t>(object);
  const SharedObject* const in = shared_object_at(address);
  if (!in) fail("shared_address: not an object in shared memory", at);
  return in->address + static_cast<std::uint32_t>(address - in->begin());
}

const std::uint16_t* operand(std::uint64_t descriptor, bool transposed, int row, int k) {
  const InObject place = find_operand(descriptor, transposed, row, k);
  return reinterpret_cast<const std::uint16_t*>(
      static_cast<const char*>(place.object->memory) + place.offset);
}

void fence_proxy_async() {
  const Unseen unseen;
  in_use = true;
  show_mbarriers();
  for (const SharedObject& object : shared_objects()) {
    if (!object.in_use) continue;
    const auto* const bytes = static_cast<const unsigned char*>(object.memory);
    views[object.memory].assign(bytes, bytes + object.bytes);
  }
}

void async_proxy_wrote(const void* memory, std::size_t bytes) {
  in_use = true;
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  const SharedObject* const in = shared_object_at(address);
  std::vector<unsigned char>& view = views[in->memory];
  view.resize(in->bytes, 0xff);
  std::memcpy(view.data() + (address - in->begin()), memory, bytes);
}

void wgmma_fence(float* d, int count, CallSite at) {
  const Unseen unseen;
  Work& all = mine();
  Accumulator* a = find(all, d);
  if (!a) a = &all.accumulators.emplace_back(Accumulator{d, count});
  if (a->in_flight > 0) return check_untouched(*a, at);
  a->count = count;
  a->fenced = true;
  std::memcpy(a->seen, d, sizeof(float) * count);
}

void wgmma_begin(const Wgmma& what, float* d, CallSite at) {
  const unsigned number = self->thread.x / 128;
  if (number * 128 + 128 > running.block_dim.x)
    fail("wgmma: a warpgroup has 128 threads; these are the last " +
             std::to_string(running.block_dim.x % 128) + " of " + std::to_string(running.block_dim.x),
        at);
  {
    const Unseen unseen;
    Work& all = mine();
    Accumulator* const a = find(all, d);
    if (!a || (a->in_flight == 0 && !a->fenced))
      fail("wgmma without wgmma_fence for its registers since they were used", at);
    if (a->in_flight > 0) check_untouched(*a, at);
    else if (std::memcmp(a->seen, d, sizeof(float) * a->count) != 0)
      fail("wgmma: its registers were written after wgmma_fence", at);
    std::memset(d, 0xff, sizeof(float) * a->count);
    ++a->in_flight;
    all.multiplications.push_back({what, a, all.group});
  }
  Warpgroup& group = warpgroups[number];
  if (group.arrived == 0) {
    group.first = what;
    group.at = at;
  } else if (!(what == group.first)) {
    const Unseen unseen;
    fail("wgmma differs from that of another thread of its warpgroup, at " + text(group.at), at);
  }
  if (++group.arrived < 128) return wait("wgmma.mma_async", at);
  group.arrived = 0;
  {
    const Unseen unseen;
    check_fenced(what.a, what.a_transposed, 64, at);
    check_fenced(what.b, what.b_transposed, what.n, at);
  }
  if (watcher) watcher->threads_meet(number * 128, number * 128 + 128);
  for (unsigned i = number * 128; i < number * 128 + 128; ++i)
    if (i != self->thread.x) wake(i);
}

void wgmma_commit() { ++mine().group; }

float* wgmma_next(int pending, Wgmma& what) {
  const Unseen unseen;
  Work& all = mine();
  if (all.multiplications.empty() || all.multiplications.front().group >= all.group - pending) return nullptr;
  const Multiplication next = all.multiplications.front();
  all.multiplications.pop_front();
  what = next.what;
  --next.to->in_flight;
  next.to->fenced = false;
  return next.to->seen;
}

void wgmma_deliver(float* d, CallSite at) {
  const Unseen unseen;
  Accumulator* const a = find(mine(), d);
  if (!a || a->in_flight > 0 || a->count == 0 || a->fenced) return;
  check_untouched(*a, at);
  std::memcpy(d, a->seen, sizeof(float) * a->count);
  mine().accumulators.remove_if([=](const Accumulator& other) { return other.d == d; });
}
void wgmma_waited(CallSite at) {
  const Unseen unseen;
  for (const Accumulator& a : mine().accumulators)
    if (a.in_flight == 0 && !a.fenced) fail("wgmma_wait does not name the registers of a finished wgmma", at);
}

}  // namespace simt::emu
