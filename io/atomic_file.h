// A file that is there whole or not at all.
#pragma once
#include <string>
#include <string_view>

#include <tenon/core/api.h>

namespace tenon::io {

/// Replaces the file `path` by `bytes`, through a temporary file beside it that is synchronised and then
/// renamed: readers see the old contents or the new, also after a crash. A new file has mode 0666 less the
/// umask; a replaced one keeps its mode. Throws IoError with the path and the system's reason; then the old
/// file is untouched and no temporary file is left.
TENON_API void write_file_atomically(const std::string& path, std::string_view bytes);

}  // namespace tenon::io
