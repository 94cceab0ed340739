#include "text.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

using namespace tenon;

Vocabulary::Vocabulary(const std::string& text) : number_of_(256, -1) {
  for (const char c : text) number_of_[static_cast<unsigned char>(c)] = 0;
  for (std::size_t byte = 0; byte < number_of_.size(); ++byte) {
    if (number_of_[byte] < 0) continue;
    number_of_[byte] = size();
    bytes_ += static_cast<char>(byte);
  }
}

Tensor Vocabulary::encode(const std::string& text) const {
  std::vector<std::int64_t> numbers;
  numbers.reserve(text.size());
  for (const char c : text) {
    numbers.push_back(number_of_[static_cast<unsigned char>(c)]);
    if (numbers.back() < 0) throw std::runtime_error(std::string("the text has no character `") + c + "`");
  }
  return tensor(numbers);
}

std::string read_texts(const std::vector<std::string>& paths) {
  std::ostringstream text;
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    std::string content((std::istreambuf_iterator<char>(file)), {});
    if (!file || content.empty()) throw std::runtime_error("cannot read any text from " + path);
    text << content;
  }
  return text.str();
}

Batch random_batch(const Tensor& text, std::int64_t count, std::int64_t length, Generator& generator) {
  const Options whole{.dtype = DType::int64, .device = text.device()};
  const Tensor starts = randint(0, text.numel() - length, {count, 1}, generator, whole);
  const Tensor index = flatten(starts + arange(static_cast<double>(length), whole));
  const auto at = [&](const Tensor& places) {
    return index_select(text, 0, places).reshape({count, length});
  };
  return {at(index), at(index + 1)};
}
