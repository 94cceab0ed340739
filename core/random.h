// The source of random numbers: a seed and a counter of calls.
#pragma once
#include <cstdint>
#include <mutex>

#include <tenon/core/api.h>

namespace tenon {

/// What a random call is for. Each purpose counts its own calls, so that a new layer moves nothing but
/// itself.
enum class RandomDomain : std::uint8_t { user, init, loader };

/// Every call of a random function takes one stream of Philox4x32-10; element i of its result depends on the
/// seed, the domain, the number of the call and i, never on threads or the device. Safe to use from several
/// threads.
class TENON_API Generator {
 public:
  /// `first_stream` is added to the stream of every call: generators of one seed with other first streams
  /// share no numbers.
  explicit Generator(std::uint64_t seed = 0, std::uint64_t first_stream = 0)
      : seed_(seed), first_stream_(first_stream) {}
  /// Starts over from `seed`.
  void manual_seed(std::uint64_t seed);
  std::uint64_t seed() const;
  /// What a kernel needs: a seed and a stream that no other call gets.
  struct Key {
    std::uint64_t seed, stream;
  };
  Key next(RandomDomain domain);

 private:
  mutable std::mutex mutex_;
  std::uint64_t seed_;
  std::uint64_t first_stream_;
  std::uint64_t calls_[3] = {};
};

/// The generator of the process, seeded with 0 at the start.
TENON_API Generator& default_generator();
/// Seeds it.
TENON_API void manual_seed(std::uint64_t seed);

}  // namespace tenon
