// Data sets: samples, by index or one after the other.
#pragma once
#include <array>
#include <concepts>
#include <iterator>
#include <utility>
#include <vector>

#include <tenon/autograd/ops.h>
#include <tenon/core/random.h>
#include <tenon/data/example.h>

namespace tenon::data {

namespace detail {

/// Sample i. The numbers of the generator depend on the seed, the epoch and i.
template <class D>
decltype(auto) sample(const D& dataset, std::int64_t i, Generator& generator) requires requires {
  dataset.get(i, generator);
}
{ return dataset.get(i, generator); }
template <class D>
decltype(auto) sample(const D& dataset, std::int64_t i, Generator&) requires requires {
  dataset.get(i);
}
{ return dataset.get(i); }
template <class D>
    decltype(auto) sample(const D& dataset, std::int64_t i, Generator&) requires(
        !requires { dataset.get(i); }) &&
    requires {
  dataset[static_cast<std::size_t>(i)];
}
{ return dataset[static_cast<std::size_t>(i)]; }

}  // namespace detail

/// A data set by index: `size()`, and `get(i)` for 0 <= i < size(), which returns a sample: a tensor, a
/// number, an Example, array or tuple of them, or whatever else a loader's collate function accepts. With
/// worker threads, get() is called by several at a time. One that draws random numbers is `get(i,
/// generator)`, whose Generator depends on the seed, the epoch and i alone. `dataset[i]` serves too, so a
/// std::vector of samples is a data set.
template <class D>
concept Dataset = requires(const D& dataset, std::int64_t i, Generator& generator) {
  { dataset.size() } -> std::convertible_to<std::int64_t>;
  detail::sample(dataset, i, generator);
};
/// A data set that can only be read from its begin() to its end(), a new epoch each time.
template <class D>
concept IterableDataset = !Dataset<D> && requires(D & dataset) {
  { std::begin(dataset) } -> std::input_iterator;
  std::end(dataset);
};

/// The type of a data set's samples.
template <Dataset D>
using SampleOf = std::remove_cvref_t<decltype(detail::sample(
    std::declval<const D&>(), std::int64_t{}, std::declval<Generator&>()))>;

/// Sample i is row i of every tensor: an Example if there are two, otherwise an array.
template <std::size_t N>
class TensorDataset {
  static_assert(N > 0, "a data set needs a tensor");

 public:
  template <class... Tensors>
  requires(sizeof...(Tensors) == N) explicit TensorDataset(Tensors... tensors)
      : tensors_{std::move(tensors)...} {
    for (std::size_t i = 0; i < N; ++i) {
      const Tensor& tensor = tensors_[i];
      check(tensor.defined(), "tensor_dataset: tensor {} is undefined", i);
      check(tensor.dim() >= 1, "tensor_dataset: a tensor without dimensions has no rows");
      check(tensor.size(0) == size(), "tensor_dataset: the tensors have {} and {} rows", size(),
          tensor.size(0));
      check(tensor.device() == tensors_[0].device(), "tensor_dataset: devices differ; {} and {}",
          tensors_[0].device(), tensor.device());
    }
  }

  using Rows = std::conditional_t<N == 2, Example<>, std::array<Tensor, N>>;

  std::int64_t size() const { return tensors_[0].size(0); }
  Device device() const { return tensors_[0].device(); }
  /// Row `index` of each tensor, without its first dimension. A negative index counts from the end.
  Rows operator[](std::int64_t index) const {
    check(index >= -size() && index < size(), "tensor_dataset: index {} is out of range; there are {} rows",
        index, size());
    return each([index](const Tensor& tensor) { return tensor.select(0, index); });
  }
  Rows get(std::int64_t index) const { return (*this)[index]; }
  /// Rows [start, start + count), views.
  Rows rows(std::int64_t start, std::int64_t count) const {
    check(start >= 0 && count >= 0 && start <= size() && count <= size() - start,
        "tensor_dataset: rows {} to {} + {} are out of range; there are {}", start, start, count, size());
    return each([=](const Tensor& tensor) { return tensor.narrow(0, start, count); });
  }
  /// The rows selected by `index` (int64), gathered. Data sets that have this function give batches with it.
  Rows get_batch(const Tensor& index) const {
    check(index.defined(), "tensor_dataset: the index is undefined");
    check(index.dtype() == DType::int64 && index.dim() == 1,
        "tensor_dataset: the index must be a vector of int64; it is {} {}", index.dtype(), index.shape());
    return each([&](const Tensor& tensor) { return index_select(tensor, 0, index); });
  }

 private:
  template <class F>
  Rows each(F f) const {
    return std::apply([&](const auto&... tensors) { return Rows{f(tensors)...}; }, tensors_);
  }

  std::array<Tensor, N> tensors_;
};

template <class... Tensors>
TensorDataset(Tensors...) -> TensorDataset<sizeof...(Tensors)>;

/// The samples of a data set at the given indices (int64 [n]).
template <Dataset D>
class Subset {
 public:
  Subset(D dataset, const Tensor& indices) : dataset_(std::move(dataset)) {
    check(indices.defined() && indices.dtype() == DType::int64 && indices.dim() == 1,
        "subset: the indices must be a vector of int64");
    indices_ = indices.to(Device{}).clone();
    const auto samples = static_cast<std::int64_t>(dataset_.size());
    for (const std::int64_t index : indices_.data<std::int64_t>())
      check(index >= 0 && index < samples, "subset: index {} is out of range; there are {} samples", index,
          samples);
  }

  std::int64_t size() const { return indices_.size(0); }
  SampleOf<D> get(std::int64_t i) const requires requires(const D& dataset) {
    dataset.get(i);
  } ||(!requires(const D& dataset, Generator& g) { dataset.get(i, g); }) {
    Generator unused;
    return detail::sample(dataset_, at(i), unused);
  }
  SampleOf<D> get(std::int64_t i, Generator& generator) const requires requires(const D& dataset) {
    dataset.get(i, generator);
  }
  { return dataset_.get(at(i), generator); }
  auto get_batch(const Tensor& index) const requires requires(const D& dataset) { dataset.get_batch(index); }
  { return dataset_.get_batch(index_select(indices_, 0, index.to(Device{}))); }
  const D& dataset() const TENON_LIFETIMEBOUND { return dataset_; }
  const Tensor& indices() const TENON_LIFETIMEBOUND { return indices_; }

 private:
  std::int64_t at(std::int64_t i) const { return indices_.at({i}).item<std::int64_t>(); }

  D dataset_;
  Tensor indices_;
};

namespace detail {

/// The sizes of the parts of random_split(): `lengths` are numbers of samples or, with a sum of 1, fractions,
/// whose remaining samples go to the first parts, one each.
TENON_API std::vector<std::int64_t> split_sizes(std::int64_t samples, const std::vector<double>& lengths);

}  // namespace detail

/// Divides a data set at random: `random_split(dataset, {0.8, 0.2})` by fractions, `random_split(dataset,
/// {80, 20})` by numbers of samples.
template <Dataset D, class Length>
requires std::is_arithmetic_v<Length> std::vector<Subset<D>> random_split(
    const D& dataset, const std::vector<Length>& lengths, Generator& generator = default_generator()) {
  const auto samples = static_cast<std::int64_t>(dataset.size());
  const std::vector<std::int64_t> sizes = detail::split_sizes(samples, {lengths.begin(), lengths.end()});
  const Tensor order = randperm(samples, generator);
  std::vector<Subset<D>> parts;
  std::int64_t start = 0;
  for (const std::int64_t size : sizes)
    parts.emplace_back(dataset, order.narrow(0, std::exchange(start, start + size), size));
  return parts;
}
template <Dataset D, class Length>
std::vector<Subset<D>> random_split(
    const D& dataset, std::initializer_list<Length> lengths, Generator& generator = default_generator()) {
  return random_split(dataset, std::vector<Length>(lengths), generator);
}

}  // namespace tenon::data
