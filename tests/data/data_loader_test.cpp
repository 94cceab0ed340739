// Data sets and loaders.
#include "../support/catch.h"

#include <limits>
#include <set>

#include "../support/tensors.h"

using namespace tenon;
using support::error_of;

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

TEST_CASE("loader: batches in order are views") {
  const Tensor x = arange(6);
  const data::TensorDataset dataset(x);
  data::DataLoader loader(dataset, {.batch_size = 4});
  for (auto [batch] : loader) {
    REQUIRE(batch.raw() == x.raw());
    break;
  }
}

TEST_CASE("loader: shuffling visits each sample once, differently each epoch, again after the same seed") {
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

TEST_CASE("loader: refuses nonsense") {
  REQUIRE(error_of([] { data::DataLoader(rows(3), {.batch_size = 0}); }) ==
          "data_loader: batch_size must be positive; it is 0");
  REQUIRE(error_of([] { data::DataLoader(rows(0)); }) == "data_loader: the data set is empty");
  REQUIRE(error_of([] { data::DataLoader(rows(3), {.batch_size = 5, .drop_last = true}); }) ==
          "data_loader: 3 samples make no full batch of 5, and drop_last drops the rest");
  REQUIRE(error_of([] { const data::TensorDataset uneven(zeros({3}), zeros({4})); }) ==
          "tensor_dataset: the tensors have 3 and 4 rows");
  REQUIRE(error_of([] { const data::TensorDataset number(zeros({})); }) ==
          "tensor_dataset: a tensor without dimensions has no rows");
}

TEST_CASE("dataset: a row of each") {
  const auto [x, y] = rows(4)[2];
  REQUIRE(equal(x, tensor({4, 5})));
  REQUIRE(y.item<std::int64_t>() == 2);
}

TEST_CASE("loader: a batch larger than everything is everything") {
  data::DataLoader loader(rows(5), {.batch_size = std::numeric_limits<std::int64_t>::max()});
  REQUIRE(order_of(loader).size() == 5);
}
