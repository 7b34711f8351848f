# grids_room(NAME DEPENDS ... [PRIVATE_DEPENDS ...] [INCLUDES dirs] [EXCLUDE files] [ALONE])
#
# A room of src/ is one static library of all its files, so that a new method or format is one new
# file and no edit here. What a room links decides what it can include: arrows point down only.
# INCLUDES are the directories of libraries found by file, kept free of our warnings.
# GRIDS_TOGETHER files at a time share the headers, which cost more to compile than our code; they share
# their anonymous namespace, too. ALONE keeps a room's files apart, and so are those with loops that are
# cloned for several processors: what can be inlined into a clone decides which products and sums the
# compiler fuses, and the last bit of a result must not depend on which files meet.
function(grids_room name)
  cmake_parse_arguments(ROOM "ALONE" "" "DEPENDS;PRIVATE_DEPENDS;INCLUDES;EXCLUDE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  foreach(file ${ROOM_EXCLUDE})
    list(REMOVE_ITEM sources ${PROJECT_SOURCE_DIR}/src/${name}/${file})
  endforeach()
  add_library(grids_${name} STATIC ${sources})
  set_target_properties(grids_${name} PROPERTIES LINKER_LANGUAGE CXX)
  if(NOT ROOM_ALONE)
    grids_compile_together(grids_${name})
  endif()
  foreach(file ${sources})
    file(STRINGS ${file} cloned REGEX "GRIDS_CLONES|target_clones" LIMIT_COUNT 1)
    if(cloned AND GRIDS_TOGETHER)
      set_source_files_properties(${file} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
  target_include_directories(grids_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_include_directories(grids_${name} SYSTEM PUBLIC ${ROOM_INCLUDES})
  target_link_libraries(grids_${name} PUBLIC ${ROOM_DEPENDS}
                        PRIVATE ${ROOM_PRIVATE_DEPENDS} grids_options)
endfunction()

# Compiles GRIDS_TOGETHER files of a target at a time, all of them where that is 0.
function(grids_compile_together target)
  if(NOT GRIDS_TOGETHER EQUAL 1)
    set_target_properties(${target} PROPERTIES
      UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${GRIDS_TOGETHER}
      UNITY_BUILD_CODE_BEFORE_INCLUDE "// NOLINTNEXTLINE(bugprone-suspicious-include)")
  endif()
endfunction()
