// A picture of what a warp asks for when it transposes a matrix through a tile, from its requests.
#pragma once
#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "../cost.h"

using simt::emu::Request;

class Picture {
 public:
  /// Words of memory, `across` of them in a row, as a grid of cells.
  struct Grid {
    int x, y, across, down;
  };

  void text(int x, int y, const std::string& words, const char* style = "") {
    svg_ += "<text x=\"" + str(x) + "\" y=\"" + str(y) + "\"" + style + ">" + words + "</text>\n";
  }
  void grid(const Grid& grid) {
    const int right = grid.x + grid.across * cell, bottom = grid.y + grid.down * cell;
    std::string path;
    for (int x = grid.x; x <= right; x += cell) path += "M" + str(x) + " " + str(grid.y) + "V" + str(bottom);
    for (int y = grid.y; y <= bottom; y += cell) path += "M" + str(grid.x) + " " + str(y) + "H" + str(right);
    svg_ += "<path class=\"grid\" d=\"" + path + "\"/>\n";
  }
  /// The words of a request, with the numbers of their lanes.
  void lanes(const Grid& grid, const Request& request) {
    std::string numbers;
    for (const simt::emu::Access& access : request.lanes) {
      const int word = static_cast<int>((access.address - request.object) / 4);
      const int x = grid.x + word % grid.across * cell, y = grid.y + word / grid.across * cell;
      svg_ += "<rect x=\"" + str(x) + "\" y=\"" + str(y) + "\" width=\"" + str(cell) + "\" height=\"" +
              str(cell) + "\"/>\n";
      numbers += "<text class=\"lane\" x=\"" + str(x + cell / 2) + ".5\" y=\"" + str(y + 8) + "\">" +
                 str(static_cast<int>(access.lane)) + "</text>\n";
    }
    svg_ += numbers;
  }
  /// Frames around the sectors that a request touches.
  void sectors(const Grid& grid, const Request& request) {
    constexpr int words = 8;
    std::vector<int> touched;
    for (const simt::emu::Access& access : request.lanes)
      touched.push_back(static_cast<int>((access.address - request.object) / (4 * words)));
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const int sector : touched)
      svg_ += "<rect class=\"sector\" x=\"" + str(grid.x + sector * words % grid.across * cell) + "\" y=\"" +
              str(grid.y + sector * words / grid.across * cell) + "\" width=\"" + str(words * cell) +
              "\" height=\"" + str(cell) + "\"/>\n";
  }
  void save(const char* file, int width, int height) const {
    const std::string size = " width=\"" + str(width) + "\" height=\"" + str(height) + "\"";
    std::ofstream(file) << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << width << " "
                        << height << "\"" << size
                        << " role=\"img\">\n"
                           "<title>The accesses of a warp, and the banks of shared memory</title>\n"
                           "<style>\n"
                           "text { font: 13px system-ui, -apple-system, \"Segoe UI\", Helvetica, Arial, "
                           "sans-serif; fill: #57606a }\n"
                           ".head { font-weight: 600; fill: #1f2328 }\n"
                           ".lane { font-size: 7.5px; text-anchor: middle; fill: #fff }\n"
                           ".bank { font-size: 9px; text-anchor: middle }\n"
                           ".grid { fill: none; stroke: #d8dee4 }\n"
                           "rect { fill: #0969da; stroke: #fff; stroke-width: 0.6 }\n"
                           ".paper { fill: #fff; stroke: none }\n"
                           ".sector { fill: none; stroke: #cf222e; stroke-width: 2 }\n"
                           "</style>\n"
                           "<rect class=\"paper\""
                        << size << " rx=\"6\"/>\n"
                        << svg_ << "</svg>\n";
  }

  static constexpr int cell = 11;

 private:
  static std::string str(int number) { return std::to_string(number); }
  std::string svg_;
};

/// The first warp's load from x, and its store to a tile with rows of 32 words, and of 33.
inline void draw(const KernelCounters& narrow, const KernelCounters& wide, const char* file) {
  constexpr int cell = Picture::cell, left = 20, apart = 32 * cell + 28, top = 164;
  Picture picture;
  const Picture::Grid memory{left, 58, 32, 2};
  picture.text(left, 28, "x in memory: the first warp loads a row", " class=\"head\"");
  picture.text(left, 46,
      "Blue: the words, with the numbers of their threads. Red: " +
          std::to_string(narrow.loads.sectors / narrow.loads.requests) + " sectors.");
  picture.grid(memory);
  picture.lanes(memory, narrow.requests[0]);
  picture.sectors(memory, narrow.requests[0]);
  const auto tile = [&](int x, const KernelCounters& cost, int width) {
    const std::string words = std::to_string(width),
                      passes = std::to_string(cost.shared_stores.wavefronts / cost.shared_stores.requests);
    picture.text(x, 122, "float tile[32][" + words + "]: it stores a column", " class=\"head\"");
    picture.text(x, 140, "Each column of cells is a bank. Passes: " + passes);
    for (int bank = 0; bank < 32; bank += 4)
      picture.text(x + bank * cell + cell / 2, top - 6, std::to_string(bank), " class=\"bank\"");
    const Picture::Grid banks{x, top, 32, width};
    picture.grid(banks);
    picture.lanes(banks, cost.requests[1]);
  };
  tile(left, narrow, 32);
  tile(left + apart, wide, 33);
  picture.save(file, 2 * apart + 12, top + 33 * cell + 20);
}
