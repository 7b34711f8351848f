# grids_room(NAME [TEXT] [USES rooms...] [LINKS ...] [PRIVATE_LINKS ...] [INCLUDES dirs])
#
# A room of src/ is one static library of all its files, so that a new method or format is one new
# file and no edit here. USES are the rooms below that it may include; it finds no other header (see
# grids_sees). LINKS are libraries that its headers include, PRIVATE_LINKS only its sources; INCLUDES
# are the directories of libraries found by file, kept free of our warnings. TEXT: what it does is
# words and tables, and optimising it costs more than it saves.
# GRIDS_TOGETHER files at a time share the headers, which cost more to compile than our code; they share
# their anonymous namespace, too. Files with loops that are cloned for several processors stay apart: what
# can be inlined into a clone decides which products and sums the compiler fuses, and the last bit of a
# result must not depend on which files meet.
function(grids_room name)
  cmake_parse_arguments(ROOM "TEXT" "" "USES;LINKS;PRIVATE_LINKS;INCLUDES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  add_library(grids_${name} STATIC ${sources})
  set_target_properties(grids_${name} PROPERTIES LINKER_LANGUAGE CXX GRIDS_USES "${ROOM_USES}")
  grids_compile_together(grids_${name})
  foreach(file ${sources})
    file(STRINGS ${file} cloned REGEX "GRIDS_CLONES|target_clones" LIMIT_COUNT 1)
    if(cloned AND GRIDS_TOGETHER)
      set_source_files_properties(${file} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
  if(ROOM_TEXT AND NOT CMAKE_BUILD_TYPE STREQUAL Debug)
    target_compile_options(grids_${name} PRIVATE -O1)
  endif()
  grids_sees(grids_${name} ${name} ${ROOM_USES})
  target_include_directories(grids_${name} SYSTEM PUBLIC ${ROOM_INCLUDES})
  target_link_libraries(grids_${name} PUBLIC ${ROOM_LINKS} PRIVATE ${ROOM_PRIVATE_LINKS} grids_options)
  foreach(room ${ROOM_USES})
    target_link_libraries(grids_${name} PUBLIC grids_${room})
  endforeach()
endfunction()

# grids_sees(TARGET rooms...): the target can include headers of these rooms, as "room/file.hpp", and of
# no other: its include folder holds a link to each and nothing else.
function(grids_sees target)
  set(folder ${PROJECT_BINARY_DIR}/sees/${target})
  file(REMOVE_RECURSE ${folder})
  file(MAKE_DIRECTORY ${folder})
  foreach(room ${ARGN})
    file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${room} ${folder}/${room} SYMBOLIC)
  endforeach()
  # Of the library's face, what all rooms share with its users.
  file(MAKE_DIRECTORY ${folder}/grids)
  foreach(header api error)
    file(CREATE_LINK ${PROJECT_SOURCE_DIR}/include/grids/${header}.hpp ${folder}/grids/${header}.hpp SYMBOLIC)
  endforeach()
  target_include_directories(${target} PRIVATE ${folder})
endfunction()

# Compiles GRIDS_TOGETHER files of a target at a time, all of them where that is 0.
function(grids_compile_together target)
  if(NOT GRIDS_TOGETHER EQUAL 1)
    set_target_properties(${target} PROPERTIES
      UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${GRIDS_TOGETHER}
      UNITY_BUILD_CODE_BEFORE_INCLUDE "// NOLINTNEXTLINE(bugprone-suspicious-include)")
  endif()
endfunction()
