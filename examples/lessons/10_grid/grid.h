// A pretend GPU: runs a kernel for each thread of a grid, one thread after the other. It checks every access,
// and counts what the accesses of a warp would cost.
#pragma once
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

// Where a thread is. In CUDA: blockIdx.x, threadIdx.x, gridDim.x and blockDim.x.
struct Thread {
  int block, thread, blocks, threads_per_block;
};

inline constexpr int warp_size = 32;  // threads that run together
inline constexpr int sector = 8;      // floats that come from memory together: 32 bytes

// The thread that is running, and the sectors that each request of a warp has touched.
struct Device {
  Thread now{};
  int launch = 0;
  int accesses = 0;  // of this thread
  std::map<std::tuple<int, int, int>, std::set<std::pair<const void*, int>>> touched{};

  std::size_t requests() const { return touched.size(); }
  std::size_t sectors() const {
    std::size_t count = 0;
    for (const auto& request : touched) count += request.second.size();
    return count;
  }
};
inline Device device;

// Memory of the device. a[i] can be read and written.
class Array {
 public:
  explicit Array(std::vector<float> elements) : elements_(std::move(elements)), writers_(elements_.size()) {}
  const std::vector<float>& elements() const { return elements_; }

  class Element {
   public:
    Element(Array& array, int index) : array_(array), index_(index) {}
    operator float() const { return array_.access("reads", index_); }
    void operator=(float value) const { array_.write(index_, value); }
    void operator=(const Element& other) const { *this = static_cast<float>(other); }

   private:
    Array& array_;
    int index_;
  };
  Element operator[](int index) { return {*this, index}; }

 private:
  struct Writer {
    int launch = 0, block = 0, thread = 0;
  };

  // The threads of a warp execute the same instruction together: their first accesses are one request to
  // memory, their second accesses another, and so on.
  float& access(const char* what, int index) {
    if (index < 0 || index >= static_cast<int>(elements_.size()))
      throw std::runtime_error(name(device.now.block, device.now.thread) + " " + what + " element " +
                               std::to_string(index) + " of " + std::to_string(elements_.size()));
    const int warp = device.now.thread / warp_size;
    device.touched[{device.now.block, warp, device.accesses++}].insert({this, index / sector});
    return elements_[index];
  }
  void write(int index, float value) {
    access("writes", index) = value;
    const Writer before =
        std::exchange(writers_[index], {device.launch, device.now.block, device.now.thread});
    if (before.launch == device.launch &&
        (before.block != device.now.block || before.thread != device.now.thread))
      throw std::runtime_error(name(before.block, before.thread) + " and " +
                               name(device.now.block, device.now.thread) + " both write element " +
                               std::to_string(index));
  }
  static std::string name(int block, int thread) {
    return "thread " + std::to_string(thread) + " of block " + std::to_string(block);
  }

  std::vector<float> elements_;
  std::vector<Writer> writers_;  // of each element, the last one
};

// In CUDA: kernel<<<blocks, threads_per_block>>>(arguments...)
template <class... Parameters, class... Arguments>
void launch(
    int blocks, int threads_per_block, void (*kernel)(Thread, Parameters...), Arguments&&... arguments) {
  device = {.launch = device.launch + 1};
  for (int block = 0; block < blocks; ++block)
    for (int thread = 0; thread < threads_per_block; ++thread) {
      device.now = {block, thread, blocks, threads_per_block};
      device.accesses = 0;
      kernel(device.now, arguments...);
    }
}
