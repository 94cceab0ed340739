#include <tenon/data/data_loader.h>

namespace tenon::data::detail {

void check_options(const DataLoaderOptions& options) {
  if (options.device) check_available("data_loader", *options.device);
  check(options.batch_size > 0, "data_loader: batch_size must be positive; it is {}", options.batch_size);
  check(options.num_workers >= 0, "data_loader: num_workers must not be negative; it is {}",
      options.num_workers);
  check(options.prefetch_factor > 0, "data_loader: prefetch_factor must be positive; it is {}",
      options.prefetch_factor);
  check(!options.sampler || !options.shuffle,
      "data_loader: a sampler chooses the order; shuffle must be false");
  check(!options.sampler || options.sampler->order, "data_loader: the sampler has no function");
  check(!options.batch_sampler || options.batch_sampler->batches,
      "data_loader: the batch sampler has no function");
  check(!options.batch_sampler ||
            (options.batch_size == 1 && !options.shuffle && !options.drop_last && !options.sampler),
      "data_loader: a batch sampler chooses the batches; batch_size, shuffle, drop_last and sampler must not "
      "be set");
}

}  // namespace tenon::data::detail
