// The two training steps as plain numbers, for any framework.
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
  double lr, weight_decay;  // the decay applies to weights, not to biases
  std::vector<std::vector<float>> weights, biases;
  std::vector<float> x, y;
};

/// A framework that trains the problem, one step per call.
struct Trainer {
  virtual ~Trainer() = default;
  virtual void step() = 0;
  /// Weights and biases of each layer in turn, flattened.
  virtual std::vector<std::vector<float>> parameters() = 0;
  /// Waits until all steps have finished.
  virtual void finish() {}
};

/// LibTorch for comparison; null if it was not found or cannot use CUDA. Its version is stored in `version`.
std::unique_ptr<Trainer> make_torch_trainer(
    const StepProblem& problem, int threads, bool cuda, std::string& version);

}  // namespace bench
