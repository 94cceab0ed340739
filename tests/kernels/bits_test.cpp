// The bits matrix of docs/bits.md: compares the scalar definition of every operation with every target that
// computes it, and counts the values compared. Each program checks the columns of the page that it can
// compute. To rewrite the columns, run
//     test_kernels "[.write-bits]"            the CPU's columns
//     emu_kernels "[.write-bits]"             the emulator's, with TENON_TEST_DEVICE=cuda in the environment
// and test_kernels with that environment for the GPU's; then review the diff.
#include <fstream>
#include <map>
#include <sstream>

#include "../support/files.h"
#include "bits_rows.h"

namespace {

using namespace tenon;
using namespace tenon::kernels;

const char* const path = TENON_SOURCE_DIR "/docs/bits.md";
constexpr const char* begin_mark = "<!-- bits: begin -->";
constexpr const char* end_mark = "<!-- bits: end -->";
const std::vector<std::string> columns = {
    "scalar definition", "baseline", "AVX2", "AVX-512", "emulator", "GPU"};

/// The cells of a column, by operation.
using Column = std::map<std::string, std::string>;

/// The columns that this program can compute: one per instruction set, or one for the device.
std::map<std::string, Column> computed(std::vector<std::string>& order) {
  std::map<std::string, Column> found;
  const auto add = [&](const std::string& name) {
    const test::Tally tally = test::compare_all();
    order = tally.order;
    for (const auto& [op, count] : tally.counts) {
      found[name][op] = count.text();
      found[columns[0]][op] = std::to_string(count.values);
    }
  };
  if (test::on_cuda()) {
    add(test::on_gpu() ? "GPU" : "emulator");
    return found;
  }
  const auto& before = kernels::cpu::cpu_table();
  for (const kernels::cpu::Table* table : kernels::cpu::available_tables()) {
    kernels::cpu::exchange_table(*table);
    const std::string name = table->name;
    add(name == "avx2" ? "AVX2" : name == "avx512" ? "AVX-512" : name);
  }
  kernels::cpu::exchange_table(before);
  return found;
}

std::map<std::string, Column> parse(const std::string& page) {
  std::map<std::string, Column> found;
  const auto from = page.find(begin_mark), to = page.find(end_mark);
  REQUIRE(from != page.npos);
  REQUIRE(to != page.npos);
  std::istringstream lines(page.substr(from, to - from));
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells;
    std::istringstream parts(line);
    for (std::string cell; std::getline(parts, cell, '|');) {
      const auto first = cell.find_first_not_of(' '), last = cell.find_last_not_of(' ');
      cells.push_back(first == cell.npos ? "" : cell.substr(first, last - first + 1));
    }
    if (cells.size() < columns.size() + 2 || cells[1] == "operation" || cells[1].starts_with("---")) continue;
    for (std::size_t i = 0; i < columns.size(); ++i) found[columns[i]][cells[1]] = cells[i + 2];
  }
  return found;
}

}  // namespace

TEST_CASE("bits: docs/bits.md agrees with the results on this machine", "[kernels][bits][values]") {
  std::vector<std::string> order;
  auto page = parse(test::read_file(path));
  for (auto& [name, column] : computed(order)) {
    bool new_here = false;
    for (const auto& [op, cell] : column) {
      CAPTURE(name, op);
      CHECK(cell.find("differ") == cell.npos);
      if (page[name][op] == "not run") new_here = true;
      else CHECK(page[name][op] == cell);
    }
    if (new_here)
      WARN("docs/bits.md says `not run` of " << name << ", which this machine has: write the column");
    CHECK(page[name].size() == column.size());
  }
  for (const std::string& name : columns)
    for (const auto& [op, cell] : page[name]) {
      CAPTURE(name, op);
      CHECK_FALSE(cell.empty());
      CHECK((name == "GPU" || name == "AVX-512" || cell != "not run"));  // not every machine has these
    }
}

TEST_CASE("bits: rewrite the columns of this machine", "[.write-bits]") {
  std::vector<std::string> order;
  const std::string page = test::read_file(path);
  auto all = parse(page);
  for (auto& [name, column] : computed(order)) all[name] = column;
  std::string table = std::string(begin_mark) + "\n| operation |";
  for (const std::string& name : columns) table += " " + name + " |";
  table += "\n| --- |";
  for (std::size_t i = 0; i < columns.size(); ++i) table += " --- |";
  for (const std::string& op : order) {
    table += "\n| " + op + " |";
    for (const std::string& name : columns)
      table += " " + (all[name].count(op) ? all[name][op] : "not run") + " |";
  }
  std::ofstream file(path);
  file << page.substr(0, page.find(begin_mark)) << table << "\n" << page.substr(page.find(end_mark));
  CHECK(file.flush());
}
