# The library. Sources are found by folder, so that an op needs no line here.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)

set(sources)
foreach(folder IN LISTS TENON_PUBLIC_FOLDERS)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  list(APPEND sources ${found})
endforeach()
list(FILTER sources EXCLUDE REGEX "/kernels/cpu/isa\\.cpp$")

# Tests link the objects, so that hidden symbols are visible to them; users link the library.
add_library(tenon_objects OBJECT ${sources})
target_link_libraries(tenon_objects PRIVATE tenon_flags PUBLIC Threads::Threads PRIVATE fmt::fmt-header-only)
target_include_directories(tenon_objects PUBLIC ${TENON_INCLUDE_DIR})
set_target_properties(tenon_objects PROPERTIES POSITION_INDEPENDENT_CODE ON
  CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
target_compile_features(tenon_objects PUBLIC cxx_std_20)
if(BUILD_SHARED_LIBS)
  target_compile_definitions(tenon_objects PUBLIC TENON_SHARED)
endif()

# The CPU kernels, once per instruction set; the fastest the machine has is chosen at run time (kernels/cpu/table.h).
# Such a file includes only intrinsics and internal-linkage code, so no shared inline function is compiled for the wrong
# machine.
function(tenon_isa name)
  if(NOT EXISTS ${PROJECT_SOURCE_DIR}/kernels/cpu/isa.cpp)
    return()
  endif()
  add_library(tenon_isa_${name} OBJECT ${PROJECT_SOURCE_DIR}/kernels/cpu/isa.cpp)
  target_link_libraries(tenon_isa_${name} PRIVATE tenon_flags)
  target_include_directories(tenon_isa_${name} PRIVATE ${TENON_INCLUDE_DIR})
  target_compile_definitions(tenon_isa_${name} PRIVATE TENON_ISA=${name})
  target_compile_options(tenon_isa_${name} PRIVATE -O3 ${ARGN})
  set_target_properties(tenon_isa_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_sources(tenon_objects PUBLIC $<TARGET_OBJECTS:tenon_isa_${name}>)
endfunction()
tenon_isa(baseline)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  tenon_isa(avx2 -march=x86-64-v3)
  tenon_isa(avx512 -march=x86-64-v4 -mprefer-vector-width=512)
endif()

add_library(tenon)
add_library(tenon::tenon ALIAS tenon)
target_link_libraries(tenon PRIVATE tenon_objects)
