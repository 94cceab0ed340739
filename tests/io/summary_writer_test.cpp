// Scalars and histograms written by SummaryWriter.
#include <tenon/io/histogram.h>
#include <tenon/io/summary_writer.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

#include "../support/files.h"
#include "event_reader.h"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("scalars keep tag, value, step and time") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory.path(), fixed);
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  writer.add_scalar("train/loss", 1.5, 0);
  writer.add_scalar("größe", 0, 300);
  writer.add_scalar("train/loss", -1e300, most);
  writer.add_scalar("train/loss", 0.1, -1);
  constexpr float infinity = std::numeric_limits<float>::infinity();
  CHECK(read_scalars(directory.path()) ==
        std::vector<Scalar>{{"train/loss", 1.5f, 0, 1700000000}, {"größe", 0.0f, 300, 1700000000},
            {"train/loss", -infinity, most, 1700000000}, {"train/loss", 0.1f, -1, 1700000000}});
}

TEST_CASE("a loss that diverged is recorded") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory.path(), fixed);
  writer.add_scalar("loss", std::nan(""), 1);
  const std::vector<Scalar> scalars = read_scalars(directory.path());
  REQUIRE(scalars.size() == 1);
  CHECK(std::isnan(scalars[0].value));
}

TEST_CASE("the clock counts seconds since 1970") {
  const TemporaryDirectory directory;
  const auto now = [] {  // not std::time(), whose clock lags by up to a tick
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  };
  const double before = now();
  io::SummaryWriter writer(directory.path());
  writer.add_scalar("loss", 1, 1);
  const double time = read_scalars(directory.path()).at(0).wall_time;
  constexpr double rounding = 1e-6;
  CHECK(time >= before - rounding);
  CHECK(time <= now() + rounding);
}

TEST_CASE("add_scalars accepts strings, literals, views and vectors") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory.path(), fixed);
  const std::string string_tag = "string";
  const std::string_view view_tag = "view";
  writer.add_scalars("main", {{string_tag, 1.0}, {view_tag, 2.0f}, {"integer", 3}}, 0);
  writer.add_scalars("main", {{"single", 4.0}}, 0);
  const std::vector<std::pair<std::string, double>> values = {{"vector", 5.0}};
  writer.add_scalars("main", values, 0);
  writer.add_scalars("main", {}, 0);
  float expected = 1;
  for (const char* run : {"main_string", "main_view", "main_integer", "main_single", "main_vector"})
    CHECK(read_scalars(directory / run) == std::vector<Scalar>{{"main", expected++, 0, 1700000000}});
}

TEST_CASE("add_histogram writes a HistogramProto") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory.path(), fixed);
  const std::vector<float> floats = {-1, 2, 2, 0};
  const std::vector<double> doubles = {-1, 2, 2, 0};
  writer.add_histogram("weights", floats, 3);
  writer.add_histogram("weights", doubles, 3);
  const std::vector<std::string> events = read_records(only_event_file(directory.path()));
  REQUIRE(events.size() == 3);
  CHECK(events[1] == events[2]);
  CHECK(decode(events[1]).number(2) == 3);
  const Message value = value_of(events[1]);
  CHECK(value.bytes.at(1) == "weights");
  const Message histogram = decode(value.bytes.at(5));
  const io::Histogram expected = io::make_histogram(std::span<const double>(doubles));
  CHECK(histogram.real(1) == -1);
  CHECK(histogram.real(2) == 2);
  CHECK(histogram.real(3) == 4);
  CHECK(histogram.real(4) == 3);
  CHECK(histogram.real(5) == 9);
  CHECK(histogram.reals(6) == expected.limits);
  CHECK(histogram.reals(7) == expected.buckets);
}

TEST_CASE("threads share a writer") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory.path(), {.max_open_files = 2, .wall_time = fixed_time});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&writer, t] {
      for (int step = 0; step < 50; ++step) {
        writer.add_scalar("loss", t, step);
        writer.add_scalars("m", {{"run" + std::to_string(t), step}}, step);
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(read_scalars(directory.path()).size() == 200);
  for (int t = 0; t < 4; ++t) CHECK(read_scalars(directory / ("m_run" + std::to_string(t))).size() == 50);
}
