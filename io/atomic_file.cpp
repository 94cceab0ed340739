#include <tenon/io/atomic_file.h>
#include <tenon/io/descriptor.h>
#include <tenon/io/save_path.h>
#include <tenon/io/temporary_file.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace tenon::io {
namespace {

int fill(const Descriptor& file, const SavePath& place, std::string_view bytes) {
  if (place.old) {
    // Only root may change the owner; otherwise the new file belongs to the current user.
    [[maybe_unused]] const int ignored = ::fchown(file.number(), place.old->st_uid, place.old->st_gid);
    if (::fchmod(file.number(), place.old->st_mode & 07777) != 0) return errno;
  }
  if (const int reason = write_all(file.number(), bytes)) return reason;
  return ::fsync(file.number()) == 0 ? 0 : errno;
}

int write_in_place(const SavePath& place, std::string_view bytes) {
  Descriptor file = open_in_place(place);
  if (!file.is_open()) return errno;
  if (const int reason = write_all(file.number(), bytes)) return reason;
  return file.close();
}

}  // namespace

void write_file_atomically(const std::string& path, std::string_view bytes) {
  constexpr std::string_view op = "write_file_atomically";
  const SavePath place = resolve_save_path(op, path);
  if (place.in_place) {
    if (const int reason = write_in_place(place, bytes)) throw_io_error(op, "write", path, reason);
    return;
  }
  remove_left_over_temporaries(place.file);
  const auto [file, temporary] = create_temporary_beside(op, place);  // locked until it is closed
  int reason = fill(file, place, bytes);
  if (reason == 0 && std::rename(temporary.c_str(), place.file.c_str()) != 0) reason = errno;
  if (reason == 0) return;
  ::unlink(temporary.c_str());
  throw_io_error(op, "write", path, reason);
}

void check_writable(const std::string& path) {
  constexpr std::string_view op = "check_writable";
  const SavePath place = resolve_save_path(op, path);
  if (!place.in_place) ::unlink(create_temporary_beside(op, place).path.c_str());
}

}  // namespace tenon::io
