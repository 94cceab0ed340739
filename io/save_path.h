// Resolves a path for saving, and determines how it must be written.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include <tenon/io/descriptor.h>

namespace tenon::io {

struct SavePath {
  std::string path;  // as given
  std::string file;  // with symbolic links at its end resolved
  /// The existing file, if any.
  std::optional<struct stat> old = {};
  /// True for a device, a pipe or an open descriptor: renaming a file over it would destroy it.
  bool in_place = false;
  /// The descriptor of this process that `file` refers to, such as 1 for /dev/stdout; or -1.
  int descriptor = -1;
};

/// The directory that contains `path`, and the file name in it.
std::string parent_of(const std::string& path);
std::string_view name_of(std::string_view path);

/// Throws IoError `<op>: cannot write <path>: ...` if nothing can be saved there: links that form a cycle, a
/// directory, a file or device that may not be written.
SavePath resolve_save_path(std::string_view op, const std::string& path);

/// Opens a path that is written in place. On failure the result is not open and errno is set.
Descriptor open_in_place(const SavePath& place);

}  // namespace tenon::io
