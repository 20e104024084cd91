// The worker's side of a pool.
#pragma once

#include <string>

#include "tools/workers/pool.h"

namespace heir::tools {

// ---- Messages: a letter, then what it says ----
inline constexpr char message_progress = 'P';  ///< From a worker: a TaskProgress.
inline constexpr char message_answer = 'A';    ///< The memory of the process in bytes (8 bytes), then the answer.
inline constexpr char message_interrupted =
    'I';  ///< The same, of a process that was told to end: what it says may be cut short.
inline constexpr char message_task = 'T';   ///< To a worker: a Task.
inline constexpr char message_leave = 'L';  ///< To a worker: the process shall end.

/// Status of a worker that ran out of memory; it must not need any to say so.
inline constexpr int status_out_of_memory = 86;
/// Of one that could not reach its pool; why stands on standard error.
inline constexpr int status_not_begun = 87;

/// Which of SIGINT, SIGTERM, SIGHUP and SIGPIPE came since prepare_signals(); 0: none.
int noted_signal();
/// From here on they are noted, and interrupt whatever waits; but SIGHUP and SIGPIPE stay ignored for those that were
/// started so (by nohup, say).
void prepare_signals();

/// In the process of the worker: does its first task, then those that it is sent, until it is told to leave.
[[noreturn]] void be_worker(const std::string& address, const std::string& name, int parent, Task first,
                            const Work& work);

}  // namespace heir::tools
