// What explore() records of a backward pass.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tenon/autograd/explore.h>
#include <tenon/autograd/tape/node.h>
#include <tenon/core/call.h>

namespace tenon::autograd {

/// A tensor as a matrix of its last dimension: the first rows and columns, and statistics of all elements.
struct Excerpt {
  Shape shape;
  DType dtype;
  std::int64_t rows = 0, columns = 0;  // of `values`, which are in row-major order
  std::vector<double> values{};
  double least = 0, greatest = 0, mean = 0, deviation = 0;  // of the finite elements
  std::int64_t nans = 0, infinities = 0;
  std::vector<std::int64_t> histogram{};  // equal steps from `least` to `greatest`; empty: nothing is finite
  std::uint64_t hash = 0;                 // of the bits of all elements; all NaNs count as the same
};
/// At most `limit` values.
Excerpt excerpt(const Tensor& tensor, std::int64_t limit);

struct RecordedSaved {
  Shape shape;
  DType dtype;
  SavedVisitor::Kind kind;
  int storage;                     // a number for its memory
  std::int64_t bytes;              // of this memory
  int node;                        // whose value it is, or -1: it needs no gradient
  std::string name{};              // of one that needs no gradient, if the caller named it
  std::optional<Excerpt> value{};  // of one that needs no gradient
};

struct RecordedEdge {
  int to;
  bool broadcast;
  std::vector<RecordedSaved> saved{};
  std::optional<Excerpt> part{};      // what it adds to the gradient of `to`; none if the pass did not use it
  std::optional<Excerpt> unsummed{};  // before the sum over broadcast dimensions, if there is one
  std::optional<Excerpt> spoiled{};   // if all saved tensors had been doubled in place
};

struct RecordedNode {
  std::string op, site, name;
  Shape shape;
  DType dtype;
  Device device;
  std::uint64_t depth;
  bool leaf, hooked;
  std::int64_t bytes;  // of its gradient
  std::vector<RecordedEdge> edges{};
  std::optional<Excerpt> value{};        // of leaves, named tensors and tensors that a pullback has saved
  std::optional<Excerpt> gradient{};     // complete, after hooks
  std::optional<Excerpt> stored{};       // .grad after the pass
  std::optional<Excerpt> depth_first{};  // of a leaf, if each node ran when its first part arrived
  bool accumulated = false;              // there was a gradient before the pass
  double seconds = 0;                    // for its pullbacks and for adding up what they return
  std::vector<std::string> kernels{};    // which ran in this time, as in kernels/observer.h
};

/// A step of the pass.
struct RecordedVisit {
  int node;
  std::vector<int> waiting;  // the heap afterwards
};

struct RecordedUpdate {
  std::string name;
  double norm, update, gradient, decay, momentum;
};

/// A step of the training, as the pass leaves it to the optimizer.
struct RecordedStep {
  double loss;
  std::vector<RecordedUpdate> updates{};
  std::string error{};  // why there are no updates
};

struct Recording {
  std::string title;
  int root = 0;
  bool keeps_graph = false;
  std::vector<RecordedNode> nodes{};
  std::vector<RecordedVisit> visits{};
  std::vector<RecordedStep> steps{};
};

/// Runs backward() and records it.
Recording record_backward(Call& call, const Tensor& loss, const ExploreOptions& options);
/// Runs backward() and adds a step to the recording of an earlier pass.
void record_next_step(Call& call, const Tensor& loss, const ExploreOptions& options, Recording& recording);

/// As JSON that may stand in a <script> element. NaN and infinity, which JSON lacks, are strings.
std::string to_json(const Recording& recording);

}  // namespace tenon::autograd
