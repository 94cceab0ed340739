// The command line.
#pragma once
#include <string>

#include <CLI/CLI.hpp>

#include "experiment.h"

struct Arguments {
  Settings settings;
  std::string device = "auto", init = "normal", logdir = "runs", plot, json;
};

/// Parses into `arguments`.
void add_options(CLI::App& app, Arguments& arguments);

/// What concerns several options or this machine, once they are parsed: throws if they cannot be used
/// together or here.
void settle(Arguments& arguments);
