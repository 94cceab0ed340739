# The library. Sources are found by folder, so a new operation needs no line here.
find_package(Threads REQUIRED)
if(NOT TARGET fmt::fmt-header-only)  # a parent may have built it
  find_package(fmt REQUIRED)
endif()
# Header-only, so that a program that links tenon needs no libfmt. Under a sanitizer that would be most of a build.
set(TENON_FMT fmt::fmt-header-only)
if(TENON_SANITIZE)
  set(TENON_FMT fmt::fmt)
endif()

# Code, tests and users all write <tenon/core/tensor.h>: include/tenon has a link to each folder of the library, also
# in a fresh checkout. The links are the list of folders.
set(TENON_INCLUDE_DIR ${PROJECT_SOURCE_DIR}/include)
file(GLOB TENON_FOLDERS RELATIVE ${TENON_INCLUDE_DIR}/tenon ${TENON_INCLUDE_DIR}/tenon/*)
list(REMOVE_ITEM TENON_FOLDERS tenon.h)

set(sources)
foreach(folder IN LISTS TENON_FOLDERS)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  list(APPEND sources ${found})
endforeach()
set(isa_sources ${sources})
list(FILTER isa_sources INCLUDE REGEX "/kernels/cpu/isa/")
list(REMOVE_ITEM sources ${isa_sources})

# A build with CUDA adds the folders named cuda: the runtime layer and the kernels. core and kernels choose between
# CUDA and the CPU; all of their sources are compiled with TENON_WITH_CUDA, and the tests compile them again for the
# emulator. Nothing else depends on it.
set(TENON_CUDA_RUNTIME ${sources})
list(FILTER TENON_CUDA_RUNTIME INCLUDE REGEX "/core/cuda/")
list(REMOVE_ITEM sources ${TENON_CUDA_RUNTIME})
file(GLOB_RECURSE TENON_CUDA_KERNELS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/kernels/cuda/*.cu)
set(TENON_DEVICE_SOURCES ${sources})
list(FILTER TENON_DEVICE_SOURCES INCLUDE REGEX "^${PROJECT_SOURCE_DIR}/(core|kernels)/")
list(REMOVE_ITEM sources ${TENON_DEVICE_SOURCES})

# What makes texts and files, or prepares a model, does not need speed: a Release build compiles it for size, which saves up
# to half of it.
set(slow_sources ${sources} ${TENON_DEVICE_SOURCES})
set(slow "io/|core/(check|format|state_dict)|autograd/(dot|explore/|gradcheck)|nn/(clip_grad|init|module)|kernels/observer")
# These only call operations or the loops of a table, or choose a device's kernel.
set(forwards "autograd/ops/(advanced_index|attention|convolution|normalization|pooling|sorting|statistics|windows)"
  "nn/(attention|convolution|embedding|normalization|pooling)" "optim/sgd_train_steps" "kernels/cpu/(normalization|softmax)"
  "kernels/(arg_reduce|fill|index|mse|normalization|random|scan|search|sort|update|windows).cpp$")
list(JOIN forwards "|" forwards)
list(FILTER slow_sources INCLUDE REGEX
  "^${PROJECT_SOURCE_DIR}/(${slow}|${forwards}|optim/(explain|lr_scheduler|state_visitor))")
list(FILTER slow_sources EXCLUDE REGEX "/io/(crc32c|histogram).cpp$")  # these have loops over all bytes or elements
if(CMAKE_BUILD_TYPE STREQUAL "Release")  # other builds can use the precompiled header, which has their options
  set_source_files_properties(${slow_sources} PROPERTIES COMPILE_OPTIONS -Os SKIP_PRECOMPILE_HEADERS ON)
endif()

# As part of a build with neither a build type nor an optimisation level, tenon is optimised anyway.
set(default_optimisation)
if(NOT CMAKE_CXX_FLAGS MATCHES "(^| )-O")
  set(default_optimisation $<$<STREQUAL:$<CONFIG>,>:-O2>)
endif()

# With the initial-exec model a thread-local is accessed without a call. Libraries that a program loads later must fit
# into a reserve of less than 2 KiB, which the thread-locals of the CUDA runtime alone exceed.
set(tls_model)
if(NOT TENON_WITH_CUDA)
  set(tls_model -ftls-model=initial-exec)
endif()

function(tenon_object_library name)
  add_library(${name} OBJECT ${ARGN})
  target_link_libraries(${name} PRIVATE tenon_flags)
  target_compile_options(${name} PRIVATE ${default_optimisation})
  target_include_directories(${name} PUBLIC ${TENON_INCLUDE_DIR})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()

# The page of autograd/explore.h is part of the library, so the build makes sources of it and of the texts that it shows.
set(explore ${PROJECT_SOURCE_DIR}/autograd/explore)
set(page ${PROJECT_BINARY_DIR}/explore_page.cpp)
file(GLOB page_parts CONFIGURE_DEPENDS ${explore}/*.html ${explore}/*.css ${explore}/*.js)
add_custom_command(OUTPUT ${page} DEPENDS ${page_parts} ${PROJECT_SOURCE_DIR}/cmake/EmbedPage.cmake
  COMMAND ${CMAKE_COMMAND} -Dfolder=${explore} -Doutput=${page} -P ${PROJECT_SOURCE_DIR}/cmake/EmbedPage.cmake)
set(pullbacks ${PROJECT_BINARY_DIR}/explore_pullbacks.cpp)
set(ops ${PROJECT_SOURCE_DIR}/autograd/ops)
file(GLOB op_sources CONFIGURE_DEPENDS ${ops}/*.cpp)
add_custom_command(OUTPUT ${pullbacks} DEPENDS ${op_sources} ${PROJECT_SOURCE_DIR}/cmake/EmbedPullbacks.cmake
  COMMAND ${CMAKE_COMMAND} -Dfolder=${ops} -Doutput=${pullbacks} -P ${PROJECT_SOURCE_DIR}/cmake/EmbedPullbacks.cmake)
list(APPEND sources ${page} ${pullbacks})

# Tests link the objects, so that hidden symbols are visible to them; users link the library.
tenon_object_library(tenon_objects ${sources})
tenon_object_library(tenon_device_objects ${TENON_DEVICE_SOURCES})
foreach(objects tenon_objects tenon_device_objects)
  # Copies of two or three sizes must not become calls to memcpy.
  # A program, or the shared library, leaves out the functions that it does not reach.
  target_compile_options(${objects} PRIVATE -ffunction-sections ${tls_model} $<$<CXX_COMPILER_ID:GNU>:-fno-tree-loop-distribute-patterns>)
  # Calls inside the library have no line (core/call_site.h), so its texts contain no path of the build machine.
  target_compile_definitions(${objects} PRIVATE TENON_INTERNAL)
  target_compile_features(${objects} PUBLIC cxx_std_20)
  target_link_libraries(${objects} PUBLIC Threads::Threads PRIVATE ${TENON_FMT})
  target_precompile_headers(${objects} PRIVATE <tenon/core/tensor.h>)
endforeach()

target_compile_definitions(tenon_device_objects PUBLIC TENON_WITH_CUDA=$<BOOL:${TENON_WITH_CUDA}>)

# The CPU kernels, once per instruction set; the fastest that the machine supports is chosen at run time
# (kernels/cpu/isa/table.h). These files include only intrinsics and code with internal linkage, so that no inline
# function shared with other files is compiled for the wrong machine. They have no thread-locals, so their flags do
# not depend on CUDA, and a compiler cache needs only one copy of what takes longest to compile.
set(isa_optimisation -O3)
if(CMAKE_CXX_FLAGS MATCHES "(^| )-O0")  # explicitly, as opposed to a build for debugging
  set(isa_optimisation)
endif()
add_library(tenon_kernel_checks INTERFACE)  # linked after tenon_flags
if(TENON_SANITIZE)
  set(isa_optimisation -O1)  # with -O3 g++ takes minutes, because all code is inlined
  # What makes compiling kernels faster: no checks of objects' sizes and of pointers, whose accesses AddressSanitizer
  # checks, and calls instead of inlined checks.
  target_compile_options(tenon_kernel_checks INTERFACE -fno-sanitize=object-size,null,pointer-overflow)
  if(TENON_SANITIZE MATCHES address AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(tenon_kernel_checks INTERFACE "SHELL:--param asan-instrumentation-with-call-threshold=0")
  endif()
endif()
function(tenon_isa name)
  tenon_object_library(tenon_isa_${name} ${isa_sources})
  target_compile_definitions(tenon_isa_${name} PRIVATE TENON_ISA=${name})
  target_compile_options(tenon_isa_${name} PRIVATE ${isa_optimisation} ${ARGN})
  target_link_libraries(tenon_isa_${name} PRIVATE tenon_kernel_checks)
  target_sources(tenon_objects INTERFACE $<TARGET_OBJECTS:tenon_isa_${name}>)
endfunction()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  foreach(isa baseline avx2 avx512)
    set(of_${isa})
  endforeach()
  if(TENON_SANITIZE)  # only what this machine chooses is worth compiling for longer
    tenon_host_has(avx512vl TENON_HOST_HAS_AVX512)
    set(of_baseline -O0)
    if(TENON_HOST_HAS_AVX512)
      set(of_avx2 -O0)
    else()
      set(of_avx512 -O0)
    endif()
  elseif(isa_optimisation)
    set(of_baseline -Os)  # hardly any of these machines lacks AVX2
  endif()
  tenon_isa(baseline ${of_baseline})
  tenon_isa(avx2 -march=x86-64-v3 ${of_avx2})
  tenon_isa(avx512 -march=x86-64-v4 -mprefer-vector-width=512 ${of_avx512})
else()
  tenon_isa(baseline)
endif()

if(TENON_WITH_CUDA)
  target_sources(tenon_device_objects PRIVATE ${TENON_CUDA_RUNTIME})
  target_link_libraries(tenon_device_objects PUBLIC CUDA::cudart_static)
  add_library(tenon_cuda_kernels OBJECT ${TENON_CUDA_KERNELS})
  target_include_directories(tenon_cuda_kernels PRIVATE ${TENON_INCLUDE_DIR})
  target_compile_definitions(tenon_cuda_kernels PRIVATE TENON_WITH_CUDA=1)
  # Of one source, so that a compiler cache has the others with either value.
  set_source_files_properties(${PROJECT_SOURCE_DIR}/kernels/cuda/matmul/tensor_cores.cu PROPERTIES
    COMPILE_DEFINITIONS TENON_TENSOR_CORES=$<BOOL:${TENON_TENSOR_CORES}>)
  # No contraction of multiplications and additions, as on the CPU.
  target_compile_options(tenon_cuda_kernels PRIVATE -fmad=false ${default_optimisation}
    -Xcompiler=-Wall,-Wextra,-ffp-contract=off,-fno-math-errno,-fno-trapping-math
    $<$<BOOL:${TENON_WERROR}>:-Werror=all-warnings>)
  # CMake 3.25 does not support C++20 for CUDA.
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
  set_target_properties(tenon_cuda_kernels PROPERTIES POSITION_INDEPENDENT_CODE ON CUDA_STANDARD 20
    CUDA_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_sources(tenon_device_objects INTERFACE $<TARGET_OBJECTS:tenon_cuda_kernels>)
endif()

set(objects)
foreach(library tenon_objects tenon_device_objects)
  list(APPEND objects $<TARGET_OBJECTS:${library}> $<TARGET_PROPERTY:${library},INTERFACE_SOURCES>)
endforeach()
add_library(tenon ${objects})
add_library(tenon::tenon ALIAS tenon)
target_compile_features(tenon PUBLIC cxx_std_20)
target_link_libraries(tenon PRIVATE Threads::Threads)
if(TENON_WITH_CUDA)
  # By path in a build tree: the imported target is not visible in a project that includes tenon.
  target_link_libraries(tenon PRIVATE $<BUILD_INTERFACE:${CUDA_cudart_static_LIBRARY}> ${CMAKE_DL_LIBS}
    $<$<PLATFORM_ID:Linux>:rt> $<INSTALL_INTERFACE:CUDA::cudart_static>)
endif()
target_include_directories(tenon PUBLIC $<BUILD_INTERFACE:${TENON_INCLUDE_DIR}>)
# The ABI is not stable before 1.0, so every minor version has its own soname.
set_target_properties(tenon PROPERTIES LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
target_link_options(tenon PRIVATE LINKER:--gc-sections)
if(BUILD_SHARED_LIBS)
  target_link_options(tenon PRIVATE LINKER:-Bsymbolic-functions)  # the library calls its own functions directly
  target_compile_definitions(tenon_objects PUBLIC TENON_SHARED)
  target_compile_definitions(tenon_device_objects PUBLIC TENON_SHARED)
  target_compile_definitions(tenon PUBLIC TENON_SHARED)
endif()
if(TENON_SANITIZE)
  target_link_libraries(tenon PRIVATE ${TENON_FMT})
  target_link_options(tenon PUBLIC -fsanitize=${TENON_SANITIZE})
endif()
