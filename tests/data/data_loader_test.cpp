// Data sets and data loaders.
#include "../support/catch.h"

#include <limits>
#include <optional>
#include <set>

#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

namespace {

data::TensorDataset<2> rows(std::int64_t n) {
  return data::TensorDataset(reshape(arange(static_cast<double>(2 * n)), {n, 2}),
      arange(static_cast<double>(n), {.dtype = DType::int64}));
}

std::vector<std::int64_t> order_of(data::DataLoader<2>& loader) {
  std::vector<std::int64_t> order;
  for (auto [x, y] : loader)
    for (std::int64_t i = 0; i < y.size(0); ++i) {
      order.push_back(y.at({i}).item<std::int64_t>());
      REQUIRE(x.at({i, 1}).item<std::int64_t>() == 2 * order.back() + 1);
    }
  return order;
}

}  // namespace

TEST_CASE("loader: in order, with a short last batch or without it") {
  data::DataLoader all(rows(7), {.batch_size = 3});
  REQUIRE(order_of(all) == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6});
  REQUIRE(all.batch_count() == 3);
  data::DataLoader full(rows(7), {.batch_size = 3, .drop_last = true});
  REQUIRE(order_of(full) == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5});
  REQUIRE(full.batch_count() == 2);
  data::DataLoader single(rows(2));
  REQUIRE(single.batch_count() == 2);
}

TEST_CASE("loader: batches are views without shuffling") {
  const Tensor x = arange(6);
  const data::TensorDataset dataset(x);
  data::DataLoader loader(dataset, {.batch_size = 4});
  for (auto [batch] : loader) {
    REQUIRE(batch.raw() == x.raw());
    break;
  }
}

TEST_CASE("loader: shuffling visits each sample once, in another order each epoch, reproducibly by seed") {
  manual_seed(3);
  data::DataLoader loader(rows(50), {.batch_size = 8, .shuffle = true});
  const auto first = order_of(loader), second = order_of(loader);
  REQUIRE(std::set<std::int64_t>(first.begin(), first.end()).size() == 50);
  REQUIRE(first != second);
  REQUIRE(loader.epoch() == 2);
  manual_seed(3);
  data::DataLoader again(rows(50), {.batch_size = 8, .shuffle = true});
  REQUIRE(order_of(again) == first);
  again.set_epoch(1);
  REQUIRE(order_of(again) == second);
  data::DataLoader other(rows(50), {.batch_size = 8, .shuffle = true});
  REQUIRE(order_of(other) != first);
  Generator generator(3);
  data::DataLoader own(rows(50), {.batch_size = 8, .shuffle = true, .generator = &generator});
  REQUIRE(order_of(own) == first);
}

TEST_CASE("loader: a loader that loads another's state continues with the same orders") {
  Generator generator(~std::uint64_t{0}, std::uint64_t{1} << 63);  // state words that use all 64 bits
  data::DataLoader loader(rows(50), {.batch_size = 8, .shuffle = true, .generator = &generator});
  order_of(loader);
  const StateDict state = loader.state_dict();
  REQUIRE(test::names(state) == std::vector<std::string>{"epoch", "seed", "stream"});
  const auto second = order_of(loader), third = order_of(loader);
  data::DataLoader other(rows(50), {.batch_size = 8, .shuffle = true});
  other.load_state_dict(state);
  REQUIRE(other.epoch() == 1);
  REQUIRE(order_of(other) == second);
  REQUIRE(order_of(other) == third);
  data::DataLoader in_order(rows(50));
  order_of(in_order);
  REQUIRE(test::names(in_order.state_dict()) == std::vector<std::string>{"epoch"});
  data::DataLoader fresh(rows(50));
  fresh.load_state_dict(in_order.state_dict());
  REQUIRE(fresh.epoch() == 1);
}

TEST_CASE("loader: a state that does not fit changes nothing") {
  manual_seed(3);
  data::DataLoader loader(rows(50), {.shuffle = true}), twin(rows(50), {.shuffle = true}), in_order(rows(50));
  REQUIRE(error_of([&] { loader.load_state_dict(in_order.state_dict()); }) ==
          "load_state_dict: \"seed\" is missing; \"stream\" is missing");
  REQUIRE(error_of([&] { in_order.load_state_dict(twin.state_dict()); }) ==
          "load_state_dict: \"seed\" is not in the data loader; \"stream\" is not in the data loader");
  const StateDict before = loader.state_dict();
  StateDict state = twin.state_dict();
  test::entry(state, "epoch").fill_(-1);
  REQUIRE(error_of([&] { loader.load_state_dict(state); }) ==
          "data_loader: the epoch must be from 0 to 2147483647; it is -1");
  state[0].second = tensor(3);
  REQUIRE(error_of([&] { loader.load_state_dict(state); }) ==
          "load_state_dict: \"epoch\" is float32 [], the data loader has int64 []");
  REQUIRE(test::bitwise_equal(loader.state_dict(), before));
}

TEST_CASE("loader: refuses invalid options") {
  REQUIRE(error_of([] { data::DataLoader(rows(3), {.batch_size = 0}); }) ==
          "data_loader: batch_size must be positive; it is 0");
  REQUIRE(error_of([] { data::DataLoader(rows(3), {.batch_size = -4}); }) ==
          "data_loader: batch_size must be positive; it is -4");
  REQUIRE(error_of([] { const data::TensorDataset uneven(zeros({3}), zeros({4})); }) ==
          "tensor_dataset: the tensors have 3 and 4 rows");
  REQUIRE(error_of([] { const data::TensorDataset number(zeros({})); }) ==
          "tensor_dataset: a tensor without dimensions has no rows");
  REQUIRE(error_of([] { const data::TensorDataset undefined(zeros({3}), Tensor()); }) ==
          "tensor_dataset: tensor 1 is undefined");
}

TEST_CASE("loader: the generator is used only by the constructor") {
  std::optional<Generator> generator(3);
  data::DataLoader loader(rows(50), {.shuffle = true, .generator = &*generator});
  const auto first = order_of(loader);
  generator.reset();
  REQUIRE(order_of(loader) != first);
  loader.set_epoch(0);
  REQUIRE(order_of(loader) == first);
}

TEST_CASE("loader: an empty data set gives an epoch without batches") {
  for (const bool shuffle : {false, true}) {
    data::DataLoader empty(rows(0), {.batch_size = 2, .shuffle = shuffle});
    REQUIRE(empty.batch_count() == 0);
    REQUIRE(order_of(empty).empty());
    REQUIRE(empty.epoch() == 1);
    data::DataLoader few(rows(3), {.batch_size = 5, .shuffle = shuffle, .drop_last = true});
    REQUIRE(few.batch_count() == 0);
    REQUIRE(order_of(few).empty());
    REQUIRE(error_of([&] { *few.begin(); }) == "data_loader: there is no batch 0; an epoch has 0");
  }
}

TEST_CASE("loader: iterators past the last batch equal end()") {
  for (const bool shuffle : {false, true}) {
    data::DataLoader loader(rows(3), {.batch_size = 2, .shuffle = shuffle});
    auto batch = loader.begin();
    ++batch;
    REQUIRE((*batch).target.size(0) == 1);
    batch++;
    REQUIRE(batch == loader.end());
    for (int again = 0; again < 2; ++again) {
      REQUIRE(error_of([&] { *batch; }) == "data_loader: there is no batch 2; an epoch has 2");
      REQUIRE(error_of([&] { ++batch; }) == "data_loader: there is no batch 2; an epoch has 2");
      REQUIRE(error_of([&] { batch++; }) == "data_loader: there is no batch 2; an epoch has 2");
      REQUIRE(batch == loader.end());
    }
  }
}

TEST_CASE("loader: epochs are counted with and without shuffling") {
  for (const bool shuffle : {false, true}) {
    data::DataLoader loader(rows(3), {.shuffle = shuffle});
    REQUIRE(loader.epoch() == 0);
    order_of(loader);
    loader.begin();  // started but not finished
    REQUIRE(loader.epoch() == 2);
    loader.set_epoch(7);
    order_of(loader);
    REQUIRE(loader.epoch() == 8);
  }
}

TEST_CASE("loader: an epoch without its own order is refused") {
  constexpr std::int64_t last = (std::int64_t{1} << 31) - 1, most = std::numeric_limits<std::int64_t>::max();
  data::DataLoader loader(rows(50), {.shuffle = true});
  loader.set_epoch(3);
  for (const std::int64_t epoch :
      {std::int64_t{-1}, last + 1, most, std::numeric_limits<std::int64_t>::min()})
    REQUIRE(error_of([&] { loader.set_epoch(epoch); }) ==
            "data_loader: the epoch must be from 0 to 2147483647; it is " + std::to_string(epoch));
  REQUIRE(loader.epoch() == 3);
  loader.set_epoch(0);
  const auto first = order_of(loader);
  loader.set_epoch(last);
  REQUIRE(order_of(loader) != first);
  for (int again = 0; again < 2; ++again) {
    REQUIRE(error_of([&] { order_of(loader); }) ==
            "data_loader: the epoch must be from 0 to 2147483647; it is 2147483648");
    REQUIRE(loader.epoch() == last + 1);
  }
  loader.set_epoch(0);
  REQUIRE(order_of(loader) == first);
}

TEST_CASE("dataset: a sample is one row of each tensor") {
  const auto [x, y] = rows(4)[2];
  REQUIRE(equal(x, tensor({4, 5})));
  REQUIRE(y.item<std::int64_t>() == 2);
  REQUIRE(rows(4)[-2].target.item<std::int64_t>() == 2);
}

TEST_CASE("dataset: errors name the data set, not the operation inside") {
  const data::TensorDataset<2> four = rows(4);
  for (const std::int64_t index : {-5, 4})
    REQUIRE(error_of([&] { four[index]; }) ==
            "tensor_dataset: index " + std::to_string(index) + " is out of range; there are 4 rows");
  REQUIRE(four.rows(4, 0).target.size(0) == 0);
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  for (const auto& [start, count] :
      std::vector<std::pair<std::int64_t, std::int64_t>>{{-1, 1}, {0, -1}, {3, 2}, {5, 0}, {most, most}})
    REQUIRE(error_of([&, start = start, count = count] { four.rows(start, count); }) ==
            "tensor_dataset: rows " + std::to_string(start) + " to " + std::to_string(start) + " + " +
                std::to_string(count) + " are out of range; there are 4");
  REQUIRE(error_of([&] {
    four.get_batch(tensor({0.0, 1.0}));
  }) == "tensor_dataset: the index must be a vector of int64; it is float32 [2]");
  REQUIRE(error_of([&] { four.get_batch(Tensor()); }) == "tensor_dataset: the index is undefined");
}

TEST_CASE("dataset: rows are views, gathered rows are copies") {
  const Tensor x = arange(8);
  const data::TensorDataset dataset(x);
  REQUIRE(dataset.rows(2, 3)[0].raw() == x.narrow(0, 2, 3).raw());
  REQUIRE(dataset[5][0].raw() == x.select(0, 5).raw());
  const Tensor picked = dataset.get_batch(arange(3, {.dtype = DType::int64}))[0];
  REQUIRE(picked.raw() != x.raw());
  REQUIRE(equal(picked, arange(3)));
}

TEST_CASE("loader: a batch size above the size of the data set gives one full batch") {
  data::DataLoader loader(rows(5), {.batch_size = std::numeric_limits<std::int64_t>::max()});
  REQUIRE(order_of(loader).size() == 5);
}
