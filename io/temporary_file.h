// Temporary files that are written beside their target: `<file>.tmp.<process>.<count>`.
#pragma once
#include <string>
#include <string_view>

#include <tenon/io/descriptor.h>
#include <tenon/io/save_path.h>

namespace tenon::io {

struct TemporaryFile {
  Descriptor file;
  std::string path;
};

/// A new, empty file beside `place.file`. Throws IoError.
TemporaryFile create_temporary_beside(std::string_view op, const SavePath& place);

/// Removes the temporary files of `file` left by killed runs: files that are not locked by a writer and whose
/// process has ended or is this one. Ignores failures.
void remove_left_over_temporaries(const std::string& file);

}  // namespace tenon::io
