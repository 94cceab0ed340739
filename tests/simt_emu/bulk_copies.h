// Bulk copies for the emulator, as kernels/cuda/hopper/copy.cuh describes them. The destination is NaN until
// the scheduler delivers the copy. To the sanitizers, the thread that asks for the copy reads and writes
// here.
#pragma once
#include <cstdint>

namespace simt::emu {

/// The bytes [rows, row_bytes] that a copy takes from a matrix of bytes in global memory. Those outside the
/// matrix are 0.
struct Tile {
  const unsigned char* matrix;
  std::int64_t matrix_rows, matrix_row_bytes, stride;
  std::int64_t y, x;  // the first byte is [y, x] of the matrix
  unsigned rows, row_bytes;
  unsigned swizzle;  // the bytes of a row that are permuted in shared memory; 16 if none are

  unsigned bytes() const { return rows * row_bytes; }
  /// The byte [row, i], or null outside the matrix.
  const unsigned char* find(unsigned row, unsigned i) const {
    const bool inside = y + row >= 0 && y + row < matrix_rows && x + i >= 0 && x + i < matrix_row_bytes;
    return inside ? matrix + (y + row) * stride + (x + i) : nullptr;
  }
};
struct BulkCopy {
  const char* op;
  void* to;
  Tile from;
  std::uint64_t* barrier;
  unsigned thread;
  CallSite at;
};
/// `alignment`: of the destination.
void check_bulk_copy(const BulkCopy& copy, unsigned alignment);
void begin_bulk_copy(const BulkCopy& copy);

/// Reads the tile, writes NaN where it will be, and puts the copy in flight.
inline void start_copy(const BulkCopy& copy, unsigned alignment) {
  const Tile& from = copy.from;
  touch(copy.barrier);
  check_bulk_copy(copy, alignment);
  for (unsigned row = 0; row < from.rows; ++row)
    for (unsigned i = 0; i < from.row_bytes;) {
      const unsigned char* const byte = from.find(row, i);
      const bool eight = byte && reinterpret_cast<std::uintptr_t>(byte) % 8 == 0 && from.find(row, i + 7) &&
                         i + 8 <= from.row_bytes;
      if (eight) asm volatile("" ::"r"(*reinterpret_cast<const std::uint64_t*>(byte)));
      else if (byte) asm volatile("" ::"r"(*byte));
      i += eight ? 8 : 1;
    }
  for (unsigned i = 0; i < from.bytes() / 8; ++i) static_cast<std::uint64_t*>(copy.to)[i] = ~std::uint64_t{0};
  begin_bulk_copy(copy);
}

}  // namespace simt::emu

namespace simt {

inline void bulk_copy(void* to, const void* from, unsigned bytes, std::uint64_t* barrier, SIMT_HERE) {
  const emu::Tile row{static_cast<const unsigned char*>(from), 1, bytes, 0, 0, 0, 1, bytes, 16};
  emu::start_copy({"bulk_copy", to, row, barrier, emu::self->thread.x, at}, 16);
}

}  // namespace simt
