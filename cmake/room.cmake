# grids_room(NAME DEPENDS ... [PRIVATE_DEPENDS ...] [INCLUDES dirs] [EXCLUDE files] [ALONE])
#
# A room of src/ is one static library of all its files, so that a new method or format is one new
# file and no edit here. What a room links decides what it can include: arrows point down only.
# INCLUDES are the directories of libraries found by file, kept free of our warnings.
# With GRIDS_UNITY a few files at a time share the headers, which cost more to compile than our code;
# a room's files then share their anonymous namespace. ALONE keeps a room's files apart. So are files with
# loops that are cloned for several processors: what the compiler may inline into a clone
# decides which products and sums it fuses, and the last bit of a result must not depend on that.
function(grids_room name)
  cmake_parse_arguments(ROOM "ALONE" "" "DEPENDS;PRIVATE_DEPENDS;INCLUDES;EXCLUDE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  foreach(file ${ROOM_EXCLUDE})
    list(REMOVE_ITEM sources ${PROJECT_SOURCE_DIR}/src/${name}/${file})
  endforeach()
  add_library(grids_${name} STATIC ${sources})
  set_target_properties(grids_${name} PROPERTIES LINKER_LANGUAGE CXX)
  if(GRIDS_UNITY AND NOT ROOM_ALONE)
    set_target_properties(grids_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
    foreach(file ${sources})
      file(STRINGS ${file} cloned REGEX "GRIDS_CLONES|target_clones" LIMIT_COUNT 1)
      if(cloned)
        set_source_files_properties(${file} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
      endif()
    endforeach()
  endif()
  target_include_directories(grids_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_include_directories(grids_${name} SYSTEM PUBLIC ${ROOM_INCLUDES})
  target_link_libraries(grids_${name} PUBLIC ${ROOM_DEPENDS}
                        PRIVATE ${ROOM_PRIVATE_DEPENDS} grids_options)
endfunction()
