// The two training steps, as numbers that any framework can be given.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bench {

/// Layers of sizes[0] -> sizes[1] -> ... with relu between them, mean squared error, SGD. Weights are [out,
/// in].
struct StepProblem {
  std::vector<std::int64_t> sizes;
  std::int64_t batch;
  double lr, weight_decay;  // the decay is for weights, not for biases
  std::vector<std::vector<float>> weights, biases;
  std::vector<float> x, y;
};

/// A framework that trains the problem, one step per call.
struct Trainer {
  virtual ~Trainer() = default;
  virtual void step() = 0;
  /// Weights and biases of each layer in turn, flat.
  virtual std::vector<std::vector<float>> parameters() = 0;
  /// Waits for the steps so far.
  virtual void finish() {}
};

/// LibTorch as a peer; null when it was not found or cannot use CUDA. The version goes into `version`.
std::unique_ptr<Trainer> make_torch_trainer(
    const StepProblem& problem, int threads, bool cuda, std::string& version);

}  // namespace bench
