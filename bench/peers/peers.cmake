# Libraries on the CPU: each is a peer if it is found.

# LibTorch of Debian or, with TENON_BENCH_TORCH, of a folder such as PyPI's site-packages/torch. Its own CMake files
# would add its flags for CUDA to this build.
set(TENON_BENCH_TORCH "" CACHE PATH "The folder that has LibTorch's include and lib")
find_path(TENON_TORCH_INCLUDE torch/csrc/api/include/torch/torch.h HINTS ${TENON_BENCH_TORCH}/include)
find_library(TENON_TORCH_LIBRARY torch_cpu HINTS ${TENON_BENCH_TORCH}/lib)
find_library(TENON_C10_LIBRARY c10 HINTS ${TENON_BENCH_TORCH}/lib)
# Debian's LibTorch needs functions of libfmt, of which tenon has hidden copies. ld takes that for an error.
find_program(TENON_GOLD ld.gold)
if(TENON_TORCH_INCLUDE AND TENON_TORCH_LIBRARY AND TENON_C10_LIBRARY)
  tenon_peer(torch ${TENON_TORCH_LIBRARY} ${TENON_C10_LIBRARY} $<$<BOOL:${TENON_GOLD}>:-fuse-ld=gold>
    -Wl,--unresolved-symbols=ignore-in-shared-libs)  # of its CUDA half
  set(folders ${TENON_TORCH_INCLUDE} ${TENON_TORCH_INCLUDE}/torch/csrc/api/include)
  list(REMOVE_ITEM folders /usr/include)  # named explicitly, it would come too late for the compiler's own headers
  target_include_directories(tenon_bench_torch SYSTEM PRIVATE ${folders})
  list(JOIN folders " -isystem " folders)
  target_compile_definitions(tenon_bench_torch PRIVATE TENON_BENCH_TORCH_OPTIONS="-isystem ${folders}")
else()
  message(STATUS "tenon: LibTorch was not found; it is no peer of tenon_bench")
endif()

find_path(OPENBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES x86_64-linux-gnu aarch64-linux-gnu openblas)
find_library(OPENBLAS_LIBRARY openblas)
if(OPENBLAS_INCLUDE_DIR AND OPENBLAS_LIBRARY)
  tenon_peer(openblas ${OPENBLAS_LIBRARY})
  target_include_directories(tenon_bench_openblas SYSTEM PRIVATE ${OPENBLAS_INCLUDE_DIR})
else()
  message(STATUS "tenon: OpenBLAS was not found; it is no peer of tenon_bench")
endif()

find_package(Eigen3 QUIET)
if(Eigen3_FOUND)
  tenon_peer(eigen Eigen3::Eigen)
  get_target_property(folder Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
  target_compile_definitions(tenon_bench_eigen PRIVATE TENON_BENCH_EIGEN_INCLUDE="${folder}")
  target_compile_options(tenon_bench_eigen PRIVATE -O3 -march=native)  # it does not choose at run time
else()
  message(STATUS "tenon: Eigen was not found; it is no peer of tenon_bench")
endif()
