# Installs, builds the example outside the tree, and runs it on a good, a bad and a broken history.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGV} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGV}: ${status}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
run(${CMAKE_COMMAND} --install ${BUILD} --component heir-check --prefix ${SCRATCH}/prefix)
run(${CMAKE_COMMAND} -E copy_directory ${EXAMPLE} ${SCRATCH}/source)
run(${CMAKE_COMMAND} -S ${SCRATCH}/source -B ${SCRATCH}/build -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${SCRATCH}/prefix
    -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
run(${CMAKE_COMMAND} --build ${SCRATCH}/build)

# judge(HISTORY EXPECTED-STATUS EXPECTED-OUTPUT)
function(judge history expected_status expected)
  file(WRITE ${SCRATCH}/history.jsonl "${history}")
  execute_process(COMMAND ${SCRATCH}/build/own-model ${SCRATCH}/history.jsonl
    OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
  if(NOT status EQUAL expected_status OR NOT output MATCHES "${expected}")
    message(FATAL_ERROR "expected ${expected_status} and '${expected}', got ${status} and '${output}'")
  endif()
endfunction()
set(writes [[
{"process":1,"type":"invoke","f":"write","value":7}
{"process":1,"type":"ok","f":"write","value":7}
{"process":1,"type":"invoke","f":"write","value":5}
{"process":1,"type":"ok","f":"write","value":5}
{"process":2,"type":"invoke","f":"read","value":null}
]])
judge("${writes}{\"process\":2,\"type\":\"ok\",\"f\":\"read\",\"value\":7}\n" 0 "^valid\n$")
judge("${writes}{\"process\":2,\"type\":\"ok\",\"f\":\"read\",\"value\":5}\n" 1 "^invalid: read .*returned 5")
judge("${writes}{\"process\":3,\"type\":\"ok\",\"f\":\"read\",\"value\":5}\n" 2 "history.jsonl:6")
file(REMOVE_RECURSE ${SCRATCH})
