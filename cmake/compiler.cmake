# One place for what every target is compiled with.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

set(CMAKE_CXX_FLAGS_RELEASE "-O3")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g")

# The rooms become part of a shared library, of which only the face is visible (cmake/library.cmake).
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

add_library(grids_options INTERFACE)
target_compile_options(grids_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                                               -Wold-style-cast -Wunused -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # No function of ours is replaced when the library is loaded, so that calls may be inlined.
  target_compile_options(grids_options INTERFACE -fno-semantic-interposition)
  # g++ 12 reports overflows inside fmt 9 that cannot happen.
  target_compile_options(grids_options INTERFACE -Wno-stringop-overflow)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND NOT GRIDS_TOGETHER EQUAL 1)
  # Of a class defined in a source file g++ says this once another file includes the source.
  target_compile_options(grids_options INTERFACE -Wno-subobject-linkage)
endif()
# Nobody reads errno or floating-point traps after arithmetic; promising so lets loops with square
# roots and choices vectorise. No result changes (unlike -ffast-math).
target_compile_options(grids_options INTERFACE -fno-math-errno -fno-trapping-math)
if(GRIDS_WERROR)
  target_compile_options(grids_options INTERFACE -Werror)
endif()
if(GRIDS_FUZZ)
  # The rooms tell libFuzzer which branches an input takes.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(GRIDS_SANITIZE)
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
  if(GRIDS_SANITIZE MATCHES "address")
    # So many checks are slower to compile at -O1.
    set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1")
  endif()
  add_compile_options(-fsanitize=${GRIDS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${GRIDS_SANITIZE})
  # Resolvers of cloned functions run before the sanitizer's runtime is ready.
  add_compile_definitions(GRIDS_NO_CLONES)
endif()
