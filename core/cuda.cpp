#include <tenon/core/cuda.h>

#include <utility>

#include <tenon/core/check.h>
#include <tenon/core/cuda/backend.h>

namespace tenon::cuda {

namespace {

void check_cuda_device(const char* op, Device device) {
  check(device.is_cuda(), "{}: needs a CUDA device; it is {}", op, device);
  check_available(op, device);
}

}  // namespace

StreamGuard::StreamGuard(Stream stream) : before_(Stream::current(stream.device())) {
  if (stream.device().is_cuda()) Stream::set_current(stream);
}
StreamGuard::~StreamGuard() {
  if (before_.device().is_cuda()) Stream::set_current(before_);
}

void synchronize(Device device) {
  check_cuda_device("synchronize", device);
  if constexpr (built_with_cuda) wait_for_all("synchronize", device);
}

MemoryUse memory_use(Device device) {
  check_cuda_device("memory_use", device);
  if constexpr (built_with_cuda) return memory_bytes(device);
  return {};
}

void empty_cache(Device device) {
  check_cuda_device("empty_cache", device);
  if constexpr (built_with_cuda) drain_cache(device);
}

Graph::Graph(const std::function<void()>& work, Device device) {
  check_cuda_device("graph", device);
  if constexpr (built_with_cuda) handle_ = record_graph(Stream::current(device), work);
}
Graph::Graph(Graph&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
Graph& Graph::operator=(Graph&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}
Graph::~Graph() {
  if constexpr (built_with_cuda)
    if (handle_) destroy_graph(handle_);
}

void Graph::replay() {
  check(handle_ != nullptr, "replay: the graph was moved from; use the one that it was moved to");
  if constexpr (built_with_cuda) replay_graph(handle_);
}

bool detail::is_capturing(Stream stream) {
  if constexpr (built_with_cuda) return captured_by_this_thread(stream);
  return false;
}

bool detail::is_older_than_graph(Stream stream, const void* memory) {
  if constexpr (built_with_cuda) return cuda::is_older_than_graph(stream, memory);
  return false;
}

void detail::capture_work(Stream stream, const std::function<void()>& work) {
  if constexpr (built_with_cuda) cuda::capture_work(stream, work);
}

Event::Event(Event&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), device_(other.device_) {}
Event& Event::operator=(Event&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(device_, other.device_);
  return *this;
}
Event::~Event() {
  if constexpr (built_with_cuda)
    if (handle_) destroy_event(handle_);
}

void Event::check_recorded(const char* op) const {
  check(handle_ != nullptr, "{}: nothing was recorded; call record(stream) first", op);
}

void Event::record(Stream stream) {
  check_cuda_device("event", stream.device());
  check(!handle_ || device_ == stream.device(),
      "event: it was recorded on {}, not {}; use one event per device", device_, stream.device());
  if constexpr (built_with_cuda) handle_ = record_event(handle_, stream);
  device_ = stream.device();
}

bool Event::ready() const {
  check_recorded("event");
  if constexpr (built_with_cuda) return event_ready(handle_, device_);
  return true;
}

void Event::synchronize() const {
  check_recorded("event");
  if constexpr (built_with_cuda) wait_for_event(handle_, device_);
}

void Event::block(Stream stream) const {
  check_recorded("event");
  check_cuda_device("event", stream.device());
  if constexpr (built_with_cuda) block_on_event(handle_, stream);
}

double Event::elapsed_ms(const Event& start, const Event& end) {
  start.check_recorded("elapsed_ms");
  end.check_recorded("elapsed_ms");
  check(start.device_ == end.device_, "elapsed_ms: the events are on different devices; {} and {}",
      start.device_, end.device_);
  if constexpr (built_with_cuda) return cuda::elapsed_ms(start.handle_, end.handle_, start.device_);
  return 0;
}

}  // namespace tenon::cuda
