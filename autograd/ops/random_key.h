// The key of a random call, also in the replays of a CUDA graph.
#pragma once
#include <tenon/core/cuda.h>
#include <tenon/core/random.h>
#include <tenon/kernels/random.h>

namespace tenon::autograd {

/// Calls kernel(key) with the key of the next random call, and again with a new one before each replay of a
/// graph that is being recorded. Recording runs nothing, and takes no key.
template <class Kernel>
void with_random_key(Stream stream, Generator& generator, RandomDomain domain, const Kernel& kernel) {
  cuda::repeat(stream, [=, &generator] {
    const auto key = cuda::is_capturing(stream) ? Generator::Key{} : generator.next(domain);
    kernel(kernels::RandomKey{key.seed, key.stream});
  });
}

}  // namespace tenon::autograd
