# Performance counters of emulated kernels (simt_emu/counters.h). A program that links tenon_emu_counted has the whole
# library, with emulated CUDA devices whose kernels are counted.
#
# The kernels are compiled once more, with the calls that -fsanitize=thread inserts at memory accesses and
# -fsanitize-coverage at basic blocks; simt_emu/hooks.cpp stands in for the libraries of both. The other options keep
# the accesses and the branches of the source. They are g++'s, and exclude all sanitizers.
add_library(simt_emu_counters OBJECT simt_emu/counters.cpp simt_emu/hooks.cpp simt_emu/requests.cpp)
target_link_libraries(simt_emu_counters PRIVATE tenon_flags simt_emu)
target_compile_options(simt_emu_counters PRIVATE -O2)

# tenon_counted(library): compile its kernels for the emulator, with counters
function(tenon_counted library)
  tenon_emulated(${library})
  target_compile_definitions(${library} PRIVATE SIMT_EMU_COUNTED)  # kernels are flattened
  target_compile_options(${library} PRIVATE -O1 -fsanitize=thread -fsanitize-coverage=trace-pc
    -fno-tree-sra -fno-ipa-sra  # they split 16-byte accesses into their elements
    # Threads are put together by addresses, so code must be in the order of the source, and in one copy.
    -fno-reorder-blocks -fno-reorder-blocks-and-partition -fno-thread-jumps -fno-split-paths)
endfunction()
add_library(tenon_emu_counted_kernels STATIC ${TENON_CUDA_KERNELS})
tenon_counted(tenon_emu_counted_kernels)
# plants.py takes the command for a kernel from compile_commands.json: that of the ordinary kernels.
set_target_properties(tenon_emu_counted_kernels PROPERTIES EXPORT_COMPILE_COMMANDS OFF)

add_library(tenon_emu_counted INTERFACE)
foreach(objects tenon_objects tenon_emu_objects simt_emu simt_emu_counters)
  target_sources(tenon_emu_counted INTERFACE
    $<TARGET_OBJECTS:${objects}> $<TARGET_PROPERTY:${objects},INTERFACE_SOURCES>)
endforeach()
target_include_directories(tenon_emu_counted INTERFACE
  $<TARGET_PROPERTY:tenon_emu_objects,INTERFACE_INCLUDE_DIRECTORIES>)
target_compile_definitions(tenon_emu_counted INTERFACE
  $<TARGET_PROPERTY:tenon_emu_objects,INTERFACE_COMPILE_DEFINITIONS>)
target_compile_features(tenon_emu_counted INTERFACE cxx_std_20)
target_link_libraries(tenon_emu_counted INTERFACE tenon_emu_counted_kernels Boost::context Threads::Threads)

add_library(counted_test_kernels OBJECT simt_emu/counters_kernels.cpp)
tenon_counted(counted_test_kernels)
add_executable(emu_counters simt_emu/counters_test.cpp simt_emu/device.cpp)
target_link_libraries(emu_counters PRIVATE tenon_test_support counted_test_kernels tenon_emu_counted)
tenon_cases(emu/counters emu_counters ${on_cuda})
