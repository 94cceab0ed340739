// The order of samples, and how they are grouped into batches.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <tenon/core/random.h>
#include <tenon/core/tensor.h>

namespace tenon::data {

/// Which samples an epoch has, in which order. The classes below are samplers; so is a function of one's own:
/// `Sampler{100, [](std::int64_t epoch, Generator& generator) { ... }}`.
struct Sampler {
  std::int64_t size = 0;  // samples per epoch
  /// The indices of an epoch, int64 [size]. The generator's numbers depend on the loader's seed and the
  /// epoch, and so does a sampler that uses no others.
  std::function<Tensor(std::int64_t epoch, Generator& generator)> order{};
};

/// 0, 1, ..., size - 1.
struct TENON_API SequentialSampler : Sampler {
  explicit SequentialSampler(std::int64_t size);
};

struct RandomSamplerOptions {
  bool replacement = false;                   // draw each sample independently
  std::optional<std::int64_t> num_samples{};  // per epoch; without a value, the size of the data set
};
/// A random permutation of 0, 1, ..., size - 1; as many as num_samples needs, one after the other.
struct TENON_API RandomSampler : Sampler {
  explicit RandomSampler(std::int64_t size, const RandomSamplerOptions& options = {});
};

/// The given indices (int64 [n]) in random order.
struct TENON_API SubsetRandomSampler : Sampler {
  explicit SubsetRandomSampler(const Tensor& indices);
};

/// num_samples indices, each with a probability proportional to its weight: multinomial().
struct TENON_API WeightedRandomSampler : Sampler {
  WeightedRandomSampler(const Tensor& weights, std::int64_t num_samples, bool replacement = true);
};

struct DistributedSamplerOptions {
  std::int64_t num_replicas = 1, rank = 0;
  bool shuffle = true;
  bool drop_last =
      false;  // drop samples that do not go into num_replicas; otherwise the first ones are repeated
};
/// The share of process `rank` of `num_replicas`: every num_replicas-th sample. All shares have the same
/// size. Processes whose loaders have the same seed divide one permutation, so each sample goes to one of
/// them.
struct TENON_API DistributedSampler : Sampler {
  explicit DistributedSampler(std::int64_t size, const DistributedSamplerOptions& options = {});
};

/// The batches of an epoch.
struct TENON_API BatchSampler {
  std::int64_t size = 0;  // batches per epoch
  /// The indices of each batch, int64 [any number]; see Sampler::order.
  std::function<std::vector<Tensor>(std::int64_t epoch, Generator& generator)> batches{};

  BatchSampler() = default;
  BatchSampler(std::int64_t count, std::function<std::vector<Tensor>(std::int64_t, Generator&)> function)
      : size(count), batches(std::move(function)) {}
  /// Batches of consecutive indices of a sampler.
  BatchSampler(Sampler sampler, std::int64_t batch_size, bool drop_last = false);
};

namespace detail {

/// Batches of `samples` samples.
TENON_API std::int64_t batch_count(std::int64_t samples, std::int64_t batch_size, bool drop_last);
/// What a sampler returns, checked: int64, one-dimensional and, unless `size` is -1, of that size.
TENON_API Tensor checked_order(const Tensor& order, std::int64_t size);
/// The generator of an epoch.
TENON_API Generator epoch_generator(Generator::Key key, std::int64_t epoch);
/// The generator of one sample in an epoch.
TENON_API Generator sample_generator(Generator::Key key, std::int64_t epoch, std::int64_t index);

}  // namespace detail

}  // namespace tenon::data
