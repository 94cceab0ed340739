// Writing files so that they appear complete or not at all.
#pragma once
#include <string>
#include <string_view>

#include <tenon/core/api.h>

namespace tenon::io {

/// Replaces the contents of the file `path` by `bytes`, through a temporary file beside it that is
/// synchronised and then renamed: readers see the old contents or the new, even after a crash. Symbolic links
/// are kept, and their target is replaced or, if it does not exist, created. A new file has mode 0666 less
/// the umask; a replaced one keeps its mode and, as far as the system allows, its owner. Throws IoError with
/// the path and the system's reason; then the old file is untouched and no temporary file is left. A run that
/// is killed while writing leaves `<file>.tmp.<process>.<count>`; the next call for that file removes it.
///
/// A device, a pipe or an open descriptor (`/dev/stdout`, or `/dev/fd/3` even if it is a regular file) is
/// written in place: there is nothing to replace, and a failure can occur after some of the bytes were
/// written. A reader must open a named pipe within two seconds.
TENON_API void write_file_atomically(const std::string& path, std::string_view bytes);

/// Throws the IoError that write_file_atomically() would throw now, as far as this can be determined without
/// writing. Call it before a long run that saves its result at the end. Changes nothing and leaves no files
/// behind.
TENON_API void check_writable(const std::string& path);

}  // namespace tenon::io
