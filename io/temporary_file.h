// The temporary files that saving writes beside its target: `<file>.tmp.<process>.<count>`.
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

/// Removes the temporary files of `file` that killed runs have left behind: nobody writes them any more, and
/// their process has ended or is this one. What cannot be removed stays.
void remove_left_over_temporaries(const std::string& file);

}  // namespace tenon::io
