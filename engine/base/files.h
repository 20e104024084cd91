// Files that must not be half there after a crash.
#pragma once

#include "engine/base/host.h"

namespace heir {

/// Replaces `path` so that, after a crash at any moment, it has the old content or the new one; durable when it
/// returns. (Write beside, sync, rename, sync the folder.)
Task<Result<>> replace_file(Host& host, std::string path, Bytes content);

/// Removes a file durably.
Task<Result<>> remove_file(Host& host, std::string path);

/// The folder of a path: "/a/b" -> "/a".
std::string folder_of(const std::string& path);

}  // namespace heir
