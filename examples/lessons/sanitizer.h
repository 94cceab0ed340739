// Runs a kernel under AddressSanitizer, whose report it makes shorter. For one source file of a program.
#pragma once
#include <cstdio>
#include <string>
#include <string_view>

#include <sanitizer/asan_interface.h>

#include "device.h"

/// What is checked, in front of the error, and a line that follows it.
struct Report {
  std::string before, hint;
};
inline Report report_of_check;

/// The report ends with a line "SUMMARY: AddressSanitizer: heap-buffer-overflow /path/bug.cpp:6 in f(int)".
inline void print_summary(const char* report) {
  std::string_view line(report);
  line.remove_prefix(line.rfind("AddressSanitizer: "));
  const std::string_view error = line.substr(0, line.find(' ', line.find(' ') + 1));
  std::string_view place = line.substr(error.size() + 1);
  place = place.substr(0, place.find(' '));
  place.remove_prefix(place.rfind('/') + 1);
  std::printf("failed: %s%.*s at %.*s, in thread %u of block %u\n", report_of_check.before.c_str(),
      static_cast<int>(error.size()), error.data(), static_cast<int>(place.size()), place.data(), threadIdx.x,
      blockIdx.x);
  if (!report_of_check.hint.empty()) std::puts(report_of_check.hint.c_str());
  std::fflush(stdout);  // AddressSanitizer ends the program
}

/// To be called first.
inline void shorten_reports() {
  __asan_set_error_report_callback(print_summary);
  std::freopen("/dev/null", "w", stderr);  // the whole report
}

extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }
