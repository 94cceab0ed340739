// One event file, which always consists of complete records.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include <tenon/io/descriptor.h>

namespace tenon::io {

/// Appends records to a newly created file. Each record has been handed to the kernel when append() returns,
/// so it survives the death of the process. A record that could not be written completely is cut off again.
/// Every failure is an IoError.
class EventFile {
 public:
  /// Creates `<directory>/events.out.tfevents.<seconds>.<host>.<process>.<count><suffix>` with its version
  /// record.
  EventFile(const std::string& directory, std::string_view suffix, double wall_time);

  /// Reopens the file if it is closed.
  void append(std::string_view record);
  /// Waits until the records are on disk.
  void sync();
  /// Closes the file until the next append.
  void close();
  bool is_open() const { return file_.is_open(); }

 private:
  void reopen();

  std::string path_;
  Descriptor file_;
  std::int64_t size_ = 0;  // bytes of complete records
  bool torn_ = false;      // an incomplete record follows them
  bool synced_ = false;
};

}  // namespace tenon::io
