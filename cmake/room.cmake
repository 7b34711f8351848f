# grids_room(NAME DEPENDS ... [PRIVATE_DEPENDS ...] [INCLUDES dirs] [EXCLUDE files] [UNITY])
#
# A room of src/ is one static library of all its files, so that a new method or format is one new
# file and no edit here. What a room links decides what it can include: arrows point down only.
# INCLUDES are the directories of libraries found by file, kept free of our warnings.
# UNITY where a library's headers cost more to compile than our files: a few files share them, except in
# Debug builds.
function(grids_room name)
  cmake_parse_arguments(ROOM "UNITY" "" "DEPENDS;PRIVATE_DEPENDS;INCLUDES;EXCLUDE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  foreach(file ${ROOM_EXCLUDE})
    list(REMOVE_ITEM sources ${PROJECT_SOURCE_DIR}/src/${name}/${file})
  endforeach()
  add_library(grids_${name} STATIC ${sources})
  set_target_properties(grids_${name} PROPERTIES LINKER_LANGUAGE CXX)
  if(ROOM_UNITY AND NOT CMAKE_BUILD_TYPE STREQUAL Debug)
    set_target_properties(grids_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
  endif()
  target_include_directories(grids_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_include_directories(grids_${name} SYSTEM PUBLIC ${ROOM_INCLUDES})
  target_link_libraries(grids_${name} PUBLIC ${ROOM_DEPENDS}
                        PRIVATE ${ROOM_PRIVATE_DEPENDS} grids_options)
endfunction()
