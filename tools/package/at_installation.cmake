# The manual pages and completions of ${HEIR}, and ${UNIT} for ${CMAKE_INSTALL_PREFIX}, in ${MADE}.
function(make output)
  execute_process(COMMAND ${ARGN} OUTPUT_FILE ${output} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${MADE})
file(MAKE_DIRECTORY ${MADE}/man1)
execute_process(COMMAND ${HEIR} manual --out ${MADE}/man1 COMMAND_ERROR_IS_FATAL ANY)
file(GLOB pages ${MADE}/man1/*.1)
execute_process(COMMAND gzip -9n ${pages} COMMAND_ERROR_IS_FATAL ANY)
foreach(shell bash zsh fish)
  make(${MADE}/completion.${shell} ${HEIR} completion ${shell})
endforeach()
configure_file(${UNIT} ${MADE}/heir-agent.service @ONLY)
