# Makes a C++ source of the pullbacks' own text, for the explorer's page:
# cmake -Dfolder=autograd/ops -Doutput=pullbacks.cpp -P EmbedPullbacks.cmake
# Of each function that records an operation, the text is the statement that does it, without comments, after the lambdas
# that it uses. The sources are formatted, so a function ends with a "}" in the first column, and its statements begin
# after two blanks.
cmake_policy(VERSION 3.25)

# The operations of functions that several share; those of the others stand in record("...") or write("...").
set(ops_of_binary_cross_entropy binary_cross_entropy)
set(ops_of_binary_cross_entropy_with_logits binary_cross_entropy_with_logits)
set(ops_of_elu_of elu selu)
set(ops_of_extreme amax amin max min)
set(ops_of_extremum maximum minimum)
set(ops_of_huber huber_loss smooth_l1_loss)
set(ops_of_normalize_rows layer_norm rms_norm)
set(ops_of_recorded_product bmm matmul mm mv)
set(ops_of_reduce mean sum)
set(ops_of_remainder_of fmod remainder)
set(ops_of_slice_range chunk narrow slice split)
set(ops_of_softmax_of log_softmax softmax)
set(ops_of_step_function ceil floor round sign trunc)
set(ops_of_with_zeros dropout dropout2d)
set(ops_of_write_random normal_ uniform_)

# Characters that mean something in a list are replaced meanwhile.
string(ASCII 1 end)
string(ASCII 2 begin)
string(ASCII 3 semicolon)
string(ASCII 4 open)
string(ASCII 5 close)
# A call that records an operation, and the beginning of one, before the name of the operation.
set(records "[^a-z_]record(_list|_view)?\\(|[^a-z_]write\\([^,]+, site, [*a-z]+, recorded")
set(call "[^a-z_](record|record_list|record_view|write)\\([ \n]*")
set(entries)
file(GLOB files RELATIVE ${folder} ${folder}/*.cpp)
foreach(file IN LISTS files)
  file(READ ${folder}/${file} source)
  string(REPLACE ";" "${semicolon}" source "${source}")
  string(REPLACE "[" "${open}" source "${source}")
  string(REPLACE "]" "${close}" source "${source}")
  string(REGEX REPLACE "(\n *|  )//[^\n]*" "" source "${source}")
  string(REPLACE "\n}\n" "${end}" source "${source}")
  string(REGEX REPLACE "\n  ([^ }])" "${begin}\\1" source "${source}")
  string(REGEX MATCHALL "[^${end}]+" functions "${source}")
  foreach(function IN LISTS functions)
    string(REGEX MATCHALL "${begin}[^${begin}]+" statements "${function}")
    set(text)
    foreach(statement IN LISTS statements)
      if(statement MATCHES "${records}|^${begin}const auto [a-z_]+ = ${open}[^&]")
        string(APPEND text "${statement}")
      endif()
    endforeach()
    if(NOT text MATCHES "${records}")
      continue()
    endif()
    if(text MATCHES "${call}\"([a-z_0-9]+)\"")
      set(ops ${CMAKE_MATCH_2})
    else()  # the name of the function, which the last line that is not indented declares
      string(REGEX REPLACE "^.*\n[^ \n][^\n(]* ([a-z_0-9]+)\\(.*$" "\\1" name "${function}")
      set(ops ${ops_of_${name}})
      if(NOT ops)
        message(FATAL_ERROR "${file}: which operations does ${name}() record? EmbedPullbacks.cmake has a list.")
      endif()
    endif()
    string(REPLACE ";" " " ops "${ops}")
    string(REPLACE "\n  " "\n" text "${text}")
    string(REPLACE "${begin}" "\n" text "${text}")
    string(APPEND entries "@${file} ${ops} ${text}\n")
  endforeach()
endforeach()
string(REPLACE "${semicolon}" ";" entries "${entries}")
string(REPLACE "${open}" "[" entries "${entries}")
string(REPLACE "${close}" "]" entries "${entries}")
string(REPLACE "const Tensor& " "$" entries "${entries}")  # an eighth of it
file(WRITE ${output} "#include <tenon/autograd/explore/page.h>

namespace tenon::autograd {
constexpr std::string_view pullback_entries = R\"tenon(${entries})tenon\";
}  // namespace tenon::autograd
")
