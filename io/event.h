// Records of TensorBoard's event files: protobuf messages (Event, Summary, HistogramProto) in TFRecord
// frames.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include <tenon/io/histogram.h>

namespace tenon::io {

/// The first record of every event file. `wall_time` is in seconds since 1970.
std::string version_record(double wall_time);

/// `value` is stored as float32, as a simple_value, which every viewer reads. `tag` is UTF-8.
std::string scalar_record(std::string_view tag, double value, std::int64_t step, double wall_time);

std::string histogram_record(
    std::string_view tag, const Histogram& histogram, std::int64_t step, double wall_time);

}  // namespace tenon::io
