#include <tenon/core/storage.h>

#include <new>

#include <tenon/core/pool.h>

namespace tenon {

namespace {

constexpr std::size_t header_bytes = 64;  // keeps the data of a cache-line aligned block aligned
static_assert(sizeof(Storage) <= header_bytes);

struct Borrowed final : Storage {
  Borrowed(void* data, std::size_t bytes, std::function<void(void*)> free)
      : Storage(Stream::current(Device::cpu()), static_cast<std::byte*>(data), bytes),
        deleter(std::move(free)) {}
  std::function<void(void*)> deleter;
};

}  // namespace

Ref<Storage> Storage::create(Stream stream, std::size_t bytes) {
  auto* block = static_cast<std::byte*>(pool::allocate(header_bytes + bytes));
  return Ref<Storage>::adopt(new (block) Storage(stream, block + header_bytes, bytes));
}

Ref<Storage> Storage::borrow(void* data, std::size_t bytes, std::function<void(void*)> deleter) {
  auto* storage = new Borrowed(data, bytes, std::move(deleter));
  storage->borrowed_ = true;
  return Ref<Storage>::adopt(static_cast<Storage*>(storage));
}

void Storage::dispose() noexcept {
  if (borrowed_) {
    auto* own = static_cast<Borrowed*>(this);
    if (own->deleter) own->deleter(data_);
    delete own;
    return;
  }
  const std::size_t block_bytes = header_bytes + bytes_;
  this->~Storage();
  pool::release(this, block_bytes);
}

}  // namespace tenon
