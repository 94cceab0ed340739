// The text that the model learns, as numbers.
#pragma once
#include <string>
#include <vector>

#include <tenon/tenon.h>

/// Characters are bytes. Each byte that occurs has a number; the numbers follow the order of the bytes.
class Vocabulary {
 public:
  explicit Vocabulary(const std::string& text);
  std::int64_t size() const { return static_cast<std::int64_t>(bytes_.size()); }
  /// [length], int64. Throws if a character does not occur in the text.
  tenon::Tensor encode(const std::string& text) const;
  char decode(std::int64_t number) const { return bytes_.at(static_cast<std::size_t>(number)); }

 private:
  std::string bytes_;
  std::vector<std::int64_t> number_of_;  // by byte; -1 if it does not occur
};

/// The contents of the files, one after the other. Throws if one cannot be read.
std::string read_texts(const std::vector<std::string>& paths);

/// `count` pieces of `length` characters each, and the characters that follow each of them, [count, length],
/// from random places.
struct Batch {
  tenon::Tensor x, y;
};
Batch random_batch(
    const tenon::Tensor& text, std::int64_t count, std::int64_t length, tenon::Generator& generator);
