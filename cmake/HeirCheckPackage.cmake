# The checkers as a library for others: `cmake --install BUILD --component heir-check --prefix PREFIX`, then in their
# CMakeLists.txt `find_package(heir-check)` and `target_link_libraries(… heir::check)`. examples/own-model shows it.
#
# What is installed is reports_check and reports_check_search and every folder of ours that they link; headers keep their
# paths from the top of the tree, below include/heir.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# All targets of this tree that `target` links, itself included, each once.
function(heir_linked_targets target result)
  set(found ${target})
  set(open ${target})
  while(open)
    list(POP_FRONT open next)
    set(linked)
    get_target_property(type ${next} TYPE)
    if(NOT type STREQUAL INTERFACE_LIBRARY)
      get_target_property(private ${next} LINK_LIBRARIES)
      list(APPEND linked ${private})
    endif()
    get_target_property(public ${next} INTERFACE_LINK_LIBRARIES)
    list(APPEND linked ${public})
    foreach(name IN LISTS linked)
      if(name MATCHES "::" OR NOT TARGET ${name} OR name IN_LIST found)
        continue()
      endif()
      list(APPEND found ${name})
      list(APPEND open ${name})
    endforeach()
  endwhile()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

function(heir_check_package)
  add_library(heir_check INTERFACE)
  target_link_libraries(heir_check INTERFACE reports_check reports_check_search)
  set_target_properties(heir_check PROPERTIES EXPORT_NAME check)
  add_library(heir::check ALIAS heir_check)

  heir_linked_targets(heir_check targets)
  set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/heir-check)
  install(TARGETS ${targets} EXPORT heir-check-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/heir COMPONENT heir-check)
  foreach(target IN LISTS targets)
    get_target_property(folder ${target} SOURCE_DIR)
    file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR} ${folder})
    if(NOT path STREQUAL "")
      file(GLOB headers CONFIGURE_DEPENDS ${folder}/*.h)
      install(FILES ${headers} DESTINATION include/heir/${path} COMPONENT heir-check)
    endif()
  endforeach()
  install(EXPORT heir-check-targets NAMESPACE heir:: DESTINATION ${config_dir} COMPONENT heir-check)
  configure_package_config_file(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/heir-check-config.cmake.in
    ${CMAKE_BINARY_DIR}/heir-check-config.cmake INSTALL_DESTINATION ${config_dir})
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/heir-check-config-version.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_BINARY_DIR}/heir-check-config.cmake ${CMAKE_BINARY_DIR}/heir-check-config-version.cmake
    DESTINATION ${config_dir} COMPONENT heir-check)

  # Builds all that is installed.
  set(libraries ${targets})
  list(REMOVE_ITEM libraries heir_check heir_flags)
  add_custom_target(heir-check DEPENDS ${libraries})
endfunction()
heir_check_package()
