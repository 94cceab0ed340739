#include "digits.h"

#include <charconv>
#include <fstream>
#include <sstream>
#include <vector>

using namespace tenon;

namespace {

/// -1 if the field is not a number.
int number(const std::string& field) {
  int value = -1;
  const char* const end = field.data() + field.size();
  return std::from_chars(field.data(), end, value).ptr == end ? value : -1;
}

}  // namespace

Digits read_digits(const std::string& path) {
  constexpr std::size_t pixels = 64;
  constexpr int ink = 16;
  std::ifstream file(path);
  check(file.good(), "cannot read {}", path);
  std::vector<float> images;
  std::vector<std::int64_t> classes;
  for (std::string line; std::getline(file, line);) {
    std::vector<int> numbers;
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, ',');) numbers.push_back(number(field));
    bool good = numbers.size() == pixels + 1;
    for (std::size_t i = 0; good && i <= pixels; ++i)
      good = numbers[i] >= 0 && numbers[i] <= (i < pixels ? ink : 9);
    check(good, "line {} of {} is not 64 numbers from 0 to 16 and a digit, separated by commas",
        classes.size() + 1, path);
    for (std::size_t i = 0; i < pixels; ++i) images.push_back(static_cast<float>(numbers[i]) / ink);
    classes.push_back(numbers[pixels]);
  }
  const auto count = static_cast<std::int64_t>(classes.size());
  return {tensor(images).reshape({count, 1, 8, 8}), tensor(classes)};
}
