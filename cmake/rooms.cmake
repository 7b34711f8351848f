# The house: what each room may use, lowest floor first. This is the one list of arrows; a header of any
# other room is not found (cmake/room.cmake), and tests/house tries.
grids_room(base
  LINKS Threads::Threads fmt::fmt
  PRIVATE_LINKS CLI11::CLI11 ${TOMLPLUSPLUS_LIBRARY}
  INCLUDES ${RANDOM123_INCLUDE_DIR})
grids_room(math USES base
  LINKS OpenMP::OpenMP_CXX ${DNNL_LIBRARY} INCLUDES ${DNNL_INCLUDE_DIR} ${HNSWLIB_INCLUDE_DIR})
grids_room(io USES base math
  LINKS nlohmann_json::nlohmann_json PRIVATE_LINKS ZLIB::ZLIB ${ISAL_LIBRARY} ${LZF_LIBRARY} ${ZSTD_LIBRARY} ${BLOSC_LIBRARY} OpenSSL::Crypto hdf5::hdf5
  INCLUDES ${ISAL_INCLUDE_DIR} ${LZF_INCLUDE_DIR} ${ZSTD_INCLUDE_DIR} ${BLOSC_INCLUDE_DIR})
if(GRIDS_TRACKS)
  grids_room(tracks USES base math io
    PRIVATE_LINKS ${HTS_LIBRARY} ${BIGWIG_LIBRARY} INCLUDES ${HTS_INCLUDE_DIR} ${BIGWIG_INCLUDE_DIR})
endif()
grids_room(search USES base math)
grids_room(methods USES base math search)
grids_room(study USES base math io)
grids_room(simulate USES base math io search study)
grids_room(prepare USES base math io study)
grids_room(model USES base math io search study)
grids_room(cis USES base math io search study model)
grids_room(explain USES base math io search methods study model)
grids_room(evaluate USES base math io search methods study model explain)
grids_room(redundancy USES base math io search methods study model cis explain evaluate)
grids_room(links TEXT USES base math io search methods study model cis explain evaluate redundancy)
grids_room(exports TEXT USES base math io search methods study model cis explain evaluate redundancy links)
grids_room(validate USES base math io search methods study prepare model cis explain evaluate redundancy links)
grids_room(report TEXT USES base math io search methods study model explain evaluate redundancy)
# The script of the page, which is in the program.
file(GLOB_RECURSE page_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/front/src/*)
set(page_script ${PROJECT_BINARY_DIR}/page/script.js)
add_custom_command(OUTPUT ${page_script}
  COMMAND ${PROJECT_SOURCE_DIR}/scripts/page.sh ${PROJECT_BINARY_DIR}/page/npm ${page_script}
  DEPENDS ${page_sources} ${PROJECT_SOURCE_DIR}/front/package-lock.json ${PROJECT_SOURCE_DIR}/scripts/page.sh
  COMMENT "The script of report.html" VERBATIM)
set_source_files_properties(src/report/page_script.cpp PROPERTIES
  COMPILE_DEFINITIONS "GRIDS_PAGE_SCRIPT=\"${page_script}\"" OBJECT_DEPENDS ${page_script}
  SKIP_UNITY_BUILD_INCLUSION ON)
grids_room(view TEXT
  USES base math io search methods study model cis explain evaluate redundancy links report
  PRIVATE_LINKS PkgConfig::HTTPLIB)
grids_room(compare TEXT USES base math io search methods study simulate model explain evaluate report)
grids_room(pipeline TEXT
  USES base math io search methods study simulate prepare model cis explain evaluate redundancy links exports validate report compare)
grids_room(cli TEXT
  USES base math io search methods study simulate prepare model cis explain evaluate redundancy links exports validate report view compare pipeline)
if(GRIDS_TORCH)
  grids_room(train USES base math io search study model LINKS ${TORCH_LIBRARIES})
  grids_room(torchscript USES base math io search train)
endif()
