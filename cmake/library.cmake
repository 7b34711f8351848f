# libgrids: the rooms behind include/grids/, as one shared library of which only that face is visible.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/library/*.cpp)
add_library(libgrids SHARED ${sources})
add_library(grids::grids ALIAS libgrids)
set_target_properties(libgrids PROPERTIES
  OUTPUT_NAME grids EXPORT_NAME grids VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
get_property(rooms TARGET grids_pipeline PROPERTY GRIDS_USES)
grids_sees(libgrids library ${rooms} pipeline view)
file(REMOVE_RECURSE ${PROJECT_BINARY_DIR}/sees/libgrids/grids)
target_include_directories(libgrids PUBLIC
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(libgrids INTERFACE cxx_std_20)
# Of the rooms' own libraries nothing shows through.
target_link_options(libgrids PRIVATE LINKER:--exclude-libs,ALL)
target_link_libraries(libgrids PRIVATE grids_pipeline grids_view grids_options)
add_dependencies(libgrids grids-probe)

install(TARGETS libgrids EXPORT grids-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        COMPONENT development)
install(DIRECTORY include/grids DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/grids)
install(EXPORT grids-targets NAMESPACE grids:: DESTINATION ${package} COMPONENT development)
configure_package_config_file(cmake/grids-config.cmake.in grids-config.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(grids-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/grids-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/grids-config-version.cmake DESTINATION ${package}
        COMPONENT development)
configure_file(cmake/grids.pc.in grids.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/grids.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
