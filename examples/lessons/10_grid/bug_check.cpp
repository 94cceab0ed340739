// Runs a kernel under AddressSanitizer, whose report it makes shorter.
#include <cstdio>
#include <string_view>

#include <sanitizer/asan_interface.h>

#include "../device.h"

__global__ void differences(const float* x, float* y, int n);

namespace {

/// The report ends with a line "SUMMARY: AddressSanitizer: heap-buffer-overflow /path/bug.cpp:6 in f(int)".
void print_summary(const char* report) {
  std::string_view line(report);
  line.remove_prefix(line.rfind("AddressSanitizer: "));
  const std::string_view error = line.substr(0, line.find(' ', line.find(' ') + 1));
  std::string_view place = line.substr(error.size() + 1);
  place = place.substr(0, place.find(' '));
  place.remove_prefix(place.rfind('/') + 1);
  std::printf("failed: %.*s at %.*s, in thread %u of block %u\n", static_cast<int>(error.size()),
      error.data(), static_cast<int>(place.size()), place.data(), threadIdx.x, blockIdx.x);
  std::fflush(stdout);  // AddressSanitizer ends the program
}

}  // namespace

extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

int main() {
  __asan_set_error_report_callback(print_summary);
  std::freopen("/dev/null", "w", stderr);  // the whole report
  const std::vector<float> numbers = {0, 1, 4, 9, 16, 25, 36, 49, 64, 81};
  const DeviceArray x(numbers), y(9);
  launch(differences, 3, 4, x, y, 10);
  const std::vector<float> found = y.numbers();
  for (int i = 0; i < 9; ++i) {
    if (found[i] == numbers[i + 1] - numbers[i]) continue;
    std::printf("failed: y[%d] should be %g, it is %g\n", i, numbers[i + 1] - numbers[i], found[i]);
    return 1;
  }
  std::puts("passed");
}
