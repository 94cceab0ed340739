// Files of named tensors in the safetensors format.
#pragma once
#include <map>
#include <string>

#include <tenon/core/state_dict.h>

namespace tenon::io {

/// Writes the tensors to a file that every reader of the format understands
/// (https://github.com/huggingface/safetensors): an 8-byte length, a JSON header of that length, and the
/// elements in row-major order, little endian. The file appears complete or not at all, as with
/// write_file_atomically(). Tensors that share memory are written once each. As in the reference
/// implementation they are sorted by dtype (I64, F64, F32, BOOL) and then by name, so the order of `state` is
/// not kept.
///
/// Throws Error if a tensor is undefined, a name occurs twice or is `__metadata__`, or a text is not UTF-8 or
/// contains NUL; IoError if the file cannot be written.
TENON_API void save_safetensors(
    const std::string& path, const StateDict& state, const std::map<std::string, std::string>& metadata = {});

/// Reads such a file: tensors on the CPU, in the order of the file. `metadata`, if given, is replaced by that
/// of the file. Throws IoError with the path and the mistake if the file cannot be read, is malformed in any
/// way, or holds a dtype that tenon does not have. No more memory is allocated than the file has bytes,
/// whatever its header says.
TENON_API StateDict load_safetensors(
    const std::string& path, std::map<std::string, std::string>* metadata = nullptr);

}  // namespace tenon::io
