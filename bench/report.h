// The report: a table as text, JSON, CSV, and a roofline plot.
#pragma once
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "measure.h"

namespace bench {

using Json = nlohmann::ordered_json;

/// Where and how a run was made: commit, date, processor, instruction set, threads, compiler, peers.
Json context(int threads);
Json json_of(const Roofs& roofs);
Json json_of(const Row& row, int threads);

/// How to read the rows below it.
void print_header(const Json& context, const Json& roofs);
/// A line per row, from its JSON.
void print(const Json& row);
/// A line per contender.
std::string csv_of(const Json& rows);
/// Rate over arithmetic intensity, with the roofs measured in the same run.
void save_roofline(const Json& report, const std::string& path);

}  // namespace bench
