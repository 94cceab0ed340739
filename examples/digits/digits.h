// The images, as tensors.
#pragma once
#include <string>

#include <tenon/tenon.h>

struct Digits {
  tenon::Tensor images;   // [N, 1, 8, 8], float32 from 0 to 1
  tenon::Tensor classes;  // [N], int64 from 0 to 9
};

/// A line per image: 64 pixels from 0 to 16 and the digit, separated by commas. Throws if a line is not so.
Digits read_digits(const std::string& path);
