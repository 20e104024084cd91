// What SimHost's SQL sessions and a simulated server say to each other on a stream, as attachments of chunks.
//
// The client connects to the server's address and sends SqlStartup; the server answers SqlReady or SqlRefused (and
// closes). Then one SqlRequest at a time is answered by one SqlResponse. A server that shares its port with other
// protocols tells them apart by the type of the first attachment.
#pragma once

#include <string>

#include "engine/base/host.h"

namespace heir::sim {

struct SqlStartup {
  std::string database;
  std::string user;
  std::string application_name;
};

struct SqlReady {};

/// "too many connections", "the database system is starting up": Host::open_session fails with this error.
struct SqlRefused {
  Error error;
};

struct SqlRequest {
  Statement statement;  ///< Its name is of a catalogue: it lives for ever.
};

struct SqlResponse {
  mutable Result<Rows> result;  ///< Taken by the one who receives it: a stream delivers once.
};

}  // namespace heir::sim
