// What the command lines of the programs have in common.
#pragma once
#include <cstdlib>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "measure.h"
#include "select.h"

namespace bench {

/// --list, --filter and --size.
inline void add_selection(CLI::App& app, bool& list, Wanted& wanted) {
  app.add_flag("--list", list, "print the names of the rows, and measure nothing");
  app.add_option("--filter", wanted.filter, "only rows with a name that contains this regular expression");
  app.add_option(
         "--size", wanted.sizes, "these sizes, as in 1000 or 64x784x256, in cases with as many numbers")
      ->delimiter(',');
}

/// Ends the program after --help, and after a mistake, which it names.
inline void parse_or_exit(CLI::App& app, int argc, char** argv, const char* program) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) { std::exit(app.exit(help)); } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "{}: {}\n", program, error.what());
    std::exit(2);
  }
}

inline void print_names(const std::vector<Selected>& selected) {
  for (const Selected& chosen : selected) fmt::print("{}\n", row_name(chosen.one, chosen.size, chosen.cold));
}

}  // namespace bench
