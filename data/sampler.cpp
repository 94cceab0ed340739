#include <tenon/data/sampler.h>

#include <utility>

#include <tenon/autograd/ops.h>
#include <tenon/core/call.h>

namespace tenon::data {

namespace {

Tensor permutation(std::int64_t size, Generator& generator) { return randperm(size, generator); }
Tensor in_order(std::int64_t size) { return arange(0, static_cast<double>(size), {.dtype = DType::int64}); }

/// The first `count` of as many permutations as it takes.
Tensor permutations(std::int64_t size, std::int64_t count, Generator& generator) {
  if (count <= size) return permutation(size, generator).narrow(0, 0, count);
  std::vector<Tensor> parts;
  for (std::int64_t left = count; left > 0; left -= size)
    parts.push_back(permutation(size, generator).narrow(0, 0, std::min(left, size)));
  return cat(parts, 0);
}

/// The output function of SplitMix64 (Steele, Lea and Flood, OOPSLA'14): a bijection whose results look
/// random.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

void check_size(const char* op, std::int64_t size) {
  check(size >= 0, "{}: the number of samples must not be negative; it is {}", op, size);
}

}  // namespace

SequentialSampler::SequentialSampler(std::int64_t count) {
  check_size("sequential_sampler", count);
  size = count;
  order = [count](std::int64_t, Generator&) { return in_order(count); };
}

RandomSampler::RandomSampler(std::int64_t count, const RandomSamplerOptions& options) {
  check_size("random_sampler", count);
  size = options.num_samples.value_or(count);
  check_size("random_sampler", size);
  check(count > 0 || size == 0, "random_sampler: there are no samples to draw {} from", size);
  order = [count, drawn = size, replacement = options.replacement](std::int64_t, Generator& generator) {
    return replacement && count > 0 ? randint(0, count, {drawn}, generator, {.dtype = DType::int64})
                                    : permutations(count, drawn, generator);
  };
}

SubsetRandomSampler::SubsetRandomSampler(const Tensor& indices) {
  check(indices.defined(), "subset_random_sampler: the indices are undefined");
  const Tensor own = detail::checked_order(indices, -1).clone();
  size = own.size(0);
  order = [own](std::int64_t, Generator& generator) {
    return index_select(own, 0, permutation(own.size(0), generator));
  };
}

WeightedRandomSampler::WeightedRandomSampler(
    const Tensor& weights, std::int64_t num_samples, bool replacement) {
  check(weights.defined(), "weighted_random_sampler: the weights are undefined");
  check(weights.dim() == 1, "weighted_random_sampler: the weights must be a vector; they are {}",
      weights.shape());
  check(num_samples > 0, "weighted_random_sampler: num_samples must be positive; it is {}", num_samples);
  Generator trial;
  multinomial(weights, num_samples, replacement, trial);  // checks the rest, before the first epoch
  size = num_samples;
  order = [own = weights.detach().clone(), num_samples, replacement](std::int64_t, Generator& generator) {
    return multinomial(own, num_samples, replacement, generator);
  };
}

DistributedSampler::DistributedSampler(std::int64_t count, const DistributedSamplerOptions& options) {
  check_size("distributed_sampler", count);
  const std::int64_t replicas = options.num_replicas, rank = options.rank;
  check(replicas > 0, "distributed_sampler: num_replicas must be positive; it is {}", replicas);
  check(rank >= 0 && rank < replicas, "distributed_sampler: rank must be from 0 to {}; it is {}",
      replicas - 1, rank);
  size = options.drop_last || count == 0 ? count / replicas : (count - 1) / replicas + 1;
  order = [count, replicas, rank, shuffle = options.shuffle, share = size](
              std::int64_t, Generator& generator) {
    if (share == 0) return in_order(0);
    Tensor all = shuffle ? permutation(count, generator) : in_order(count);
    const std::int64_t total = share * replicas;
    if (total > count) all = repeat(all, {(total - 1) / count + 1});
    return all.slice(0, {rank, total, replicas}).contiguous();
  };
}

BatchSampler::BatchSampler(Sampler sampler, std::int64_t batch_size, bool drop_last) {
  check(batch_size > 0, "batch_sampler: batch_size must be positive; it is {}", batch_size);
  size = detail::batch_count(sampler.size, batch_size, drop_last);
  batches = [own = std::move(sampler), batch_size, count = size](std::int64_t epoch, Generator& generator) {
    const Tensor all = detail::checked_order(own.order(epoch, generator), own.size);
    std::vector<Tensor> out;
    for (std::int64_t i = 0; i < count; ++i)
      out.push_back(all.narrow(0, i * batch_size, std::min(batch_size, own.size - i * batch_size)));
    return out;
  };
}

namespace detail {

std::int64_t batch_count(std::int64_t samples, std::int64_t batch_size, bool drop_last) {
  return samples / batch_size + (!drop_last && samples % batch_size != 0);
}

Tensor checked_order(const Tensor& order, std::int64_t size) {
  check(order.defined() && order.dtype() == DType::int64 && order.dim() == 1,
      "data_loader: a sampler must give a vector of int64; it gave {}",
      order.defined() ? to_string(order.dtype()) + " " + to_string(order.shape()) : "an undefined tensor");
  check(size == -1 || order.size(0) == size, "data_loader: a sampler of {} samples gave {}", size,
      order.size(0));
  return order.contiguous();
}

Generator epoch_generator(Generator::Key key, std::int64_t epoch) {
  return Generator(key.seed, key.stream + (static_cast<std::uint64_t>(epoch) << 32));
}

Generator sample_generator(Generator::Key key, std::int64_t epoch, std::int64_t index) {
  const std::uint64_t stream = key.stream + (static_cast<std::uint64_t>(epoch) << 32);
  return Generator(mixed(mixed(mixed(key.seed) ^ stream) ^ static_cast<std::uint64_t>(index)));
}

}  // namespace detail

}  // namespace tenon::data
