// Data sets of one's own: samples, batches of them, and the threads that make them.
#include "../support/catch.h"

#include <atomic>
#include <chrono>
#include <cmath>
#include <set>
#include <stdexcept>
#include <thread>

#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

namespace {

/// Sample i is a vector of three i and the number i.
struct Threes {
  std::int64_t count = 10;
  std::int64_t size() const { return count; }
  std::pair<Tensor, std::int64_t> get(std::int64_t i) const { return {full({3}, static_cast<double>(i)), i}; }
};

/// Random numbers, plus the index.
struct Noisy {
  std::int64_t size() const { return 12; }
  Tensor get(std::int64_t i, Generator& generator) const {
    return rand({2}, generator) + rand({2}, generator) * 0 + static_cast<double>(i);
  }
};

/// Fails at some samples.
struct Broken {
  std::set<std::int64_t> at;
  std::int64_t size() const { return 8; }
  std::int64_t get(std::int64_t i) const {
    if (at.contains(i)) throw std::runtime_error("sample " + std::to_string(i));
    return i;
  }
};

/// 0, 1, ..., count - 1, readable only from begin to end.
struct Counter {
  std::int64_t count;
  struct Iterator {
    using value_type = std::int64_t;
    using difference_type = std::ptrdiff_t;
    std::int64_t at, end;
    std::int64_t operator*() const { return at; }
    Iterator& operator++() {
      if (at == 6) throw std::runtime_error("unreadable");
      ++at;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return at == end; }
  };
  Iterator begin() const { return {0, count}; }
  std::default_sentinel_t end() const { return {}; }
};
static_assert(data::IterableDataset<Counter> && !data::Dataset<Counter>);
static_assert(data::Dataset<Threes> && data::Dataset<Noisy> && data::Dataset<std::vector<double>>);
static_assert(data::Dataset<data::TensorDataset<2>> && data::Dataset<data::Subset<Noisy>>);

std::vector<Tensor> all(auto& loader) {
  std::vector<Tensor> batches;
  for (auto& batch : loader) batches.push_back(batch);
  return batches;
}

}  // namespace

TEST_CASE("dataset: samples are collated member by member") {
  const data::Collate collate;
  const Tensor a = tensor({1, 2}), b = tensor({3, 4});
  REQUIRE(equal(collate(std::vector{a, b}), stack({a, b})));
  REQUIRE(bitwise_equal(collate(std::vector{1.5, 2.5}), tensor({1.5, 2.5}, {.dtype = DType::float64})));
  REQUIRE(bitwise_equal(collate(std::vector{1.5f, 2.5f}), tensor({1.5, 2.5})));
  REQUIRE(bitwise_equal(collate(std::vector{1, -2}), tensor({1, -2}, {.dtype = DType::int64})));
  REQUIRE(bitwise_equal(collate(std::vector{true, false}), tensor({1, 0}, {.dtype = DType::boolean})));
  const auto [x, y] = collate(std::vector{std::pair(a, 7), std::pair(b, 8)});
  REQUIRE(equal(x, stack({a, b})));
  REQUIRE(bitwise_equal(y, tensor({7, 8}, {.dtype = DType::int64})));
  const data::Example<> batch = collate(std::vector{data::Example{a, 7}, data::Example{b, 8}});
  REQUIRE(equal(batch.data, x));
  REQUIRE(bitwise_equal(batch.target, y));
  const data::Example<Tensor, std::vector<std::string>> named =
      collate(std::vector{data::Example{a, std::string("p")}});
  REQUIRE(named.target == std::vector<std::string>{"p"});
  const auto [first, second, words] = collate(std::vector{
      std::tuple(a, std::array{a, b}, std::string("p")), std::tuple(b, std::array{b, a}, std::string("q"))});
  REQUIRE(equal(first, stack({a, b})));
  REQUIRE(equal(second[1], stack({b, a})));
  REQUIRE(words == std::vector<std::string>{"p", "q"});
}

TEST_CASE("dataset: a loader gets samples one by one") {
  data::DataLoader loader(Threes(), {.batch_size = 4});
  REQUIRE(loader.batch_count() == 3);
  std::int64_t next = 0;
  for (auto& [x, y] : loader) {
    REQUIRE(x.size(1) == 3);
    for (std::int64_t i = 0; i < y.size(0); ++i, ++next) {
      REQUIRE(x.at({i, 2}).item<std::int64_t>() == next);
      REQUIRE(y.at({i}).item<std::int64_t>() == next);
    }
  }
  REQUIRE(next == 10);
  REQUIRE(test::names(loader.state_dict()) == std::vector<std::string>{"epoch"});
  // With a function of one's own, also in place of the rows of a TensorDataset.
  data::DataLoader counted(Threes(), {.batch_size = 4}, [](const auto& samples) { return samples.size(); });
  std::vector<std::size_t> sizes;
  for (auto& size : counted) sizes.push_back(size);
  REQUIRE(sizes == std::vector<std::size_t>{4, 4, 2});
  data::DataLoader rows(data::TensorDataset(arange(5)), {.batch_size = 2},
      [](const std::vector<std::array<Tensor, 1>>& samples) { return samples.back()[0].item(); });
  std::vector<double> last;
  for (auto& value : rows) last.push_back(value);
  REQUIRE(last == std::vector<double>{1, 3, 4});
  data::DataLoader none(Threes{0}, {.num_workers = 2});
  REQUIRE(none.begin() == none.end());
}

TEST_CASE("dataset: batches do not depend on the number of workers") {
  std::vector<std::vector<Tensor>> found;
  for (const std::int64_t workers : {0, 1, 2, 5}) {
    manual_seed(11);
    data::DataLoader loader(
        Noisy(), {.batch_size = 5, .shuffle = true, .num_workers = workers, .prefetch_factor = 1});
    found.push_back(all(loader));
    for (const Tensor& batch : all(loader)) found.back().push_back(batch);  // another epoch
    REQUIRE(test::names(loader.state_dict()) == std::vector<std::string>{"epoch", "seed", "stream"});
  }
  for (const auto& batches : found) {
    REQUIRE(batches.size() == 6);
    for (std::size_t i = 0; i < 6; ++i) REQUIRE(bitwise_equal(batches[i], found[0][i]));
  }
  // Every sample and every epoch has numbers of its own: 12 samples of 2 numbers in 2 epochs.
  std::set<double> fractions;
  for (const Tensor& batch : found[0])
    for (const float value : batch.contiguous().data<float>()) fractions.insert(value - std::floor(value));
  REQUIRE(fractions.size() == 48);
}

TEST_CASE("dataset: a TensorDataset with workers gives what it gives without") {
  for (const bool shuffle : {false, true}) {
    std::vector<std::vector<Tensor>> found;
    for (const std::int64_t workers : {0, 3}) {
      manual_seed(2);
      data::DataLoader loader(
          data::TensorDataset(arange(11)), {.batch_size = 3, .shuffle = shuffle, .num_workers = workers});
      std::vector<Tensor> batches;
      for (auto& [x] : loader) batches.push_back(x);
      found.push_back(batches);
    }
    REQUIRE(found[0].size() == 4);
    for (std::size_t i = 0; i < 4; ++i) REQUIRE(equal(found[0][i], found[1][i]));
  }
}

TEST_CASE("dataset: workers work at the same time, and not further ahead than they may") {
  struct Meeting {
    std::shared_ptr<std::atomic<int>> begun = std::make_shared<std::atomic<int>>(0);
    std::int64_t size() const { return 100; }
    std::int64_t get(std::int64_t i) const {
      ++*begun;
      while (*begun < 2) std::this_thread::yield();  // ends only if another worker comes
      return i;
    }
  } const meeting;
  data::DataLoader loader(meeting, {.num_workers = 2, .prefetch_factor = 2});
  auto at = loader.begin();
  *at;
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  REQUIRE(*meeting.begun <= 4);
  for (int i = 0; i < 3; ++i) ++at;
  REQUIRE((*at).item() == 3);
}

TEST_CASE("dataset: what a sample throws comes out at its batch, and the loader goes on") {
  for (const std::int64_t workers : {0, 1, 3}) {
    const data::DataLoader loader(Broken{{2, 5}}, {.batch_size = 2, .num_workers = workers});
    std::vector<std::string> events;
    for (auto at = loader.begin(); at != loader.end(); ++at) try {
        events.push_back(std::to_string((*at).size(0)));
      } catch (const std::runtime_error& error) {
        REQUIRE_THROWS_WITH(*at, error.what());
        events.push_back(error.what());
      }
    REQUIRE(events == std::vector<std::string>{"2", "sample 2", "sample 5", "2"});
  }
}

TEST_CASE("dataset: an epoch may be left before its end") {
  data::DataLoader loader(Threes{1000}, {.batch_size = 2, .num_workers = 2});
  for (int i = 0; i < 20; ++i)
    for (auto& [x, y] : loader) {
      REQUIRE(y.at({0}).item() == 0);
      break;
    }
  REQUIRE(loader.epoch() == 20);
  for (int i = 0; i < 5; ++i) loader.begin();  // nothing is taken
}

TEST_CASE("dataset: workers record as the thread that takes their batches does") {
  struct Scaled {
    Tensor weight = tensor({2}, {.requires_grad = true});
    std::int64_t size() const { return 3; }
    Tensor get(std::int64_t i) const { return weight * static_cast<double>(i); }
  };
  for (const std::int64_t workers : {0, 1}) {
    data::DataLoader loader(Scaled(), {.batch_size = 3, .num_workers = workers});
    (*loader.begin()).sum().backward();
    REQUIRE(loader.dataset().weight.grad().item() == 3);
    const NoGradGuard guard;
    REQUIRE_FALSE((*loader.begin()).requires_grad());
  }
}

TEST_CASE("dataset: samples that are read one after the other") {
  for (const std::int64_t workers : {0, 1}) {
    data::DataLoader loader(Counter{5}, {.batch_size = 2, .num_workers = workers});
    for (int epoch = 0; epoch < 2; ++epoch) {
      const auto batches = all(loader);
      REQUIRE(batches.size() == 3);
      REQUIRE(equal(cat(batches), arange(5, {.dtype = DType::int64})));
    }
    data::DataLoader full(Counter{5}, {.batch_size = 2, .drop_last = true, .num_workers = workers});
    REQUIRE(all(full).size() == 2);
    data::DataLoader none(Counter{0}, {.num_workers = workers});
    REQUIRE(all(none).empty());
    REQUIRE(error_of([&] { *none.begin(); }) == "data_loader: there is no batch 0; an epoch has 0");
    data::DataLoader broken(Counter{9}, {.batch_size = 3, .num_workers = workers});
    auto at = broken.begin();
    REQUIRE(equal(*at, arange(3, {.dtype = DType::int64})));
    REQUIRE_NOTHROW(++at);
    REQUIRE((*at).size(0) == 3);
    ++at;
    REQUIRE_THROWS_WITH(at == broken.end(), "unreadable");
  }
  REQUIRE(error_of([] { data::DataLoader(Counter{5}, {.shuffle = true}); }) ==
          "data_loader: a data set without get(index) has no order to choose");
  REQUIRE(error_of([] { data::DataLoader(Counter{5}, {.num_workers = 2}); }) ==
          "data_loader: a data set without get(index) is read by one worker; num_workers is 2");
}

TEST_CASE("dataset: options of workers are checked") {
  REQUIRE(error_of([] { data::DataLoader(Threes(), {.num_workers = -1}); }) ==
          "data_loader: num_workers must not be negative; it is -1");
  REQUIRE(error_of([] { data::DataLoader(Threes(), {.num_workers = 1, .prefetch_factor = 0}); }) ==
          "data_loader: prefetch_factor must be positive; it is 0");
}

TEST_CASE("dataset: random_split divides by numbers and by fractions") {
  Generator generator(4), again(4);
  const auto parts = data::random_split(data::TensorDataset(arange(10)), {7, 0, 3}, generator);
  REQUIRE(parts.size() == 3);
  REQUIRE(parts[1].size() == 0);
  std::multiset<double> seen;
  for (const auto& part : parts)
    for (std::int64_t i = 0; i < part.size(); ++i) seen.insert(part.get(i)[0].item());
  REQUIRE(seen == std::multiset<double>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  data::DataLoader loader(parts[0], {.batch_size = 7});
  const auto first = loader.begin();
  auto& [batch] = *first;  // one gather
  for (std::int64_t i = 0; i < 7; ++i) REQUIRE(batch.at({i}).item() == parts[0].get(i)[0].item());
  REQUIRE(equal(data::random_split(Threes(), {7, 3}, again)[0].indices(), parts[0].indices()));

  const auto sizes = [](std::int64_t n, const std::vector<double>& lengths) {
    std::vector<std::int64_t> found;
    for (const auto& part : data::random_split(Threes{n}, lengths)) found.push_back(part.size());
    return found;
  };
  REQUIRE(sizes(10, {0.8, 0.2}) == std::vector<std::int64_t>{8, 2});
  REQUIRE(sizes(11, {1 / 3.0, 1 / 3.0, 1 / 3.0}) == std::vector<std::int64_t>{4, 4, 3});
  REQUIRE(sizes(5, {1}) == std::vector<std::int64_t>{5});
  REQUIRE(sizes(0, {0.5, 0.5}) == std::vector<std::int64_t>{0, 0});
  const std::int64_t train = 6;
  REQUIRE(data::random_split(Threes(), {train, 10 - train}).size() == 2);

  data::DataLoader noisy(data::random_split(Noisy(), {6, 6})[1], {.batch_size = 6, .num_workers = 1});
  REQUIRE((*noisy.begin()).shape() == Shape{6, 2});

  REQUIRE(error_of([&] { sizes(10, {}); }) == "random_split: needs at least one length");
  REQUIRE(error_of([&] {
    sizes(10, {5, 4});
  }) == "random_split: the lengths add up to 9, the data set has 10 samples");
  REQUIRE(error_of([&] {
    sizes(10, {9.5, 0.5});
  }) == "random_split: lengths are numbers of samples, or fractions that add up to 1; 9.5 is neither");
  REQUIRE(error_of([&] { sizes(10, {11, -1}); }) == "random_split: a length must not be negative; it is -1");
  REQUIRE(error_of([] { data::Subset(Threes(), arange(11, {.dtype = DType::int64})); }) ==
          "subset: index 10 is out of range; there are 10 samples");
  REQUIRE(
      error_of([] { data::Subset(Threes(), arange(1)); }) == "subset: the indices must be a vector of int64");
}
