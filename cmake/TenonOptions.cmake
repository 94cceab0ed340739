# Options, and the compile flags that the arithmetic of docs/numerics.md rests on.
set(TENON_CUDA AUTO CACHE STRING "CUDA backend: AUTO, ON or OFF")
set_property(CACHE TENON_CUDA PROPERTY STRINGS AUTO ON OFF)
option(TENON_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(TENON_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(TENON_BENCH "Build the benchmarks" OFF)
option(TENON_WERROR "Treat warnings as errors" ${PROJECT_IS_TOP_LEVEL})
set(TENON_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")
option(BUILD_SHARED_LIBS "Build tenon as a shared library" OFF)

if(NOT TENON_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "TENON_CUDA is ${TENON_CUDA}; it must be AUTO, ON or OFF")
endif()
if(TENON_CUDA STREQUAL "ON")
  message(FATAL_ERROR "TENON_CUDA=ON: this version of tenon has no CUDA kernels yet; use AUTO or OFF")
endif()

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Flags of everything we compile. Contraction is off: a fused multiply-add is written where it is meant.
add_library(tenon_flags INTERFACE)
target_compile_features(tenon_flags INTERFACE cxx_std_20)
target_compile_options(tenon_flags INTERFACE
  -ffp-contract=off -fno-math-errno -fno-trapping-math -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
  $<$<CXX_COMPILER_ID:GNU>:-Wno-psabi -Wno-maybe-uninitialized>
  $<$<BOOL:${TENON_WERROR}>:-Werror>)
if(TENON_SANITIZE)
  target_compile_options(tenon_flags INTERFACE -fsanitize=${TENON_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  target_link_options(tenon_flags INTERFACE -fsanitize=${TENON_SANITIZE})
endif()
