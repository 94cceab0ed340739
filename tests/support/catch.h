// Catch2 2.13 or 3 under the names of 2.13, and skipped tests.
#pragma once
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
namespace Catch {
using TestEventListenerBase = EventListenerBase;
}
#else
#include <catch2/catch.hpp>
#endif

#include <string_view>

namespace tenon::test {

/// Reports that this machine lacks a requirement of the test case: `if (!gpu) return skip("no GPU");`. CTest
/// counts the case as skipped, not as passed.
void skip(std::string_view reason);

}  // namespace tenon::test
