#include "select.h"

#include <algorithm>
#include <charconv>
#include <regex>

#include "measure.h"

namespace bench {
namespace {

Size size_from(const std::string& text) {
  Size size;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    std::int64_t number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    tenon::check(error == std::errc() && number > 0 && (next == end || (*next == 'x' && next + 1 != end)),
        "--size: {} is not a size; write it as in 1000 or 64x784x256", text);
    size.push_back(number);
    if (next == end) return size;
    at = next + 1;
  }
}

/// What a case does, in numbers that are read or ten operations.
double work_of(const Case& one, const Size& size) {
  if (one.flops) return one.flops(size) / 10;
  double product = 1;
  for (const std::int64_t n : size) product *= static_cast<double>(n);
  return product;
}

std::vector<Size> sizes_on(Where device, const Case& one) {
  if (device == Where::cpu ? one.only_cuda : one.only_cpu) return {};
  if (device == Where::cpu) return one.sizes;
  if (device == Where::cuda)
    return one.cuda_sizes.empty() ? std::vector<Size>{one.sizes.back()} : one.cuda_sizes;
  // In the emulator, a few seconds; it takes longest where threads cooperate or repeat each other's work.
  if (!one.emulated_sizes.empty()) return one.emulated_sizes;
  constexpr double most = 7e6;
  const Size* largest = nullptr;
  for (const Size& size : one.sizes)
    if (work_of(one, size) <= most && (!largest || work_of(one, size) > work_of(one, *largest)))
      largest = &size;
  return largest ? std::vector<Size>{*largest} : std::vector<Size>{};
}

}  // namespace

std::vector<Selected> select(const Wanted& wanted) {
  std::regex filter;
  try {
    filter = std::regex(wanted.filter);
  } catch (const std::regex_error&) {
    throw tenon::Error("--filter: " + wanted.filter + " is not a regular expression");
  }
  std::vector<Size> asked;
  for (const std::string& text : wanted.sizes) asked.push_back(size_from(text));
  std::vector<Selected> chosen;
  for (const Case& one : all_cases()) {
    std::vector<Size> sizes = sizes_on(wanted.device, one);
    if (!asked.empty() && !sizes.empty()) {
      sizes.clear();
      for (const Size& size : asked)
        if (size.size() == one.sizes[0].size()) sizes.push_back(size);
    }
    for (const Size& size : sizes)
      for (const bool cold : {false, true}) {
        if (!(cold ? wanted.cold : wanted.warm)) continue;
        if (!std::regex_search(row_name(one, size, cold), filter)) continue;
        if (cold && !has_cold_row(one, size, caches())) continue;
        chosen.push_back({one, size, cold});
      }
  }
  tenon::check(!chosen.empty(), "no row matches {}; --list prints all of them", wanted.filter);
  return chosen;
}

}  // namespace bench
