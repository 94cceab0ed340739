#include <tenon/core/storage.h>

#include <new>

#include <tenon/core/cuda/backend.h>
#include <tenon/core/pool.h>

namespace tenon {

namespace {

constexpr std::size_t header_bytes = 64;  // keeps the data aligned in a block that is aligned to cache lines
static_assert(sizeof(Storage) <= header_bytes);

struct Borrowed final : Storage {
  Borrowed(void* data, std::size_t bytes)
      : Storage(Kind::borrowed, Stream(), static_cast<std::byte*>(data), bytes) {}
  std::function<void(void*)> deleter;
};

}  // namespace

Ref<Storage> Storage::create(Stream stream, std::size_t bytes) {
  if constexpr (cuda::built_with_cuda)
    if (stream.device().is_cuda()) {
      void* const header = pool::allocate(header_bytes);
      try {
        auto* const data = static_cast<std::byte*>(cuda::allocate(stream, bytes));
        return Ref<Storage>::adopt(new (header) Storage(Kind::device, stream, data, bytes));
      } catch (...) {
        pool::release(header, header_bytes);
        throw;
      }
    }
  auto* block = static_cast<std::byte*>(pool::allocate(header_bytes + bytes));
  return Ref<Storage>::adopt(new (block) Storage(Kind::pooled, stream, block + header_bytes, bytes));
}

Ref<Storage> Storage::borrow(void* data, std::size_t bytes) {
  return Ref<Storage>::adopt(new Borrowed(data, bytes));
}

void Storage::set_deleter(std::function<void(void*)> deleter) noexcept {
  static_cast<Borrowed*>(this)->deleter = std::move(deleter);
}

void Storage::dispose() noexcept {
  if (kind_ == Kind::borrowed) {
    auto* own = static_cast<Borrowed*>(this);
    if (own->deleter) own->deleter(data_);
    delete own;
    return;
  }
  if constexpr (cuda::built_with_cuda)
    if (kind_ == Kind::device) cuda::release(stream_, data_, bytes_);
  const std::size_t block_bytes = kind_ == Kind::pooled ? header_bytes + bytes_ : header_bytes;
  this->~Storage();
  pool::release(this, block_bytes);
}

}  // namespace tenon
