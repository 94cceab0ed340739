#include <tenon/core/check.h>
#include <tenon/io/save_path.h>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <climits>
#include <ctime>

namespace tenon::io {

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

namespace {

std::optional<std::string> link_text(const std::string& path) {
  char text[PATH_MAX];
  const ssize_t length = ::readlink(path.c_str(), text, sizeof text);
  if (length < 0) return std::nullopt;
  return std::string(text, static_cast<std::size_t>(length));
}

// Files below /proc are special: the link texts of open files are not paths.
bool is_in_proc(const std::string& path) {
  struct statfs system;
  return ::statfs(parent_of(path).c_str(), &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}

// `path` is in /proc. Reopened by name, a file would be written from its start, and a socket could not be
// opened at all.
int own_descriptor(const std::string& path) {
  const std::string_view name = name_of(path);
  int number = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  struct stat named, own;
  const bool same = error == std::errc() && end == name.data() + name.size() &&
                    ::stat(path.c_str(), &named) == 0 && ::fstat(number, &own) == 0 &&
                    named.st_dev == own.st_dev && named.st_ino == own.st_ino;
  return same ? number : -1;
}

bool may_write(const SavePath& place) {
  if (place.descriptor < 0) return ::faccessat(AT_FDCWD, place.file.c_str(), W_OK, AT_EACCESS) == 0;
  if ((::fcntl(place.descriptor, F_GETFL) & O_ACCMODE) != O_RDONLY) return true;
  errno = EBADF;
  return false;
}

}  // namespace

SavePath resolve_save_path(std::string_view op, const std::string& path) {
  check(!path.empty() && path.find('\0') == path.npos, "{}: '{}' is not a path", op, path);
  const auto refuse = [&](int reason) { throw_io_error(op, "write", path, reason); };
  SavePath place{.path = path, .file = path};
  struct stat old;
  if (::stat(path.c_str(), &old) == 0) place.old = old;
  else if (errno != ENOENT) refuse(errno);
  for (int links = 0;; ++links) {
    place.in_place = is_in_proc(place.file);
    if (place.in_place) break;
    const std::optional<std::string> text = link_text(place.file);
    if (!text) break;
    if (links == 40) refuse(ELOOP);  // links were changed during the loop: stat() had found an end
    place.file = text->starts_with('/') ? *text : parent_of(place.file) + "/" + *text;
  }
  if (place.in_place) place.descriptor = own_descriptor(place.file);
  if (!place.old) {
    if (place.in_place) refuse(ENOENT);
    if (name_of(place.file).empty()) refuse(EISDIR);
    return place;
  }
  if (S_ISDIR(old.st_mode)) refuse(EISDIR);
  if (!S_ISREG(old.st_mode)) place.in_place = true;
  if (!may_write(place)) refuse(errno);
  return place;
}

Descriptor open_in_place(const SavePath& place) {
  if (place.descriptor >= 0) return duplicate_descriptor(place.descriptor);
  // A named pipe without a reader cannot be opened; wait, because one may be about to open it.
  Descriptor file;
  for (int tries = 0; tries < 200; ++tries) {
    file = open_descriptor(place.file, O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK);
    if (file.is_open() || errno != ENXIO || !S_ISFIFO(place.old->st_mode)) break;
    const timespec hundredth = {.tv_sec = 0, .tv_nsec = 10'000'000};
    ::nanosleep(&hundredth, nullptr);
    errno = ENXIO;
  }
  if (file.is_open() && ::fcntl(file.number(), F_SETFL, O_APPEND) != 0) return Descriptor();
  return file;
}

}  // namespace tenon::io
