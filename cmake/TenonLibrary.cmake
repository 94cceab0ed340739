# The library. Sources are found by folder, so that an op needs no line here.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)

set(TENON_FOLDERS core kernels autograd nn optim data io)

# Code, tests and users all write <tenon/core/tensor.h>; install copies what the links show here.
set(TENON_INCLUDE_DIR ${PROJECT_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${TENON_INCLUDE_DIR}/tenon)
foreach(folder IN LISTS TENON_FOLDERS)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${folder} ${TENON_INCLUDE_DIR}/tenon/${folder} SYMBOLIC)
endforeach()
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/core/tenon.h ${TENON_INCLUDE_DIR}/tenon/tenon.h SYMBOLIC)

set(sources)
foreach(folder IN LISTS TENON_FOLDERS)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  list(APPEND sources ${found})
endforeach()
set(isa_source ${PROJECT_SOURCE_DIR}/kernels/cpu/isa.cpp)
list(REMOVE_ITEM sources ${isa_source})

function(tenon_object_library name)
  add_library(${name} OBJECT ${ARGN})
  target_link_libraries(${name} PRIVATE tenon_flags)
  target_include_directories(${name} PUBLIC ${TENON_INCLUDE_DIR})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()

# Tests link the objects, so that hidden symbols are visible to them; users link the library.
tenon_object_library(tenon_objects ${sources})
# Copies of two or three sizes must not become calls of memcpy.
target_compile_options(tenon_objects PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-tree-loop-distribute-patterns>)
target_compile_features(tenon_objects PUBLIC cxx_std_20)
target_link_libraries(tenon_objects PUBLIC Threads::Threads PRIVATE fmt::fmt-header-only)

# The CPU kernels, once per instruction set; the fastest the machine has is chosen at run time (kernels/cpu/table.h).
# Such a file includes only intrinsics and internal-linkage code, so no inline function that it shares with others is
# compiled for the wrong machine.
set(isa_optimisation -O3)
if(TENON_SANITIZE)
  set(isa_optimisation -O1)  # -O3 takes g++ minutes for code that is all inlined
endif()
function(tenon_isa name)
  tenon_object_library(tenon_isa_${name} ${isa_source})
  target_compile_definitions(tenon_isa_${name} PRIVATE TENON_ISA=${name})
  target_compile_options(tenon_isa_${name} PRIVATE ${isa_optimisation} ${ARGN})
  target_sources(tenon_objects INTERFACE $<TARGET_OBJECTS:tenon_isa_${name}>)
endfunction()
tenon_isa(baseline)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  tenon_isa(avx2 -march=x86-64-v3)
  tenon_isa(avx512 -march=x86-64-v4 -mprefer-vector-width=512)
endif()

add_library(tenon $<TARGET_OBJECTS:tenon_objects> $<TARGET_PROPERTY:tenon_objects,INTERFACE_SOURCES>)
add_library(tenon::tenon ALIAS tenon)
target_compile_features(tenon PUBLIC cxx_std_20)
target_link_libraries(tenon PRIVATE Threads::Threads)
target_include_directories(tenon PUBLIC
  $<BUILD_INTERFACE:${TENON_INCLUDE_DIR}> $<INSTALL_INTERFACE:include>)
# Without a promise for the ABI before 1.0, every minor version has a name of its own.
set_target_properties(tenon PROPERTIES LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
if(BUILD_SHARED_LIBS)
  target_compile_definitions(tenon_objects PUBLIC TENON_SHARED)
  target_compile_definitions(tenon PUBLIC TENON_SHARED)
endif()
if(TENON_SANITIZE)
  target_link_options(tenon PUBLIC -fsanitize=${TENON_SANITIZE})
endif()
