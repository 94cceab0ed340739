// The page of explore(), which the build makes of page.html, page.css and the scripts in this folder.
#pragma once
#include <string_view>

namespace tenon::autograd {

/// What stands before and after the recording.
extern const std::string_view page_begin, page_end;

}  // namespace tenon::autograd
