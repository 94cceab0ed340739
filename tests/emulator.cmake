# Tests of the CUDA half on the emulator of simt_emu/, whose libraries are made there.
find_package(Boost REQUIRED COMPONENTS context)
set(flavour plain)
if(TENON_SANITIZE MATCHES "address")
  set(flavour asan)
elseif(TENON_SANITIZE MATCHES "thread")
  set(flavour tsan)
endif()

# Tests of the emulator: the faults that it must report, and valid code that it must accept.
add_executable(simt_semantics simt_emu/semantics_barriers.cpp simt_emu/semantics_clusters.cpp simt_emu/semantics_copies.cpp
  simt_emu/semantics_kernels.cpp simt_emu/semantics_main.cpp simt_emu/semantics_races.cpp simt_emu/semantics_runtime.cpp
  simt_emu/semantics_tensor_maps.cpp simt_emu/semantics_wgmma.cpp ${PROJECT_SOURCE_DIR}/core/check.cpp)
target_link_libraries(simt_semantics PRIVATE tenon_flags simt_emu ${TENON_FMT})
target_include_directories(simt_semantics PRIVATE ${TENON_INCLUDE_DIR})
target_compile_definitions(simt_semantics PRIVATE TENON_SIMT_HEADER=<simt_emu/emulator.h>)
target_compile_options(simt_semantics PRIVATE -fno-strict-aliasing)
tenon_test(emu/semantics ${python} ${CMAKE_CURRENT_SOURCE_DIR}/simt_emu/semantics.py $<TARGET_FILE:simt_semantics> ${flavour})

# tenon_emu_program(name sources...): a program whose CUDA devices are emulated
function(tenon_emu_program name)
  add_executable(${name} ${ARGN} simt_emu/device.cpp)
  target_link_libraries(${name} PRIVATE tenon_test_support tenon_objects tenon_emu_objects simt_emu tenon_emu_kernels)
endfunction()
tenon_emu_program(emu_kernels $<TARGET_OBJECTS:tenon_kernel_tests>)
tenon_cases(emu/kernels emu_kernels ${on_cuda})
# Launchers choose by the number of multiprocessors: 2 on the emulator, 132 on an H100. The tag [grids] marks tests of
# kernels for which the number changes the choice, and tests of grid-stride loops. Sanitized builds run these with 132
# and, where memory is checked, with 1; others with 2. With 1, fewer blocks run, which cannot add a race.
if(TENON_SANITIZE)
  set(counts 132)
  if(TENON_SANITIZE MATCHES "address")
    list(APPEND counts 1)
  endif()
  foreach(count IN LISTS counts)
    tenon_test(emu/kernels_with_${count}_multiprocessors emu_kernels [grids])
    set_tests_properties(emu/kernels_with_${count}_multiprocessors PROPERTIES
      ENVIRONMENT "TENON_TEST_DEVICE=cuda;TENON_TEST_MULTIPROCESSORS=${count}" TIMEOUT 600 COST 200)
  endforeach()
endif()
tenon_emu_program(emu_cuda $<TARGET_OBJECTS:tenon_cuda_tests> simt_emu/runtime_test.cpp)
tenon_cases(emu/cuda emu_cuda ${on_cuda})
tenon_emu_program(emu_no_driver simt_emu/no_driver_test.cpp)
tenon_cases(emu/cuda emu_no_driver)

# The examples on an emulated device.
if(TENON_EXAMPLES)
  add_executable(emu_weight_decay $<TARGET_OBJECTS:weight_decay_objects>)
  target_link_libraries(emu_weight_decay PRIVATE
    tenon_flags tenon_objects tenon_emu_objects simt_emu tenon_emu_kernels ${TENON_FMT})
  tenon_test(emu/weight_decay
    emu_weight_decay --device cuda --verify --epochs 4 --momentum 0.9 --quiet --logdir ${CMAKE_CURRENT_BINARY_DIR}/runs)
  add_executable(emu_char_gpt $<TARGET_OBJECTS:char_gpt_objects>)
  target_link_libraries(emu_char_gpt PRIVATE
    tenon_flags tenon_objects tenon_emu_objects simt_emu tenon_emu_kernels ${TENON_FMT})
  tenon_test(emu/char_gpt ${python} ${CMAKE_CURRENT_SOURCE_DIR}/examples/char_gpt_test.py $<TARGET_FILE:emu_char_gpt>
    Devices)
  add_executable(emu_digits $<TARGET_OBJECTS:digits_objects>)
  target_link_libraries(emu_digits PRIVATE
    tenon_flags tenon_objects tenon_emu_objects simt_emu tenon_emu_kernels ${TENON_FMT})
  tenon_test(emu/digits ${python} ${CMAKE_CURRENT_SOURCE_DIR}/examples/digits_test.py $<TARGET_FILE:emu_digits>
    Devices)
endif()

# Bugs planted in copies of the kernels must be caught.
add_executable(emu_plants simt_emu/plants.cpp)
target_link_libraries(emu_plants PRIVATE
  tenon_flags tenon_objects tenon_emu_objects simt_emu tenon_emu_kernels ${TENON_FMT})
set(plants_link $<TARGET_OBJECTS:emu_plants> $<TARGET_OBJECTS:tenon_objects> $<TARGET_OBJECTS:tenon_emu_objects>
  $<TARGET_OBJECTS:simt_emu> $<TARGET_PROPERTY:tenon_objects,INTERFACE_SOURCES> $<TARGET_FILE:tenon_emu_kernels>
  $<TARGET_FILE:Boost::context> $<TARGET_PROPERTY:emu_plants,LINK_OPTIONS> -pthread)
if(TENON_SANITIZE)
  list(APPEND plants_link $<TARGET_FILE:${TENON_FMT}>)
endif()
set(plants ${CMAKE_CURRENT_BINARY_DIR}/plants)
file(GENERATE OUTPUT ${plants}/link.rsp  # without the precompiled headers, which are objects to CMake
  CONTENT "$<JOIN:$<FILTER:${plants_link},EXCLUDE,[.](gch|pch)$>,\n>\n")
tenon_test(emu/plants ${python} ${CMAKE_CURRENT_SOURCE_DIR}/simt_emu/plants.py ${flavour}
  ${PROJECT_BINARY_DIR}/compile_commands.json ${plants}/link.rsp $<TARGET_FILE:emu_plants> ${plants})
set_tests_properties(emu/plants PROPERTIES TIMEOUT 600 PROCESSORS ${cores} COST 300)

# Performance counters.
if(TARGET tenon_emu_counted)
  add_library(counted_test_kernels OBJECT simt_emu/counters_kernels.cpp)
  tenon_counted(counted_test_kernels)
  add_executable(emu_counters simt_emu/counters_test.cpp simt_emu/device.cpp)
  target_link_libraries(emu_counters PRIVATE tenon_test_support counted_test_kernels tenon_emu_counted)
  tenon_cases(emu/counters emu_counters ${on_cuda})
endif()
