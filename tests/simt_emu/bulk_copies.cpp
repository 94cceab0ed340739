// Bulk copies in flight. The scheduler chooses when one is delivered; its bytes are read then.
#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
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
  return std::string(copy.op) + " of thread " + std::to_string(copy.thread) + " at " + text(copy.at);
}

/// In chunks of 16 bytes, which the swizzle keeps together.
void deliver(const BulkCopy& copy) {
  const Tile& from = copy.from;
  const std::uint32_t first = shared_address(copy.to, copy.at);
  for (unsigned row = 0; row < from.rows; ++row)
    for (unsigned i = 0; i < from.row_bytes; i += 16) {
      unsigned char chunk[16];
      for (unsigned j = 0; j < 16; ++j) {
        const unsigned char* const byte = from.find(row, i + j);
        chunk[j] = byte ? *byte : 0;
      }
      const std::uint32_t at = swizzled(first + row * from.row_bytes + i, from.swizzle);
      std::memcpy(static_cast<unsigned char*>(copy.to) + (at - first), chunk, sizeof chunk);
    }
}

}  // namespace

void forget_bulk_copies() {
  in_flight.clear();
  bulk_copies_in_flight = 0;
}

void exchange_bulk_copies(unsigned rank) {
  static std::vector<BulkCopy>* const others = new std::vector<BulkCopy>[most_in_cluster];
  std::swap(in_flight, others[rank]);
  bulk_copies_in_flight = in_flight.size();
}

void check_bulk_copy(const BulkCopy& copy, unsigned alignment) {
  const Unseen unseen;
  const Tile& from = copy.from;
  const auto refuse = [&](const std::string& why) { fail(copy.op + (": " + why), copy.at); };
  const std::string bytes = std::to_string(from.bytes()) + " bytes";
  if (from.bytes() == 0 || from.bytes() % 16 != 0) refuse(bytes + "; it must be a multiple of 16, and not 0");
  if (!in_shared_memory(copy.to, from.bytes()))
    refuse("the destination of " + bytes + " is not within one object in shared memory");
  if (shared_address(copy.to, copy.at) % alignment != 0)
    refuse("the destination is not aligned to " + std::to_string(alignment) + " bytes");
  if (reinterpret_cast<std::uintptr_t>(from.matrix) % 16 != 0)
    refuse("the source is not aligned to 16 bytes");
  const std::int64_t extent = (from.matrix_rows - 1) * from.stride + from.matrix_row_bytes;
  if (!in_global_memory(from.matrix, static_cast<std::size_t>(extent)))
    refuse("the source of " + std::to_string(extent) + " bytes is not within one allocation of the device");
  if (from.swizzle > from.row_bytes)
    refuse("rows of " + std::to_string(from.row_bytes) + " bytes, swizzled for " +
           std::to_string(from.swizzle) + ", are not emulated");
  mbarrier_check_copy(copy.op, copy.barrier, copy.at);
}

void begin_bulk_copy(const BulkCopy& copy) {
  const Unseen unseen;
  async_proxy_wrote(copy.to, copy.from.bytes());
  mbarrier_begin_copy(copy.barrier);
  in_flight.push_back(copy);
  ++bulk_copies_in_flight;
}

std::string deliver_bulk_copy(std::size_t which) {
  const BulkCopy copy = in_flight[which];
  in_flight.erase(in_flight.begin() + static_cast<std::ptrdiff_t>(which));
  --bulk_copies_in_flight;
  auto* const to = static_cast<unsigned char*>(copy.to);
  if (!std::all_of(to, to + copy.from.bytes(), [](unsigned char byte) { return byte == 0xff; }))
    return origin(copy) + ": its destination was written before the copy was delivered";
  deliver(copy);
  async_proxy_wrote(to, copy.from.bytes());
  const std::string error = mbarrier_complete_tx(copy.barrier, copy.from.bytes());
  return error.empty() ? error : origin(copy) + ": " + error;
}

std::string bulk_copy_left() {
  return origin(in_flight.front()) + " is still in flight when the block has ended; wait for its mbarrier";
}

}  // namespace simt::emu
