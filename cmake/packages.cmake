# Debian packages, by `cpack -G DEB` in a build folder (scripts/package.sh): one a program, as each brings other
# libraries (grids-torch LibTorch, grids-tracks htslib), and the library. What they depend on is read from the
# binaries by dpkg-shlibdeps.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME grids)
set(CPACK_PACKAGE_VENDOR "The grids authors")
set(CPACK_PACKAGE_CONTACT "The grids authors <grids@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL grids torch tracks development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR}/lib)

# grids_package(COMPONENT NAME DEPENDS SUMMARY DESCRIPTION)
macro(grids_package component name depends summary description)
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${depends}")
  # The first line of CMake's description is Debian's synopsis.
  set(CPACK_COMPONENT_${upper}_DESCRIPTION "${summary}\n${description}")
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/doc/${name} RENAME copyright COMPONENT ${component})
endmacro()

set(same "= ${PROJECT_VERSION}")
grids_package(grids grids "" "regulatory redundancy from single-cell multiome data"
  "Prepares cells, searches for the sets of peaks whose joint masking lowers a gene's predicted expression most, and writes the report. Training needs grids-torch.")
set(CPACK_DEBIAN_GRIDS_PACKAGE_RECOMMENDS "grids-torch (${same}), grids-tracks (${same})")
grids_package(torch grids-torch "grids (${same})" "training for grids, with LibTorch"
  "The program that trains surrogates and runs TorchScript models; grids calls it.")
grids_package(tracks grids-tracks "grids (${same})" "tracks of genome browsers for grids"
  "The program that packs bigWig and tabix files; grids calls it.")
grids_package(development libgrids-dev "grids (${same})" "library of grids, with its headers"
  "The stages of grids for programs of others: headers, shared library, CMake package, pkg-config file.")
install(FILES ${PROJECT_SOURCE_DIR}/CHANGELOG.md DESTINATION share/doc/grids COMPONENT grids)

# What completes commands, as the program itself prints it.
install(CODE "
  foreach(shell bash zsh fish)
    execute_process(COMMAND $<TARGET_FILE:grids> completions \${shell}
                    OUTPUT_FILE ${CMAKE_BINARY_DIR}/grids.\${shell} COMMAND_ERROR_IS_FATAL ANY)
  endforeach()" COMPONENT grids)
install(FILES ${CMAKE_BINARY_DIR}/grids.bash DESTINATION share/bash-completion/completions RENAME grids COMPONENT grids)
install(FILES ${CMAKE_BINARY_DIR}/grids.zsh DESTINATION share/zsh/vendor-completions RENAME _grids COMPONENT grids)
install(FILES ${CMAKE_BINARY_DIR}/grids.fish DESTINATION share/fish/vendor_completions.d RENAME grids.fish COMPONENT grids)

include(CPack)
