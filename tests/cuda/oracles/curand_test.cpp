// Philox of kernels/arith/philox.h against cuRAND's host generator, which needs no GPU and no driver.
//
// cuRAND interleaves 65536 subsequences in blocks of four words: word 4 j + c of a seed is word c of the
// block with key seed and counter (j / 65536, 0, j % 65536, 0). cuRAND's offset and subsequence are index and
// stream here: random_block(seed, j % 65536, j / 65536).
#include <curand.h>

#include <cstdint>
#include <cstdio>
#include <vector>

#include <tenon/kernels/arith/philox.h>

namespace {

constexpr std::uint64_t subsequences = 65536;

std::uint32_t word(std::uint64_t seed, std::uint64_t w) {
  const std::uint64_t j = w / 4;
  return tenon::num::random_block(seed, j % subsequences, j / subsequences).word[w % 4];
}

/// Compares `count` words from word `first` on with cuRAND's.
bool same(std::uint64_t seed, std::uint64_t first, std::size_t count) {
  std::vector<unsigned> words(count);
  curandGenerator_t generator = nullptr;
  curandStatus_t status = curandCreateGeneratorHost(&generator, CURAND_RNG_PSEUDO_PHILOX4_32_10);
  if (status == CURAND_STATUS_SUCCESS) status = curandSetPseudoRandomGeneratorSeed(generator, seed);
  if (status == CURAND_STATUS_SUCCESS) status = curandSetGeneratorOffset(generator, first);
  if (status == CURAND_STATUS_SUCCESS) status = curandGenerate(generator, words.data(), count);
  if (generator) curandDestroyGenerator(generator);
  if (status != CURAND_STATUS_SUCCESS) {
    std::printf("cuRAND failed: status %d\n", static_cast<int>(status));
    return false;
  }
  for (std::size_t i = 0; i < count; ++i)
    if (words[i] != word(seed, first + i)) {
      std::printf("seed %#llx, word %llu: cuRAND has %08x, tenon %08x\n",
          static_cast<unsigned long long>(seed), static_cast<unsigned long long>(first + i), words[i],
          word(seed, first + i));
      return false;
    }
  return true;
}

}  // namespace

int main() {
  bool good = true;
  for (const std::uint64_t seed :
      {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{42}, std::uint64_t{0xffffffff},
          std::uint64_t{0x100000000}, std::uint64_t{0x0123456789abcdef}, ~std::uint64_t{0}}) {
    good &= same(seed, 0, (std::size_t{1} << 20) + 3);
    // Where the block index no longer fits one word.
    good &= same(seed, (std::uint64_t{1} << 50) - 4 * subsequences, std::size_t{1} << 19);
  }
  std::puts(good ? "the words are the same" : "FAILED");
  return good ? 0 : 1;
}
