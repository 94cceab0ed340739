// The results of the program: a table, a conclusion, a plot and a JSON file.
#pragma once
#include <string>

#include "experiment.h"

/// One line per run.
std::string table(const Outcome& outcome, Penalty penalty);
/// What the decay of a run is called: "weight decay" or "L1 penalty".
const char* name_of(Penalty penalty);
/// What the numbers show: a sentence on the runs that converged and one on those that diverged.
std::string conclusion(const Outcome& outcome, const Settings& settings);
/// Both losses of every run over the epochs, on a log axis.
void save_plot(const Outcome& outcome, Penalty penalty, const std::string& path);
/// The magnitudes of the weights of every run that converged, largest first.
void save_weights_plot(const Outcome& outcome, Penalty penalty, const std::string& path);
void save_json(const Outcome& outcome, const Settings& settings, const std::string& path);
