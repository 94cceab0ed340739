// The command line.
#pragma once
#include <optional>
#include <string>

#include "experiment.h"

struct Arguments {
  Settings settings;
  std::string device = "auto", init = "normal", optimizer = "sgd", penalty = "l2", logdir = "runs", plot,
              weights, json;
};

/// Parses into `arguments`. If the help or the version was requested instead of a run, returns its text.
/// Throws if options are invalid, conflict with each other, or are not available on this machine.
std::optional<std::string> parse(int argc, char** argv, Arguments& arguments);
