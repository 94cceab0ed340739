// A build with CUDA on a machine without a driver.
#include <simt_emu/control.h>

#include "../support/catch.h"
#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

TEST_CASE("no driver: there is no device and no crash") {
  simt::emu::set_device_count(0);
  REQUIRE(cuda::device_count() == 0);
  REQUIRE_FALSE(cuda::is_available());
  const std::string none =
      " was requested, but there is no CUDA device: "
      "CUDA driver version is insufficient for CUDA runtime version";
  REQUIRE(error_of([] { zeros({2}, {.device = Device::cuda()}); }) == "zeros: cuda:0" + none);
  REQUIRE(error_of([] { ones({2}).to(Device::cuda(1)); }) == "to: cuda:1" + none);
  REQUIRE(error_of([] { Stream::current(Device::cuda()); }) == "stream: cuda:0" + none);
  REQUIRE(error_of([] { Stream::create(Device::cuda()); }) == "stream: cuda:0" + none);
  REQUIRE(error_of([] { cuda::synchronize(); }) == "synchronize: cuda:0" + none);
  REQUIRE(error_of([] { cuda::empty_cache(); }) == "empty_cache: cuda:0" + none);
  REQUIRE(error_of([] { cuda::memory_use(); }) == "memory_use: cuda:0" + none);
  REQUIRE(ones({2}).sum().item<float>() == 2);
}
