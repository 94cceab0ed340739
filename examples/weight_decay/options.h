// The command line.
#pragma once
#include <optional>
#include <string>

#include "experiment.h"

struct Arguments {
  Settings settings;
  std::string device = "auto", init = "normal", logdir = "runs", plot, json;
};

/// Parses into `arguments`. What was asked for instead of a run, the help or the version, is the result.
/// Throws if the options are wrong, or cannot be used together or on this machine.
std::optional<std::string> parse(int argc, char** argv, Arguments& arguments);
