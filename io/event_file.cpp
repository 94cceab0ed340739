#include <tenon/core/formatted.h>
#include <tenon/io/event.h>
#include <tenon/io/event_file.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>

namespace tenon::io {
namespace {

constexpr std::string_view op = "SummaryWriter";

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  std::replace(name.begin(), name.end(), '/', '_');
  return name.data();
}

}  // namespace

EventFile::EventFile(const std::string& directory, std::string_view suffix, double wall_time) {
  static std::atomic<int> count = 0;
  create_directories(op, directory);
  while (!file_.is_open()) {
    path_ = detail::formatted("{}/events.out.tfevents.{:010}.{}.{}.{}{}", directory,
        static_cast<std::int64_t>(wall_time), host_name(), ::getpid(), count++, suffix);
    file_ = open_descriptor(path_, O_WRONLY | O_APPEND | O_CREAT | O_EXCL);
    // Two containers can have the same host name and process number: try the next count.
    if (!file_.is_open() && errno != EEXIST) throw_io_error(op, "create", path_, errno);
  }
  try {
    append(version_record(wall_time));
  } catch (...) {
    ::unlink(path_.c_str());
    throw;
  }
}

void EventFile::reopen() {
  if (file_.is_open()) return;
  file_ = open_descriptor(path_, O_WRONLY | O_APPEND);
  if (!file_.is_open()) throw_io_error(op, "reopen", path_, errno);
}

void EventFile::append(std::string_view record) {
  reopen();
  if (torn_ && ::ftruncate(file_.number(), size_) != 0)
    throw_io_error(op, "remove a torn record from", path_, errno);
  torn_ = false;
  synced_ = false;
  if (const int reason = write_all(file_.number(), record)) {
    torn_ = ::ftruncate(file_.number(), size_) != 0;
    throw_io_error(op, "write", path_, reason);
  }
  size_ += static_cast<std::int64_t>(record.size());
}

void EventFile::sync() {
  if (synced_) return;
  reopen();
  if (::fsync(file_.number()) != 0) throw_io_error(op, "synchronise", path_, errno);
  synced_ = true;
}

void EventFile::close() {
  if (!file_.is_open()) return;
  if (const int reason = file_.close()) throw_io_error(op, "close", path_, reason);
}

}  // namespace tenon::io
