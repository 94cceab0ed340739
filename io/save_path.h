// Where a path to save to leads, and how it has to be written.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include <tenon/io/descriptor.h>

namespace tenon::io {

struct SavePath {
  std::string path;  // as it was given
  std::string file;  // without symbolic links at its end
  /// What is there already, if something is.
  std::optional<struct stat> old = {};
  /// A device, a pipe, an open descriptor: renaming a file over it would destroy it.
  bool in_place = false;
  /// The descriptor of this process that `file` names, such as 1 for /dev/stdout; or -1.
  int descriptor = -1;
};

/// The directory that holds `path`, and the name in it.
std::string parent_of(const std::string& path);
std::string_view name_of(std::string_view path);

/// Throws IoError `<op>: cannot write <path>: ...` where nothing can be saved: links that lead in a circle, a
/// directory, a file or device that may not be written.
SavePath resolve_save_path(std::string_view op, const std::string& path);

/// Opens what is written in place. Not open, with errno set, if that failed.
Descriptor open_in_place(const SavePath& place);

}  // namespace tenon::io
