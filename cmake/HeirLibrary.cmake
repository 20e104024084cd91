# heir_library(NAME [EXCEPTIONS] [SOURCES …] [DEPENDS …] [PRIVATE …])
#
# One folder, one static library with its own include root. The root holds only this folder, under its path from the top
# of the tree (`#include "engine/base/time.h"`), so a header of a folder that is not among DEPENDS cannot be found.
# NAME is the path with '_' for '/': engine_base. DEPENDS are visible through our headers, PRIVATE only in our sources.
# Every header compiles alone: a source that includes its own header first shows that; the others are compiled by the target
# headers-NAME (there when HEIR_TESTS is on, not part of the default build).
# Without EXCEPTIONS the folder is built with -fno-exceptions: errors are values there.

set(HEIR_INCLUDE_ROOTS ${CMAKE_BINARY_DIR}/include-roots)

add_library(heir_flags INTERFACE)
target_compile_options(heir_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast -Wcast-qual -Wundef
  $<$<BOOL:${HEIR_WERROR}>:-Werror>)
# Assertions of the standard library stay on in every build, as ours do; Release means -O2, not -DNDEBUG.
target_compile_definitions(heir_flags INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
set(CMAKE_CXX_FLAGS_RELEASE ${HEIR_OPTIMIZE})
# Tests under the sanitizers take half as long with -Og as with -O0; line tables are what their reports need, and link quickly.
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1")
if(HEIR_SANITIZE)
  target_compile_options(heir_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(heir_flags INTERFACE -fsanitize=address,undefined)
endif()

# The first line with an include of the source beside a header; empty where there is none.
function(heir_first_include header result)
  string(REGEX REPLACE "\\.h$" ".cc" source ${header})
  set(first)
  if(EXISTS ${source})
    file(STRINGS ${source} first REGEX "^#include" LIMIT_COUNT 1)
  endif()
  set(${result} "${first}" PARENT_SCOPE)
endfunction()

function(heir_library name)
  cmake_parse_arguments(LIB "EXCEPTIONS" "" "SOURCES;DEPENDS;PRIVATE" ${ARGN})
  file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set(root ${HEIR_INCLUDE_ROOTS}/${name})
  get_filename_component(parent ${root}/${path} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/${path} SYMBOLIC)

  file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} *.h)
  if(LIB_SOURCES)
    add_library(${name} STATIC ${LIB_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${name} PRIVATE heir_flags ${LIB_PRIVATE})
    if(NOT LIB_EXCEPTIONS)
      target_compile_options(${name} PRIVATE -fno-exceptions)
    endif()
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${name} ${scope} $<BUILD_INTERFACE:${root}> $<INSTALL_INTERFACE:include/heir>)
  target_link_libraries(${name} ${scope} ${LIB_DEPENDS})

  if(HEIR_TESTS AND headers)
    set(units)
    foreach(header IN LISTS headers)
      heir_first_include(${CMAKE_CURRENT_SOURCE_DIR}/${header} first)
      if(first STREQUAL "#include \"${path}/${header}\"")
        continue()
      endif()
      set(unit ${CMAKE_CURRENT_BINARY_DIR}/alone/${header}.cc)
      file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"${path}/${header}\"  // IWYU pragma: keep\n")
      list(APPEND units ${unit})
    endforeach()
    if(NOT units)
      return()
    endif()
    add_library(headers-${name} OBJECT ${units})
    target_link_libraries(headers-${name} PRIVATE heir_flags ${name})
    target_compile_options(headers-${name} PRIVATE -fsyntax-only)
    set_target_properties(headers-${name} PROPERTIES CXX_CLANG_TIDY "" EXCLUDE_FROM_ALL ON)
  endif()
endfunction()
