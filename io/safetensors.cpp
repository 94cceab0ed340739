#include <tenon/autograd/ops.h>
#include <tenon/io/atomic_file.h>
#include <tenon/io/descriptor.h>
#include <tenon/io/safetensors.h>
#include <tenon/io/safetensors_header.h>
#include <tenon/io/utf8.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <unordered_set>

namespace tenon::io {

static_assert(std::endian::native == std::endian::little, "the format is little endian");

namespace {

/// The order of the reference implementation, which keeps the elements of each tensor aligned.
int place_of(DType dtype) {
  switch (dtype) {
    case DType::int64: return 0;
    case DType::float64: return 1;
    case DType::float32: return 2;
    case DType::boolean: return 3;
  }
  return 0;
}

void check_text(const std::string& text) {
  check(is_utf8(text) && text.find('\0') == text.npos,
      "save_safetensors: \"{}\" is not UTF-8, or contains NUL", text);
}

/// Reads exactly `count` bytes at the position of the file.
void read_bytes(const Descriptor& file, const std::string& path, void* to, std::int64_t count) {
  auto* at = static_cast<char*>(to);
  while (count > 0) {
    const ssize_t got = ::read(file.number(), at, static_cast<std::size_t>(count));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_io_error("load_safetensors", "read", path, errno);
    if (got == 0)
      throw IoError(tenon::detail::format("load_safetensors: {} became shorter while it was read", {path}));
    at += got;
    count -= got;
  }
}

/// The size of a regular file.
std::int64_t size_of_file(const Descriptor& file, const std::string& path) {
  struct stat status;
  if (!file.is_open() || ::fstat(file.number(), &status) != 0)
    throw_io_error("load_safetensors", "read", path, errno);
  if (!S_ISREG(status.st_mode))
    throw IoError(tenon::detail::format("load_safetensors: {} is not a regular file", {path}));
  return status.st_size;
}

SafetensorsHeader read_header(const Descriptor& file, const std::string& path, std::int64_t file_bytes) {
  check(file_bytes >= 8, "it has {} bytes, fewer than the length of a header takes", file_bytes);
  std::uint64_t length = 0;
  read_bytes(file, path, &length, 8);
  check(length <= most_header_bytes, "the header has {} bytes; at most {} are allowed", length,
      most_header_bytes);
  check(static_cast<std::int64_t>(length) <= file_bytes - 8, "the header has {} bytes, but only {} follow",
      length, file_bytes - 8);
  std::string json(length, '\0');
  read_bytes(file, path, json.data(), static_cast<std::int64_t>(length));
  return parse_safetensors_header(json, file_bytes - 8 - static_cast<std::int64_t>(length));
}

void check_booleans(const std::string& name, const Tensor& tensor) {
  const auto* const bytes = static_cast<const unsigned char*>(tensor.raw());
  const bool valid = std::all_of(bytes, bytes + tensor.numel(), [](unsigned char byte) { return byte <= 1; });
  check(valid, "\"{}\" has a boolean that is neither 0 nor 1", name);
}

/// Calls check_part(), and turns what it finds wrong into an IoError that names the file.
template <class CheckPart>
void in_file(const std::string& path, CheckPart check_part) {
  try {
    check_part();
  } catch (const IoError&) { throw; } catch (const Error& error) {
    throw IoError(tenon::detail::format(
        "load_safetensors: {} is not a file that can be loaded: {}", {path, error.what()}));
  }
}

}  // namespace

void save_safetensors(
    const std::string& path, const StateDict& state, const std::map<std::string, std::string>& metadata) {
  const NoGradGuard no_grad;
  std::unordered_set<std::string> names;
  for (const auto& [name, tensor] : state) {
    check_text(name);
    check(name != metadata_name, "save_safetensors: a tensor cannot be called \"__metadata__\"");
    check(names.insert(name).second, "save_safetensors: \"{}\" is given twice", name);
    check(tensor.defined(), "save_safetensors: \"{}\" is undefined", name);
  }
  for (const auto& [key, value] : metadata) {
    check_text(key);
    check_text(value);
  }
  StateDict sorted = state;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    const int place_a = place_of(a.second.dtype()), place_b = place_of(b.second.dtype());
    return place_a != place_b ? place_a < place_b : a.first < b.first;
  });

  SafetensorsHeader header{.entries = {}, .metadata = metadata};
  std::int64_t at = 0;
  for (const auto& [name, tensor] : sorted) {
    const std::int64_t bytes = tensor.numel() * static_cast<std::int64_t>(size_of(tensor.dtype()));
    header.entries.push_back(
        {.name = name, .dtype = tensor.dtype(), .shape = tensor.shape(), .begin = at, .end = at + bytes});
    at += bytes;
  }
  const std::string json = safetensors_json(header);
  check(static_cast<std::int64_t>(json.size()) <= most_header_bytes,
      "save_safetensors: the names need a header of {} bytes; at most {} are allowed", json.size(),
      most_header_bytes);
  const std::uint64_t length = json.size();
  std::string file;
  file.reserve(8 + json.size() + static_cast<std::size_t>(at));
  file.append(reinterpret_cast<const char*>(&length), 8);
  file += json;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const Tensor dense = sorted[i].second.detach().to(Device::cpu()).contiguous();
    file.append(static_cast<const char*>(dense.raw()),
        static_cast<std::size_t>(header.entries[i].end - header.entries[i].begin));
  }
  write_file_atomically(path, file);
}

StateDict load_safetensors(const std::string& path, std::map<std::string, std::string>* metadata) {
  const Descriptor file = open_descriptor(path, O_RDONLY | O_NONBLOCK);
  const std::int64_t file_bytes = size_of_file(file, path);
  SafetensorsHeader header;
  in_file(path, [&] { header = read_header(file, path, file_bytes); });
  StateDict state;
  for (SafetensorsEntry& entry : header.entries) {
    const Tensor tensor = empty(entry.shape, {.dtype = entry.dtype});
    read_bytes(file, path, tensor.raw(), entry.end - entry.begin);
    if (entry.dtype == DType::boolean) in_file(path, [&] { check_booleans(entry.name, tensor); });
    state.emplace_back(std::move(entry.name), tensor);
  }
  if (metadata) *metadata = std::move(header.metadata);
  return state;
}

}  // namespace tenon::io
