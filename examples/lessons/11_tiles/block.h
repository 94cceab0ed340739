// Kernels whose threads work together: the pretend GPU of lesson 10, a block at a time.
#pragma once
#include "../10_grid/grid.h"

// A block of threads. each(f) runs f for each of them, and its end is a barrier: in CUDA, __syncthreads().
// What a block shares, and what each thread keeps from one each() to the next, are variables of the kernel.
class Block {
 public:
  Block(int block, int blocks, int threads) : block_(block), blocks_(blocks), threads_(threads) {}
  int index() const { return block_; }

  template <class F>
  void each(F f) {
    ++barriers_;
    for (int thread = 0; thread < threads_; ++thread) {
      device.now = {block_, thread, blocks_, threads_};
      device.accesses = barriers_ * 1'000'000;  // requests of different parts are different
      f(thread);
    }
  }

 private:
  int block_, blocks_, threads_, barriers_ = 0;
};

template <class... Parameters, class... Arguments>
void launch_blocks(int blocks, int threads, void (*kernel)(Block, Parameters...), Arguments&&... arguments) {
  device = {.launch = device.launch + 1};
  for (int block = 0; block < blocks; ++block) kernel(Block(block, blocks, threads), arguments...);
}
