#include <tenon/core/random.h>

#include <iterator>

namespace tenon {

namespace {

constexpr const char* call_names[] = {"calls.user", "calls.init", "calls.loader"};

/// A 0-dimensional int64 tensor of the same 64 bits.
Tensor word(std::uint64_t value) {
  Tensor out = detail::new_tensor({}, DType::int64, Stream());
  *out.ptr<std::int64_t>() = static_cast<std::int64_t>(value);
  return out;
}

/// Holds the flag as a lock: other threads that want it wait.
class Lock {
 public:
  explicit Lock(std::atomic_flag& flag) : flag_(flag) {
    while (flag_.test_and_set(std::memory_order_acquire)) flag_.wait(true, std::memory_order_relaxed);
  }
  ~Lock() {
    flag_.clear(std::memory_order_release);
    flag_.notify_one();
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  std::atomic_flag& flag_;
};

}  // namespace

void Generator::manual_seed(std::uint64_t seed) {
  const Lock lock(locked_);
  seed_ = seed;
  for (std::uint64_t& calls : calls_) calls = 0;
}

std::uint64_t Generator::seed() const {
  const Lock lock(locked_);
  return seed_;
}

Generator::Key Generator::next(RandomDomain domain) {
  const Lock lock(locked_);
  const auto d = static_cast<std::uint64_t>(domain);
  return {seed_, first_stream_ + (d << 56 | calls_[d]++)};
}

StateDict Generator::state_dict() const {
  const Lock lock(locked_);
  StateDict state{{"seed", word(seed_)}, {"first_stream", word(first_stream_)}};
  for (std::size_t d = 0; d < std::size(calls_); ++d) state.emplace_back(call_names[d], word(calls_[d]));
  return state;
}

void Generator::load_state_dict(const StateDict& state) {
  StateReader reader(state, "generator");
  std::int64_t seed = 0, first_stream = 0, calls[std::size(call_names)] = {};
  reader.take_number("seed", seed);
  reader.take_number("first_stream", first_stream);
  for (std::size_t d = 0; d < std::size(calls); ++d) {
    reader.take_number(call_names[d], calls[d]);
    if (calls[d] < 0 || calls[d] >> 56 != 0)
      reader.complain("\"{}\" must be from 0 to 2^56 - 1; it is {}", call_names[d], calls[d]);
  }
  reader.finish();
  const Lock lock(locked_);
  seed_ = static_cast<std::uint64_t>(seed);
  first_stream_ = static_cast<std::uint64_t>(first_stream);
  for (std::size_t d = 0; d < std::size(calls); ++d) calls_[d] = static_cast<std::uint64_t>(calls[d]);
}

Generator& default_generator() {
  static Generator generator;
  return generator;
}

void manual_seed(std::uint64_t seed) { default_generator().manual_seed(seed); }

}  // namespace tenon
