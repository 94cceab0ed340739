// What the program leaves behind: a table, a sentence, a plot, a JSON file.
#pragma once
#include <string>

#include "experiment.h"

/// A line a run.
std::string table(const Outcome& outcome);
/// What happened, no more than the numbers say: a sentence on the runs that ended well, one on those that
/// diverged.
std::string conclusion(const Outcome& outcome, const Settings& settings);
/// Both losses of every run over the epochs, on a log axis.
void save_plot(const Outcome& outcome, const std::string& path);
void save_json(const Outcome& outcome, const Settings& settings, const std::string& path);
