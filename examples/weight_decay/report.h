// What the program leaves behind: a table, a sentence, a plot, a JSON file.
#pragma once
#include <string>

#include "experiment.h"

/// A line a run, and below one sentence that says what happened.
std::string table(const Outcome& outcome);
std::string conclusion(const Outcome& outcome, const Settings& settings);
/// Both losses of every run over the epochs, on a log axis.
void save_plot(const Outcome& outcome, const std::string& path);
void save_json(const Outcome& outcome, const Settings& settings, const std::string& path);
