#include <tenon/core/random.h>

namespace tenon {

void Generator::manual_seed(std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  seed_ = seed;
  for (std::uint64_t& calls : calls_) calls = 0;
}

std::uint64_t Generator::seed() const {
  const std::lock_guard lock(mutex_);
  return seed_;
}

Generator::Key Generator::next(RandomDomain domain) {
  const std::lock_guard lock(mutex_);
  const auto d = static_cast<std::uint64_t>(domain);
  return {seed_, first_stream_ + (d << 56 | calls_[d]++)};
}

Generator& default_generator() {
  static Generator generator;
  return generator;
}

void manual_seed(std::uint64_t seed) { default_generator().manual_seed(seed); }

}  // namespace tenon
