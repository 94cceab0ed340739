// The page of explore(), which the build makes of page.html, page.css and the scripts in this folder, and the
// texts of the pullbacks, which it takes from autograd/ops.
#pragma once
#include <string>
#include <string_view>

namespace tenon::autograd {

/// What stands before and after the recording.
extern const std::string_view page_begin, page_end;

/// Entries that begin with "@", their file and the operations that they record. Each "$" stands for
/// "const Tensor& ".
extern const std::string_view pullback_entries;

/// Where and how an operation is recorded, with its pullbacks; empty if it is not one of the library's.
struct PullbackText {
  std::string file, text;
};
PullbackText pullback_text(std::string_view op);

}  // namespace tenon::autograd
