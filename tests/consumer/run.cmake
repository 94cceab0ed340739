# Builds and runs the consumer in DIR with tenon in one of these forms:
#   installed     a static library, installed from the build tree BUILD
#   shared        a shared library without CUDA, built and installed for it, with headers in a separate folder
#   subdirectory  the source tree TENON as a subdirectory of the consumer's build, for debugging; with CUDA where found
# Usage: cmake -DVARIANT=... -DTENON=... -DBUILD=... -DDIR=... -DCXX=<compiler> -DPYTHON=...
#   -DCUDA_ARCHITECTURES=<of BUILD, with commas> "-DCUDA_FLAGS=<of BUILD>" -P run.cmake
cmake_minimum_required(VERSION 3.25)
set(generator -G Ninja -DCMAKE_CXX_COMPILER=${CXX})
set(largest_library 5000000)  # bytes, stripped

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${DIR})
# What compiles tenon is a sibling of the tests' build tree, if that is build/NAME: with equal relative paths, ccache has
# the objects that are compiled with equal options.
cmake_path(GET BUILD PARENT_PATH beside)
set(own ${DIR}/tenon)
if(beside STREQUAL "${TENON}/build" AND NOT VARIANT STREQUAL "installed")
  set(own ${beside}/consumer_${VARIANT})
  file(REMOVE_RECURSE ${own})
endif()
set(consumer ${DIR}/build)
if(VARIANT STREQUAL "shared")
  set(BUILD ${own})
  # Without precompiled headers, which would hide that a source does not include what it needs.
  run(${CMAKE_COMMAND} ${generator} -S ${TENON} -B ${BUILD} -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON
    -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON
    -DTENON_TESTS=OFF -DTENON_EXAMPLES=OFF -DTENON_CUDA=OFF -DCMAKE_INSTALL_INCLUDEDIR=include/tenon-0.1)
  run(${CMAKE_COMMAND} --build ${BUILD})
endif()

if(VARIANT STREQUAL "subdirectory")
  set(tenon -DTENON_SOURCE=${TENON} -DCMAKE_BUILD_TYPE=Debug -DTENON_WERROR=ON)
  if(CUDA_ARCHITECTURES)  # the kernels as in BUILD: compiling them again would take most of the time
    string(REPLACE "," ";" CUDA_ARCHITECTURES "${CUDA_ARCHITECTURES}")
    file(WRITE ${DIR}/cuda.cmake "set(CMAKE_CUDA_ARCHITECTURES \"${CUDA_ARCHITECTURES}\" CACHE STRING \"\")
set(CMAKE_CUDA_FLAGS_DEBUG \"${CUDA_FLAGS}\" CACHE STRING \"\")\n")
    list(APPEND tenon -C ${DIR}/cuda.cmake)
  endif()
  set(consumer ${own})
else()
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${DIR}/prefix --strip)
  set(tenon -DCMAKE_PREFIX_PATH=${DIR}/prefix -DCMAKE_BUILD_TYPE=Release)
endif()
run(${CMAKE_COMMAND} ${generator} -S ${CMAKE_CURRENT_LIST_DIR} -B ${consumer} ${tenon})
run(${CMAKE_COMMAND} --build ${consumer})
run(${CMAKE_CTEST_COMMAND} --test-dir ${consumer} --output-on-failure --no-tests=error)

file(GLOB library ${DIR}/prefix/lib*/libtenon.so.*.*.*)
if(VARIANT STREQUAL "subdirectory")
  set(built ${consumer}/tenon/libtenon.a)
else()
  file(GLOB built ${BUILD}/libtenon.so ${BUILD}/libtenon.a)
endif()
run(${PYTHON} -B ${CMAKE_CURRENT_LIST_DIR}/library.py ${built} ${TENON} ${BUILD} ${DIR})
if(VARIANT STREQUAL "shared")
  file(SIZE ${library} size)
  message("the stripped library has ${size} bytes, at most ${largest_library}")
  if(size GREATER largest_library)
    message(FATAL_ERROR "the stripped library is too large")
  endif()
endif()
