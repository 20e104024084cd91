// Process 1 of a host: it makes the host's namespaces what they are, runs programs, tells when they end, and holds all
// of it together: when it ends, the kernel kills every process of the host. It ends when it is killed, and when the
// process that made it is gone, however that went.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "tools/testbed/descriptor.h"

namespace heir::testbed {

/// A folder or file that a host sees in the place of another.
struct Bind {
  std::string from;
  std::string to;  ///< Exists.
};

/// A file system in user space that a host sees.
struct UserMount {
  int device = -1;      ///< /dev/fuse, opened for it. The host does not keep it.
  std::string options;  ///< As of mount(2).
  std::string to;       ///< Exists.
};

struct InitPlan {
  std::string name;                ///< Of the host.
  std::vector<Bind> binds;         ///< In this order.
  std::optional<UserMount> mount;  ///< Before them.
};

struct Init {
  pid_t process = 0;   ///< As this process sees it, whose child it is.
  Descriptor control;  ///< Whole messages: init_protocol.h.
};

/// New network, mount, process, name and IPC namespaces with an init that is ready to run programs.
Result<Init> start_init(const InitPlan& plan);

}  // namespace heir::testbed
