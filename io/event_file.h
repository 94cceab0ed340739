// One event file: whole records, whatever happens.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include <tenon/io/descriptor.h>

namespace tenon::io {

/// Appends records to a file of its own. Every record is in the kernel's hands when append() returns, so it
/// survives the death of the process. A record that could not be written whole is cut off again. Every
/// failure is an IoError.
class EventFile {
 public:
  /// Creates `<directory>/events.out.tfevents.<seconds>.<host>.<process>.<count><suffix>` with its version
  /// record.
  EventFile(const std::string& directory, std::string_view suffix, double wall_time);

  /// Reopens the file if it is closed.
  void append(std::string_view record);
  /// Waits until the records are on the disk.
  void sync();
  /// Until the next append.
  void close();
  bool is_open() const { return file_.is_open(); }

 private:
  void reopen();

  std::string path_;
  Descriptor file_;
  std::int64_t size_ = 0;  // of the whole records
  bool torn_ = false;      // something follows them
  bool synced_ = false;
};

}  // namespace tenon::io
