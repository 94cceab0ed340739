// Two networks that see a digit, [N, 1, 8, 8], and return the logits of ten classes, [N, 10].
#pragma once
#include <tenon/tenon.h>

/// 64 pixels without an order, through two hidden layers.
inline tenon::nn::Sequential make_mlp() {
  namespace nn = tenon::nn;
  return nn::Sequential{nn::Flatten(), nn::Linear(64, 128), nn::ReLU(), nn::Dropout(0.2), nn::Linear(128, 64),
      nn::ReLU(), nn::Dropout(0.2), nn::Linear(64, 10)};
}

/// Strokes, then shapes of strokes, each found anywhere in the image with the same weights.
inline tenon::nn::Sequential make_conv() {
  namespace nn = tenon::nn;
  return nn::Sequential{nn::Conv2d(1, 16, 3, {.padding = 1}), nn::BatchNorm2d(16), nn::ReLU(),
      nn::Conv2d(16, 32, 3, {.padding = 1}), nn::BatchNorm2d(32), nn::ReLU(),
      nn::MaxPool2d(2),  // [N, 32, 4, 4]
      nn::Conv2d(32, 32, 3, {.padding = 1}), nn::BatchNorm2d(32), nn::ReLU(),
      nn::MaxPool2d(2),  // [N, 32, 2, 2]
      nn::Flatten(), nn::Dropout(0.3), nn::Linear(128, 10)};
}
