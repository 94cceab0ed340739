// The random number generator: a seed and a counter of calls.
#pragma once
#include <atomic>
#include <cstdint>

#include <tenon/core/state_dict.h>

namespace tenon {

/// The purpose of a random call. Calls are counted per purpose, so that adding a layer does not change the
/// numbers of anything else.
enum class RandomDomain : std::uint8_t { user, init, loader };

/// Every call of a random function uses one stream of Philox4x32-10; element i of its result depends on the
/// seed, the domain, the number of the call and i, never on threads or the device. Thread-safe.
class TENON_API Generator {
 public:
  /// `first_stream` is added to the stream of every call: generators with the same seed but different first
  /// streams share no numbers.
  explicit Generator(std::uint64_t seed = 0, std::uint64_t first_stream = 0)
      : seed_(seed), first_stream_(first_stream) {}
  /// Restarts from `seed`.
  void manual_seed(std::uint64_t seed);
  std::uint64_t seed() const;
  /// The input of a kernel: a seed and a stream that no other call gets.
  struct Key {
    std::uint64_t seed, stream;
  };
  Key next(RandomDomain domain);

  /// What the next calls depend on, as `seed`, `first_stream` and the calls so far, `calls.user`,
  /// `calls.init` and `calls.loader`: a generator that loads the state continues with the same numbers.
  StateDict state_dict() const;
  /// Names must match; otherwise an Error says what is wrong and nothing has changed.
  void load_state_dict(const StateDict& state);

 private:
  mutable std::atomic_flag locked_;  // <mutex> would be a thirtieth of compiling tenon.h
  std::uint64_t seed_;
  std::uint64_t first_stream_;
  std::uint64_t calls_[3] = {};
};

/// The process-wide generator, initially seeded with 0.
TENON_API Generator& default_generator();
/// Seeds default_generator().
TENON_API void manual_seed(std::uint64_t seed);

}  // namespace tenon
