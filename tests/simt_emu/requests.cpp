// The rules of the memory system: sectors of global memory, banks of shared memory.
#include <simt_emu/requests.h>

#include <algorithm>

namespace simt::emu {

namespace {

constexpr unsigned lanes = 32, banks = 32;
constexpr std::uintptr_t sector_bytes = 32, word_bytes = 4;

/// Units touched by accesses, without repetition.
class Distinct {
 public:
  bool insert(std::uintptr_t unit) {
    // Neighbouring lanes usually touch the same unit or the next.
    if (count_ > 0 && units_[count_ - 1] == unit) return false;
    if (count_ > 0 && units_[count_ - 1] > unit) ascending_ = false;
    if (!ascending_ && std::find(units_, units_ + count_, unit) != units_ + count_) return false;
    units_[count_++] = unit;
    return true;
  }
  unsigned count() const { return count_; }

 private:
  std::uintptr_t units_[lanes * 4];  // 16 bytes are 4 words, and at most 2 sectors
  unsigned count_ = 0;
  bool ascending_ = true;
};

/// Wavefronts of lanes that the hardware serves together: as many as the fullest bank has different words.
unsigned wavefronts(std::span<const Access> accesses) {
  Distinct words;
  unsigned in_bank[banks] = {}, most = 0;
  for (const Access& access : accesses)
    for (std::uintptr_t word = access.address / word_bytes;
         word <= (access.address + access.bytes - 1) / word_bytes; ++word)
      if (words.insert(word)) most = std::max(most, ++in_bank[word % banks]);
  return most;
}

}  // namespace

GlobalAccesses global_request(std::span<const Access> accesses) {
  Distinct sectors;
  GlobalAccesses sum;
  sum.requests = 1;
  for (const Access& access : accesses) {
    sum.bytes += access.bytes;
    for (std::uintptr_t sector = access.address / sector_bytes;
         sector <= (access.address + access.bytes - 1) / sector_bytes; ++sector)
      sectors.insert(sector);
  }
  sum.sectors = sectors.count();
  return sum;
}

/// 32 lanes with 8 bytes each are served in two halves, with 16 bytes in four quarters.
SharedAccesses shared_request(std::span<const Access> accesses) {
  SharedAccesses sum;
  sum.requests = 1;
  unsigned bytes = 0;
  for (const Access& access : accesses) bytes = std::max(bytes, access.bytes);
  const unsigned together = bytes <= word_bytes ? lanes : lanes * static_cast<unsigned>(word_bytes) / bytes;
  for (auto first = accesses.begin(); first != accesses.end();) {
    const auto end = std::find_if(first, accesses.end(),
        [&](const Access& access) { return access.lane / together != first->lane / together; });
    sum.wavefronts += wavefronts({first, end});
    ++sum.least;
    first = end;
  }
  return sum;
}

}  // namespace simt::emu
