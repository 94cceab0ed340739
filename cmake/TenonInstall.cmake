# Installs the library, its headers and a package, so that find_package(tenon) gives tenon::tenon.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tenon)
install(TARGETS tenon EXPORT tenonTargets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT tenonTargets NAMESPACE tenon:: DESTINATION ${package_dir})

foreach(folder IN LISTS TENON_FOLDERS)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tenon
    FILES_MATCHING PATTERN "*.h" PATTERN kernels/cpu EXCLUDE PATTERN cuda EXCLUDE
    PATTERN core/tenon.h EXCLUDE)
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/core/tenon.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tenon)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/tenonConfig.cmake.in ${PROJECT_BINARY_DIR}/tenonConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tenonConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tenonConfig.cmake ${PROJECT_BINARY_DIR}/tenonConfigVersion.cmake
  DESTINATION ${package_dir})
