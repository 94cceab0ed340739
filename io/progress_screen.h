// The bars shown at the same time. On a terminal each has a line, in the order in which they started, and the
// cursor stays in the last.
#pragma once
#include <string>
#include <string_view>

namespace tenon::io {

/// Adds a bar, which has no line yet, to those of a descriptor. Returns whether it runs inside the loop of
/// another bar of this thread.
bool add_bar(const void* bar, int descriptor);

/// Changes the line of a bar and draws all lines of its terminal.
void draw_bar(const void* bar, int descriptor, std::string line);

/// Removes a bar and its line; `last`, unless empty, is kept above the other bars.
void remove_bar(const void* bar, int descriptor, std::string_view last) noexcept;

/// Writes a line of text above the bars, and waits until it is written.
void print_above_bars(int descriptor, std::string_view text);

/// Writes only if that is possible without waiting. Returns whether it did.
bool write_at_once(int descriptor, std::string_view text);

}  // namespace tenon::io
