// The device under test where it is emulated; tests/support/device.cpp is its twin for real ones.
#include "../support/device.h"

#include <simt_emu/emulator.h>

#include "../support/catch.h"

namespace tenon::test {

bool on_gpu() { return false; }

void on_every_schedule(const std::function<void()>& body) {
  static unsigned turn = 0;
  simt::emu::schedule_seed = turn++ % 3;  // 0: in order
  INFO("schedule " << simt::emu::schedule_seed);
  body();
}

}  // namespace tenon::test
