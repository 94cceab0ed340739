// Batches of a data set.
#pragma once
#include <cstddef>
#include <iterator>
#include <optional>

#include <tenon/core/state_dict.h>
#include <tenon/data/dataset.h>

namespace tenon::data {

struct DataLoaderOptions {
  std::int64_t batch_size = 1;
  bool shuffle = false;
  bool drop_last = false;          // leave out a last batch that is not full
  Generator* generator = nullptr;  // null: the process-wide one; used only by the constructor
  std::optional<Device> device{};  // the device of the batches; unset: that of the data set
};

/// `for (auto& [x, y] : loader)` yields each batch once; none if there are no samples, or too few for a full
/// batch with drop_last. Without shuffling a batch is a view; with it, one gather per tensor, on the data
/// set's device. Each pass is a new epoch. With shuffling it has a new order, a function of the seed, the
/// number of the loader and the epoch.
template <std::size_t N>
class DataLoader {
 public:
  DataLoader(TensorDataset<N> dataset, const DataLoaderOptions& options = {})
      : dataset_(std::move(dataset)), options_(options) {
    if (options.device) check_available("data_loader", *options.device);
    check(options.batch_size > 0, "data_loader: batch_size must be positive; it is {}", options.batch_size);
    if (options.shuffle)
      key_ = (options.generator ? *options.generator : default_generator()).next(RandomDomain::loader);
  }

  class Iterator {
   public:
    using value_type = std::array<Tensor, N>;
    using difference_type = std::ptrdiff_t;

    /// The batch, which the iterator holds until it moves on.
    value_type& operator*() const TENON_LIFETIMEBOUND {
      check_not_at_end();
      const std::int64_t size = loader_->options_.batch_size, start = batch_ * size;
      const std::int64_t count = std::min(size, loader_->dataset_.size() - start);
      tensors_ = order_.defined() ? loader_->dataset_.gather(order_.narrow(0, start, count))
                                  : loader_->dataset_.rows(start, count);
      if (loader_->options_.device)
        for (Tensor& tensor : tensors_) tensor = tensor.to(*loader_->options_.device);
      return tensors_;
    }
    Iterator& operator++() {
      check_not_at_end();
      tensors_ = {};
      ++batch_;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return batch_ == loader_->batch_count(); }

   private:
    friend class DataLoader;
    Iterator(const DataLoader* loader, Tensor order) : loader_(loader), order_(std::move(order)) {}
    void check_not_at_end() const {
      check(batch_ < loader_->batch_count(), "data_loader: there is no batch {}; an epoch has {}", batch_,
          loader_->batch_count());
    }

    const DataLoader* loader_;
    Tensor order_;  // of the samples; undefined without shuffling
    std::int64_t batch_ = 0;
    mutable value_type tensors_{};
  };

  /// Begins an epoch, of a const loader too: its data and options do not change, its epoch does.
  Iterator begin() const TENON_LIFETIMEBOUND {
    check_epoch(epoch_);
    Iterator first(this, options_.shuffle ? order_of(epoch_) : Tensor());
    ++epoch_;
    return first;
  }
  std::default_sentinel_t end() const { return {}; }

  /// Batches per epoch.
  std::int64_t batch_count() const {
    const std::int64_t full = dataset_.size() / options_.batch_size;
    return full + (!options_.drop_last && dataset_.size() % options_.batch_size != 0);
  }
  /// The number of passes begun; set it, to at most 2^31 - 1, to continue where another run stopped.
  std::int64_t epoch() const { return epoch_; }
  void set_epoch(std::int64_t epoch) {
    check_epoch(epoch);
    epoch_ = epoch;
  }
  /// The epoch and, with shuffling, what the orders depend on, as `epoch`, `seed` and `stream`: a loader of
  /// the same data that loads the state continues with the same batches. Save it between passes: during a
  /// pass, the state is that of its end.
  StateDict state_dict() const {
    StateDict state{{"epoch", tensor(epoch_, {.dtype = DType::int64})}};
    if (options_.shuffle) {
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
    if (options_.shuffle) {
      reader.take_number("seed", seed);
      reader.take_number("stream", stream);
    }
    reader.finish();
    set_epoch(epoch);
    key_ = {static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(stream)};
  }
  const TensorDataset<N>& dataset() const TENON_LIFETIMEBOUND { return dataset_; }

 private:
  static void check_epoch(std::int64_t epoch) {
    check(epoch >= 0 && epoch < epochs, "data_loader: the epoch must be from 0 to {}; it is {}", epochs - 1,
        epoch);
  }
  Tensor order_of(std::int64_t epoch) const {
    Generator generator(key_.seed, key_.stream + (static_cast<std::uint64_t>(epoch) << 32));
    return randperm(dataset_.size(), generator).to(dataset_.device());
  }

  // Further epochs would use the random numbers of other calls: see Generator::next().
  static constexpr std::int64_t epochs = std::int64_t{1} << 31;

  TensorDataset<N> dataset_;
  DataLoaderOptions options_;
  Generator::Key key_{};
  mutable std::int64_t epoch_ = 0;
};

}  // namespace tenon::data
