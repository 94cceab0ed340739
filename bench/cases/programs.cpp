// Whole processes: the experiment from start to end, and what a compiler needs for the header.
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "../case.h"

using namespace tenon;

namespace bench {
namespace {

/// A new folder for temporary files, removed with its contents.
struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "tenon_bench_XXXXXX").string();
    check(mkdtemp(name.data()) != nullptr, "{} cannot be made", name);
    path = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path path{};
};

/// Runs a command in a folder of its own, which has `source` as main.cpp; the result is the exit status.
Make command(const std::string& line, const std::string& source = "") {
  return [=](const std::vector<Tensors>&) {
    const auto folder = std::make_shared<Folder>();
    std::ofstream(folder->path / "main.cpp") << source;
    const auto run = [folder, line] {
      return std::system(("cd '" + folder->path.string() + "' && " + line + " > log 2>&1").c_str());
    };
    return Work{[run](std::int64_t calls) {
                  for (std::int64_t i = 0; i < calls; ++i) run();
                },
        [run] { return Tensors{full({}, run())}; }};
  };
}

}  // namespace

std::uintmax_t library_bytes() {
  std::error_code missing;
  const std::uintmax_t bytes = std::filesystem::file_size(TENON_BENCH_LIBRARY, missing);
  return missing ? 0 : bytes;
}

Make include_of(const std::string& header, const std::string& options) {
  return command(TENON_BENCH_CXX " -std=c++20 -fsyntax-only " + options + " main.cpp",
      "#include <" + header + ">\nint main() {}\n");
}

std::vector<Case> program_cases() {
  Case include{.name = "program/include", .sizes = {{1}}, .only_cpu = true};
  include.inputs = [](const Size&) { return Tensors{}; };
  include.make = include_of("tenon/tenon.h", "-I" TENON_BENCH_INCLUDE);
  include.check_result = [](const Tensors& status) {
    check(status[0].item<double>() == 0, "the command failed with status {}", status[0].item<double>());
  };
  std::vector<Case> all{include};
#if defined(TENON_BENCH_EXPERIMENT)
  Case experiment = include;  // both of its runs, with event files
  experiment.name = "program/weight_decay";
  experiment.sizes = {{100}};
  experiment.make = command(TENON_BENCH_EXPERIMENT " --quiet --device cpu --logdir runs");
  all.push_back(experiment);
#endif
  return all;
}

}  // namespace bench
