// Bulk copies in flight. The scheduler chooses when one is delivered; its bytes are read then.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <simt_emu/fibers.h>
#include <simt_emu/scheduler.h>

namespace simt::emu {

std::size_t bulk_copies_in_flight = 0;

namespace {

std::vector<BulkCopy>& in_flight = *new std::vector<BulkCopy>;

bool in_shared_memory(const void* memory, std::size_t bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  const SharedObject* const in = shared_object_at(address);
  return in && bytes <= in->bytes - (address - in->begin());
}
std::string origin(const BulkCopy& copy) {
  return "bulk_copy of thread " + std::to_string(copy.thread) + " at " + text(copy.at);
}

}  // namespace

void forget_bulk_copies() {
  in_flight.clear();
  bulk_copies_in_flight = 0;
}

void check_bulk_copy(const BulkCopy& copy) {
  const Unseen unseen;
  const auto refuse = [&](const std::string& why) { fail("bulk_copy: " + why, copy.at); };
  const std::string bytes = std::to_string(copy.bytes) + " bytes";
  if (copy.bytes == 0 || copy.bytes % 16 != 0) refuse(bytes + "; it must be a multiple of 16, and not 0");
  if (reinterpret_cast<std::uintptr_t>(copy.to) % 16 != 0)
    refuse("the destination is not aligned to 16 bytes");
  if (reinterpret_cast<std::uintptr_t>(copy.from) % 16 != 0) refuse("the source is not aligned to 16 bytes");
  if (!in_shared_memory(copy.to, copy.bytes))
    refuse("the destination of " + bytes + " is not within one object in shared memory");
  if (!in_global_memory(copy.from, copy.bytes))
    refuse("the source of " + bytes + " is not within one allocation of the device");
  mbarrier_check_copy(copy.barrier, copy.at);
}

void begin_bulk_copy(const BulkCopy& copy) {
  const Unseen unseen;
  async_proxy_wrote(copy.to, copy.bytes);
  mbarrier_begin_copy(copy.barrier);
  in_flight.push_back(copy);
  ++bulk_copies_in_flight;
}

std::string deliver_bulk_copy(std::size_t which) {
  const BulkCopy copy = in_flight[which];
  in_flight.erase(in_flight.begin() + static_cast<std::ptrdiff_t>(which));
  --bulk_copies_in_flight;
  const auto* const bytes = static_cast<const unsigned char*>(copy.to);
  if (!std::all_of(bytes, bytes + copy.bytes, [](unsigned char byte) { return byte == 0xff; }))
    return origin(copy) + ": its destination was written before the copy was delivered";
  std::memcpy(copy.to, copy.from, copy.bytes);
  async_proxy_wrote(copy.to, copy.bytes);
  const std::string error = mbarrier_complete_tx(copy.barrier, copy.bytes);
  return error.empty() ? error : origin(copy) + ": " + error;
}

std::string bulk_copy_left() {
  return origin(in_flight.front()) + " is still in flight when the block has ended; wait for its mbarrier";
}

}  // namespace simt::emu
