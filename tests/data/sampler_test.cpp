// Samplers: orders that are functions of the seed and the epoch.
#include "../support/catch.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

namespace {

using Numbers = std::vector<std::int64_t>;

Numbers numbers(const Tensor& t) {
  const auto data = t.data<std::int64_t>();
  return {data.begin(), data.end()};
}
Tensor indices(std::vector<std::int64_t> values) { return tensor(values, {.dtype = DType::int64}); }
/// The order of epoch `epoch` with seed `seed`.
Numbers order(const data::Sampler& sampler, std::int64_t epoch = 0, std::uint64_t seed = 1) {
  Generator generator(seed, static_cast<std::uint64_t>(epoch) << 32);
  Tensor found = sampler.order(epoch, generator);
  REQUIRE(found.size(0) == sampler.size);
  return numbers(found);
}
Numbers sorted(Numbers values) {
  std::sort(values.begin(), values.end());
  return values;
}
Numbers up_to(std::int64_t n) {
  Numbers values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), 0);
  return values;
}
/// All samples that a loader of 0, 1, ..., n - 1 gives in an epoch.
Numbers samples(std::int64_t n, const data::DataLoaderOptions& options) {
  Numbers found;
  data::DataLoader loader(up_to(n), options);
  for (auto& batch : loader)
    for (const std::int64_t i : numbers(batch)) found.push_back(i);
  return found;
}

}  // namespace

TEST_CASE("sampler: sequential and random") {
  REQUIRE(order(data::SequentialSampler(4)) == Numbers{0, 1, 2, 3});
  REQUIRE(order(data::SequentialSampler(0)).empty());
  const data::RandomSampler random(50);
  REQUIRE(order(random) != up_to(50));
  REQUIRE(sorted(order(random)) == up_to(50));
  REQUIRE(order(random) == order(random));
  REQUIRE(order(random, 1) != order(random));
  REQUIRE(order(random, 0, 2) != order(random));
  REQUIRE(order(data::RandomSampler(0)).empty());
}

TEST_CASE("sampler: random with another number of samples, and with replacement") {
  const Numbers some = order(data::RandomSampler(50, {.num_samples = 20}));
  REQUIRE(std::set<std::int64_t>(some.begin(), some.end()).size() == 20);
  const Numbers more = order(data::RandomSampler(5, {.num_samples = 12}));
  REQUIRE(sorted({more.begin(), more.begin() + 5}) == up_to(5));
  REQUIRE(sorted({more.begin() + 5, more.begin() + 10}) == up_to(5));
  REQUIRE(Numbers(more.begin(), more.begin() + 5) != Numbers(more.begin() + 5, more.begin() + 10));
  const Numbers drawn = order(data::RandomSampler(5, {.replacement = true, .num_samples = 1000}));
  for (std::int64_t i = 0; i < 5; ++i) {
    const auto times = std::count(drawn.begin(), drawn.end(), i);
    REQUIRE(times > 140);
    REQUIRE(times < 260);
  }
  REQUIRE(order(data::RandomSampler(0, {.replacement = true})).empty());
}

TEST_CASE("sampler: a random order of some indices") {
  const Tensor chosen = indices({9, 4, 7, 5});
  const data::SubsetRandomSampler sampler(chosen);
  chosen.fill_(0);
  REQUIRE(sorted(order(sampler)) == Numbers{4, 5, 7, 9});
  Numbers first;  // of 40 epochs
  for (std::int64_t epoch = 0; epoch < 40; ++epoch) first.push_back(order(sampler, epoch)[0]);
  REQUIRE(std::set<std::int64_t>(first.begin(), first.end()).size() == 4);
}

TEST_CASE("sampler: samples by weight") {
  const Tensor weights = tensor({0, 3, 0, 1});
  const Numbers drawn = order(data::WeightedRandomSampler(weights, 1000));
  REQUIRE(std::set<std::int64_t>(drawn.begin(), drawn.end()) == std::set<std::int64_t>{1, 3});
  const auto times = std::count(drawn.begin(), drawn.end(), 1);
  REQUIRE(times > 690);
  REQUIRE(times < 810);
  const data::WeightedRandomSampler both(weights, 2, /*replacement=*/false);
  weights.fill_(0);
  REQUIRE(sorted(order(both)) == Numbers{1, 3});
  REQUIRE(error_of([] {
    data::WeightedRandomSampler(ones({2, 2}), 3);
  }) == "weighted_random_sampler: the weights must be a vector; they are [2, 2]");
  REQUIRE(error_of([] { data::WeightedRandomSampler(ones({2}), 0); }) ==
          "weighted_random_sampler: num_samples must be positive; it is 0");
  REQUIRE_THROWS_AS(data::WeightedRandomSampler(ones({2}), 3, false), Error);
  REQUIRE_THROWS_AS(data::WeightedRandomSampler(tensor({1, -1}), 3), Error);
}

TEST_CASE("sampler: the shares of several processes") {
  for (const bool shuffle : {false, true})
    for (const std::int64_t n : {0, 1, 2, 3, 4, 5, 8}) {
      Numbers kept, repeated;
      for (std::int64_t rank = 0; rank < 4; ++rank) {
        const Numbers part = order(data::DistributedSampler(
            n, {.num_replicas = 4, .rank = rank, .shuffle = shuffle, .drop_last = true}));
        const Numbers whole =
            order(data::DistributedSampler(n, {.num_replicas = 4, .rank = rank, .shuffle = shuffle}));
        REQUIRE(part.size() == static_cast<std::size_t>(n / 4));
        REQUIRE(whole.size() == static_cast<std::size_t>((n + 3) / 4));
        kept.insert(kept.end(), part.begin(), part.end());
        repeated.insert(repeated.end(), whole.begin(), whole.end());
      }
      const std::set<std::int64_t> different(kept.begin(), kept.end());
      REQUIRE(different.size() == kept.size());
      REQUIRE(std::set<std::int64_t>(repeated.begin(), repeated.end()).size() == static_cast<std::size_t>(n));
    }
  REQUIRE(order(data::DistributedSampler(5, {.num_replicas = 2, .rank = 1, .shuffle = false})) ==
          Numbers{1, 3, 0});
  const data::DistributedSampler shuffled(8, {.num_replicas = 2, .rank = 1});
  REQUIRE(order(shuffled, 1) != order(shuffled));
}

TEST_CASE("sampler: a loader takes its order from a sampler, the same in every run") {
  REQUIRE(samples(6, {.sampler = data::SequentialSampler(4)}) == up_to(4));
  manual_seed(5);
  const Numbers random = samples(50, {.batch_size = 8, .sampler = data::RandomSampler(50)});
  manual_seed(5);
  REQUIRE(samples(50, {.batch_size = 7, .shuffle = true}) == random);
  // The rows of a TensorDataset are gathered in the same order.
  manual_seed(5);
  data::DataLoader rows(
      data::TensorDataset(indices(up_to(50))), {.batch_size = 50, .sampler = data::RandomSampler(50)});
  REQUIRE(numbers((*rows.begin())[0]) == random);
  // A function of one's own.
  const data::Sampler own{3, [](std::int64_t epoch, Generator& generator) {
                            return randint(
                                10 * epoch, 10 * epoch + 10, {3}, generator, {.dtype = DType::int64});
                          }};
  data::DataLoader loader(up_to(30), {.batch_size = 3, .sampler = own});
  REQUIRE(loader.batch_count() == 1);
  for (std::int64_t epoch = 0; epoch < 3; ++epoch)
    for (const std::int64_t i : numbers(*loader.begin())) {
      REQUIRE(i >= 10 * epoch);
      REQUIRE(i < 10 * epoch + 10);
    }
}

TEST_CASE("sampler: batches") {
  const auto sizes = [](const data::BatchSampler& sampler) {
    Numbers found;
    data::DataLoader loader(up_to(7), {.batch_sampler = sampler});
    REQUIRE(loader.batch_count() == sampler.size);
    for (auto& batch : loader) found.push_back(batch.size(0));
    return found;
  };
  REQUIRE(sizes({data::SequentialSampler(7), 3}) == Numbers{3, 3, 1});
  REQUIRE(sizes({data::RandomSampler(7), 3, /*drop_last=*/true}) == Numbers{3, 3});
  const data::BatchSampler growing(3, [](std::int64_t, Generator&) {
    return std::vector{indices({6}), indices({0, 1}), indices({2, 2, 2})};
  });
  REQUIRE(sizes(growing) == Numbers{1, 2, 3});
  REQUIRE(samples(7, {.batch_sampler = growing}) == Numbers{6, 0, 1, 2, 2, 2});
  data::DataLoader rows(data::TensorDataset(indices(up_to(7))), {.batch_sampler = growing});
  auto at = rows.begin();
  REQUIRE(numbers((*++at)[0]) == Numbers{0, 1});
}

TEST_CASE("sampler: mistakes are errors") {
  REQUIRE(error_of([] { data::SequentialSampler(-1); }) ==
          "sequential_sampler: the number of samples must not be negative; it is -1");
  REQUIRE(error_of([] { data::RandomSampler(0, {.num_samples = 3}); }) ==
          "random_sampler: there are no samples to draw 3 from");
  REQUIRE(error_of([] { data::SubsetRandomSampler(tensor({1.5})); }) ==
          "data_loader: a sampler must give a vector of int64; it gave float32 [1]");
  REQUIRE(error_of([] { data::DistributedSampler(4, {.num_replicas = 0}); }) ==
          "distributed_sampler: num_replicas must be positive; it is 0");
  REQUIRE(error_of([] { data::DistributedSampler(4, {.num_replicas = 2, .rank = 2}); }) ==
          "distributed_sampler: rank must be from 0 to 1; it is 2");
  REQUIRE(error_of([] { data::BatchSampler(data::SequentialSampler(3), 0); }) ==
          "batch_sampler: batch_size must be positive; it is 0");
  const auto error_with = [](data::DataLoaderOptions options) {
    return error_of([&] {
      data::DataLoader loader(up_to(4), options);
      for (auto& batch : loader) static_cast<void>(batch);
    });
  };
  REQUIRE(error_with({.shuffle = true, .sampler = data::RandomSampler(4)}) ==
          "data_loader: a sampler chooses the order; shuffle must be false");
  REQUIRE(error_with({.batch_size = 2, .batch_sampler = data::BatchSampler(data::RandomSampler(4), 2)}) ==
          "data_loader: a batch sampler chooses the batches; batch_size, shuffle, drop_last and sampler must "
          "not be "
          "set");
  REQUIRE(error_with({.sampler = data::Sampler{4}}) == "data_loader: the sampler has no function");
  REQUIRE(error_with({.batch_sampler = data::BatchSampler()}) ==
          "data_loader: the batch sampler has no function");
  REQUIRE(error_with({.sampler = data::Sampler{4, [](const auto&...) {
                                                 return indices({0, 1});
                                               }}}) == "data_loader: a sampler of 4 samples gave 2");
  REQUIRE(error_with({.sampler = data::Sampler{4, [](const auto&...) { return Tensor(); }}}) ==
          "data_loader: a sampler must give a vector of int64; it gave an undefined tensor");
  REQUIRE(error_with({.sampler = data::SequentialSampler(5)}) ==
          "data_loader: index 4 is out of range; the data set has 4 samples");
  REQUIRE(error_with({.sampler = data::Sampler{1, [](const auto&...) { return indices({-1}); }}}) ==
          "data_loader: index -1 is out of range; the data set has 4 samples");
  REQUIRE(error_with({.batch_sampler = data::BatchSampler(2, [](const auto&...) {
    return std::vector<Tensor>();
  })}) == "data_loader: a batch sampler of 2 batches gave 0");
}
