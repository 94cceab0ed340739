# Options, and the compile flags that the arithmetic of docs/numerics.md depends on.
set(TENON_CUDA AUTO CACHE STRING "CUDA backend: AUTO, ON or OFF")
set_property(CACHE TENON_CUDA PROPERTY STRINGS AUTO ON OFF)
option(TENON_TENSOR_CORES "Build the kernel that set_float32_matmul_precision can choose on Hopper cards; it has never run on one" OFF)
option(TENON_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(TENON_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(TENON_BENCH "Build the benchmarks" OFF)
option(TENON_INSTALL "Add the rules that install tenon" ${PROJECT_IS_TOP_LEVEL})
set(TENON_SANITIZE "" CACHE STRING "Sanitizers, as after -fsanitize=: address,undefined or thread")

# A compiler newer than the tested ones may have new warnings, which must not stop a user's build.
set(known_compiler OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14
    OR CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15)
  set(known_compiler ${PROJECT_IS_TOP_LEVEL})
endif()
option(TENON_WERROR "Treat warnings as errors" ${known_compiler})

if(NOT TENON_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "TENON_CUDA is ${TENON_CUDA}; it must be AUTO, ON or OFF")
endif()

# Settings whose names do not begin with TENON belong to the parent, if there is one.
if(PROJECT_IS_TOP_LEVEL)
  option(BUILD_SHARED_LIBS "Build tenon as a shared library" OFF)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
  endif()
  # -O2 except for the CPU kernels: CMake's own -O3 makes the rest larger, not faster.
  if(CMAKE_CXX_FLAGS_RELEASE STREQUAL "-O3 -DNDEBUG")
    set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
  endif()
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_UNITY_BUILD OFF)  # files reuse names in unnamed namespaces

# Flags for all our code. Contraction is off: fused multiply-adds are explicit.
add_library(tenon_flags INTERFACE)
target_compile_features(tenon_flags INTERFACE cxx_std_20)
target_compile_options(tenon_flags INTERFACE
  -ffp-contract=off -fno-math-errno -fno-trapping-math
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
  $<$<CXX_COMPILER_ID:GNU>:-Wno-psabi;-Wno-maybe-uninitialized;-Wno-uninitialized;-Wno-restrict>
  $<$<CXX_COMPILER_ID:Clang>:-Wno-pass-failed;-Wno-bitwise-conditional-parentheses;-Wno-bitwise-instead-of-logical>
  $<$<BOOL:${TENON_WERROR}>:-Werror>)
if(TENON_SANITIZE)
  target_compile_options(tenon_flags INTERFACE
    -fsanitize=${TENON_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(tenon_flags INTERFACE -fsanitize=${TENON_SANITIZE})
endif()

# tenon_host_has(feature variable): sets the variable if this machine has a feature of __builtin_cpu_supports
include(CheckCXXSourceRuns)
function(tenon_host_has feature variable)
  set(CMAKE_REQUIRED_QUIET ON)
  check_cxx_source_runs("int main() { return __builtin_cpu_supports(\"${feature}\") ? 0 : 1; }" ${variable})
endfunction()
