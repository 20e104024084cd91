// What a world and process 1 of one of its hosts say to each other, over a socket of whole messages.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace heir::testbed {

/// Then, for `run`, texts that end with '\0' each: the folder, the arguments, the environment; with three descriptors.
struct InitRequest {
  enum class Kind : std::uint32_t {
    run,
    signal,      ///< To one program that was run, or `process` of the host.
    signal_all,  ///< To every process of the host but process 1.
  };
  Kind kind = Kind::run;
  std::int32_t process = 0;
  std::int32_t signal = 0;
  std::uint32_t arguments = 0;
  std::uint32_t environment = 0;
  std::int64_t user = -1;  ///< And group: -1 as it is.
  std::int64_t group = -1;
};

struct InitReply {
  enum class Kind : std::uint32_t {
    ready,   ///< The host is set up.
    done,    ///< What was asked for; of a program that runs now, `process` is its number on the host.
    failed,  ///< `number` is the error, `step` what it happened at.
    ended,   ///< Not an answer: the program `process` has ended; `number` as waitpid tells it.
  };
  Kind kind = Kind::done;
  std::int32_t process = 0;
  std::int32_t number = 0;
  char step[64] = {};
};

/// Bytes of a request; a command with its environment is shorter.
inline constexpr std::size_t most_request_bytes = 128 * 1024;
inline constexpr std::uint32_t most_texts = 4096;

}  // namespace heir::testbed
