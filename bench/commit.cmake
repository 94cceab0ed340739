# Writes the commit of `source` into the header `target`, unless it is there.
cmake_policy(VERSION 3.25)
execute_process(COMMAND git -C ${source} describe --always --dirty OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE
  ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit unknown)  # this is no checkout
endif()
file(CONFIGURE OUTPUT ${target} CONTENT "#pragma once\ninline constexpr const char* commit = \"@commit@\";\n" @ONLY)
