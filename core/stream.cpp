#include <tenon/core/stream.h>

#include <limits>
#include <utility>

#include <tenon/core/check.h>
#include <tenon/core/cuda/backend.h>

namespace tenon {

namespace {

/// The index of this thread's stream on each CUDA device; null until one is chosen, and after the thread's
/// end.
constinit thread_local std::uint16_t* current_index = nullptr;

struct Reaper {
  bool armed = false;
  ~Reaper() { delete[] std::exchange(current_index, nullptr); }
};
thread_local Reaper reaper;

}  // namespace

std::string to_string(Stream stream) {
  std::string text = to_string(stream.device());
  return stream.device().is_cpu() ? text : text + " stream " + std::to_string(stream.index());
}

Stream Stream::current_on(Device device) {
  check_available("stream", device);
  return Stream(device, current_index ? current_index[device.index] : std::uint16_t{0});
}

void Stream::set_current(Stream stream) {
  if (!current_index) {
    if (stream.index() == 0) return;  // the default stream is current already
    current_index = new std::uint16_t[std::numeric_limits<decltype(Device::index)>::max() + 1]{};
    reaper.armed = true;
  }
  current_index[stream.device().index] = stream.index_;
}

Stream Stream::create(Device device) {
  check_available("stream", device);
  check(device.is_cuda(), "stream: {} has only one stream", device);
  if constexpr (cuda::built_with_cuda)
    return Stream(device, static_cast<std::uint16_t>(cuda::add_stream(device)));
  return {};
}

void* Stream::native_handle() const {
  if constexpr (cuda::built_with_cuda)
    if (device_.is_cuda()) return cuda::native_handle(*this);
  return nullptr;
}

void Stream::synchronize() const {
  if constexpr (cuda::built_with_cuda)
    if (device_.is_cuda()) cuda::wait("synchronize", *this);
}

}  // namespace tenon
