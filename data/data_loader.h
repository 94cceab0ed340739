// Batches of a data set.
#pragma once
#include <cstddef>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>

#include <tenon/core/state_dict.h>
#include <tenon/data/collate.h>
#include <tenon/data/dataset.h>
#include <tenon/data/prefetcher.h>
#include <tenon/data/sampler.h>

namespace tenon::data {

struct DataLoaderOptions {
  std::int64_t batch_size = 1;
  bool shuffle = false;
  bool drop_last = false;                       // leave out a last batch that is not full
  Generator* generator = nullptr;               // null: the process-wide one; used only by the constructor
  std::optional<Device> device{};               // the device of the batches; unset: that of the data set
  std::optional<Sampler> sampler{};             // the order, in place of `shuffle`
  std::optional<BatchSampler> batch_sampler{};  // the batches, in place of all of the above that say so
  std::int64_t num_workers = 0;                 // threads that make batches ahead; 0: the calling thread does
  std::int64_t prefetch_factor = 2;             // batches ahead per worker
};

namespace detail {

TENON_API void check_options(const DataLoaderOptions& options);

/// The batches of an epoch, one after the other, made when they are needed or, by workers, ahead.
template <class Batch>
class Batches {
 public:
  /// `make(i)` makes batch i; with an unknown count (-1), it returns nothing for those after the last one.
  template <class Make>
  Batches(std::int64_t count, const DataLoaderOptions& options, Make make)
      : count_(count), device_(options.device), make_(std::move(make)) {
    if (options.num_workers == 0 || count == 0) return;
    ahead_.resize(static_cast<std::size_t>(options.num_workers * options.prefetch_factor));
    prefetcher_ = std::make_unique<Prefetcher>(count < 0 ? std::numeric_limits<std::int64_t>::max() : count,
        options.num_workers, static_cast<std::int64_t>(ahead_.size()),
        [this](std::int64_t i) { ahead(i) = make_(i); });
  }

  bool at_end() {
    if (count_ < 0 && !batch_) make();
    return count_ < 0 ? !batch_ : index_ == count_;
  }
  /// What making the batch has thrown is thrown here, each time.
  Batch& current() {
    check_not_at_end();
    if (!batch_) make();
    return *batch_;
  }
  void next() {
    check_not_at_end();
    batch_.reset();
    if (prefetcher_) prefetcher_->next();
    ++index_;
  }

 private:
  void make() {
    if (prefetcher_) {
      prefetcher_->wait();
      batch_ = std::move(ahead(index_));
    } else {
      batch_ = make_(index_);
    }
    if (batch_ && device_) move_to(*batch_, *device_);
  }
  std::optional<Batch>& ahead(std::int64_t i) { return ahead_[static_cast<std::size_t>(i) % ahead_.size()]; }
  void check_not_at_end() {
    check(!at_end(), "data_loader: there is no batch {}; an epoch has {}", index_, index_);
  }

  std::int64_t count_, index_ = 0;
  std::optional<Device> device_;
  std::function<std::optional<Batch>(std::int64_t)> make_;
  std::optional<Batch> batch_;               // the current one, once it is needed
  std::vector<std::optional<Batch>> ahead_;  // batch i at i % size
  std::unique_ptr<Prefetcher> prefetcher_;   // last, so that its threads end first
};

/// Moves on once per batch and ends with the batches; copies share the place.
template <class Batch>
class BatchIterator {
 public:
  using value_type = Batch;
  using difference_type = std::ptrdiff_t;

  explicit BatchIterator(std::shared_ptr<Batches<Batch>> batches) : batches_(std::move(batches)) {}
  /// The batch, which the iterator holds until it moves on.
  Batch& operator*() const TENON_LIFETIMEBOUND { return batches_->current(); }
  BatchIterator& operator++() {
    batches_->next();
    return *this;
  }
  void operator++(int) { ++*this; }
  bool operator==(std::default_sentinel_t) const { return batches_->at_end(); }

 private:
  std::shared_ptr<Batches<Batch>> batches_;
};

}  // namespace detail

/// `for (auto& [x, y] : loader)` yields each batch once; none if there are no samples, or too few for a full
/// batch with drop_last. A batch of a TensorDataset is a view or, with shuffling, one gather per tensor on
/// the data set's device; other data sets give samples one by one, which `collate` makes a batch of. Each
/// pass is a new epoch, whose order is a function of the seed, the number of the loader and the epoch. So is
/// every batch, with any number of workers, unless the data set itself depends on something else.
///
/// N is the number of tensors of a TensorDataset, and 0 for others; usually it is deduced, like the rest.
template <std::size_t N, class D = TensorDataset<N>, class Collate = data::Collate>
class DataLoader {
  static_assert(Dataset<D>, "a data set needs size() and get(index), or begin() and end()");

  static constexpr bool gives_batches =
      std::same_as<Collate, data::Collate> && requires(const D& dataset, const Tensor& index) {
    dataset.get_batch(index);
  };
  static auto batch_of(const D& dataset, const Tensor& index, const Collate& collate) {
    if constexpr (gives_batches) return dataset.get_batch(index);
    else return collate(std::vector<SampleOf<D>>());
  }
  static constexpr bool draws = requires(const D& dataset, Generator& generator) {
    dataset.get(0, generator);
  };

 public:
  using Batch = decltype(batch_of(std::declval<const D&>(), Tensor(), std::declval<const Collate&>()));

  DataLoader(D dataset, DataLoaderOptions options = {}, Collate collate = {})
      : dataset_(std::move(dataset)), options_(std::move(options)), collate_(std::move(collate)) {
    detail::check_options(options_);
    if (random())
      key_ = (options_.generator ? *options_.generator : default_generator()).next(RandomDomain::loader);
  }

  using Iterator = detail::BatchIterator<Batch>;

  /// Begins an epoch, of a const loader too: its data and options do not change, its epoch does.
  Iterator begin() const TENON_LIFETIMEBOUND {
    check_epoch(epoch_);
    Iterator first(std::make_shared<detail::Batches<Batch>>(batch_count(), options_, batches_of(epoch_)));
    ++epoch_;
    return first;
  }
  std::default_sentinel_t end() const { return {}; }

  /// Batches per epoch.
  std::int64_t batch_count() const {
    return options_.batch_sampler ? options_.batch_sampler->size
                                  : detail::batch_count(samples(), options_.batch_size, options_.drop_last);
  }
  /// The number of passes begun; set it, to at most 2^31 - 1, to continue where another run stopped.
  std::int64_t epoch() const { return epoch_; }
  void set_epoch(std::int64_t epoch) {
    check_epoch(epoch);
    epoch_ = epoch;
  }
  /// The epoch and, where anything is random, what the random numbers depend on, as `epoch`, `seed` and
  /// `stream`: a loader of the same data that loads the state continues with the same batches. Save it
  /// between passes: during a pass, the state is that of its end.
  StateDict state_dict() const {
    StateDict state{{"epoch", tensor(epoch_, {.dtype = DType::int64})}};
    if (random()) {
      state.emplace_back("seed", tensor(static_cast<std::int64_t>(key_.seed), {.dtype = DType::int64}));
      state.emplace_back("stream", tensor(static_cast<std::int64_t>(key_.stream), {.dtype = DType::int64}));
    }
    return state;
  }
  /// Names must match; otherwise an Error says what is wrong and nothing has changed.
  void load_state_dict(const StateDict& state) {
    StateReader reader(state, "data loader");
    std::int64_t epoch = 0, seed = 0, stream = 0;
    reader.take_number("epoch", epoch);
    if (random()) {
      reader.take_number("seed", seed);
      reader.take_number("stream", stream);
    }
    reader.finish();
    set_epoch(epoch);
    key_ = {static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(stream)};
  }
  const D& dataset() const TENON_LIFETIMEBOUND { return dataset_; }

 private:
  static void check_epoch(std::int64_t epoch) {
    check(epoch >= 0 && epoch < epochs, "data_loader: the epoch must be from 0 to {}; it is {}", epochs - 1,
        epoch);
  }
  bool random() const { return options_.shuffle || options_.sampler || options_.batch_sampler || draws; }
  std::int64_t samples() const {
    return options_.sampler ? options_.sampler->size : static_cast<std::int64_t>(dataset_.size());
  }

  /// The function that makes batch i of an epoch.
  std::function<Batch(std::int64_t)> batches_of(std::int64_t epoch) const {
    Generator generator(detail::epoch_generator(key_, epoch));
    if (options_.batch_sampler) {
      std::vector<Tensor> batches = options_.batch_sampler->batches(epoch, generator);
      check(static_cast<std::int64_t>(batches.size()) == options_.batch_sampler->size,
          "data_loader: a batch sampler of {} batches gave {}", options_.batch_sampler->size, batches.size());
      for (Tensor& batch : batches) batch = prepared(detail::checked_order(batch, -1));
      return [this, epoch, batches = std::move(batches)](
                 std::int64_t i) { return selected(epoch, batches[static_cast<std::size_t>(i)]); };
    }
    const auto range = [count = samples(), size = options_.batch_size](
                           std::int64_t i) { return std::pair(i * size, std::min(size, count - i * size)); };
    if constexpr (gives_batches && requires { dataset_.rows(0, 0); })
      if (!options_.sampler && !options_.shuffle)
        return [this, range](std::int64_t i) {
          return std::apply([&](auto... at) { return dataset_.rows(at...); }, range(i));
        };
    const Sampler sampler = options_.sampler   ? *options_.sampler
                            : options_.shuffle ? RandomSampler(samples())
                                               : Sampler(SequentialSampler(samples()));
    const Tensor order = prepared(detail::checked_order(sampler.order(epoch, generator), sampler.size));
    return [this, epoch, order, range](std::int64_t i) {
      const auto [start, count] = range(i);
      return selected(epoch, order.narrow(0, start, count));
    };
  }
  /// An order where its indices are read.
  Tensor prepared(const Tensor& order) const {
    if constexpr (gives_batches && requires { dataset_.device(); }) return order.to(dataset_.device());
    else return order.to(Device{});
  }
  Batch selected(std::int64_t epoch, const Tensor& index) const {
    if constexpr (gives_batches) {
      return dataset_.get_batch(index);
    } else {
      const auto size = static_cast<std::int64_t>(dataset_.size());
      std::vector<SampleOf<D>> samples;
      samples.reserve(static_cast<std::size_t>(index.numel()));
      for (const std::int64_t i : index.data<std::int64_t>()) {
        check(i >= 0 && i < size, "data_loader: index {} is out of range; the data set has {} samples", i,
            size);
        Generator generator(detail::sample_generator(key_, epoch, i));
        samples.push_back(detail::sample(dataset_, i, generator));
      }
      return collate_(std::move(samples));
    }
  }

  // Further epochs would use the random numbers of other calls: see Generator::next().
  static constexpr std::int64_t epochs = std::int64_t{1} << 31;

  D dataset_;
  DataLoaderOptions options_;
  Collate collate_;
  Generator::Key key_{};
  mutable std::int64_t epoch_ = 0;
};

/// The same for a data set that can only be read from begin to end: batches of consecutive samples, without
/// an order to choose. A single worker can read ahead.
template <IterableDataset D, class Collate>
class DataLoader<0, D, Collate> {
 public:
  using Position = decltype(std::begin(std::declval<D&>()));
  using Sample = std::iter_value_t<Position>;
  using Batch = std::invoke_result_t<const Collate&, std::vector<Sample>>;
  using Iterator = detail::BatchIterator<Batch>;

  DataLoader(D dataset, DataLoaderOptions options = {}, Collate collate = {})
      : dataset_(std::move(dataset)), options_(std::move(options)), collate_(std::move(collate)) {
    detail::check_options(options_);
    check(!options_.shuffle && !options_.sampler && !options_.batch_sampler,
        "data_loader: a data set without get(index) has no order to choose");
    check(options_.num_workers <= 1,
        "data_loader: a data set without get(index) is read by one worker; num_workers is {}",
        options_.num_workers);
  }

  Iterator begin() const TENON_LIFETIMEBOUND {
    // Shared, because the iterators of some ranges cannot be copied.
    const auto at = std::make_shared<Position>(std::begin(dataset_));
    return Iterator(std::make_shared<detail::Batches<Batch>>(
        -1, options_, [this, at, end = std::end(dataset_)](std::int64_t) -> std::optional<Batch> {
          std::vector<Sample> samples;
          const auto size = static_cast<std::size_t>(options_.batch_size);
          for (; samples.size() < size && *at != end; ++*at) samples.push_back(**at);
          if (samples.empty() || (options_.drop_last && samples.size() < size)) return {};
          return collate_(std::move(samples));
        }));
  }
  std::default_sentinel_t end() const { return {}; }
  const D& dataset() const TENON_LIFETIMEBOUND { return dataset_; }

 private:
  mutable D dataset_;  // the begin() of some ranges, such as one of a stream, changes them
  DataLoaderOptions options_;
  Collate collate_;
};

template <std::size_t N>
DataLoader(TensorDataset<N>, DataLoaderOptions = {}) -> DataLoader<N>;
template <std::size_t N, class Collate>
DataLoader(TensorDataset<N>, DataLoaderOptions, Collate) -> DataLoader<N, TensorDataset<N>, Collate>;
template <class D>
DataLoader(D, DataLoaderOptions = {}) -> DataLoader<0, D>;
template <class D, class Collate>
DataLoader(D, DataLoaderOptions, Collate) -> DataLoader<0, D, Collate>;

}  // namespace tenon::data
