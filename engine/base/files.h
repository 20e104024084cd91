// Files that must not be half there after a crash.
#pragma once

#include <string_view>

#include "engine/base/host.h"

namespace heir {

/// Replaces `path` so that, after a crash at any moment, it has the old content or the new one; durable when it
/// returns. (Write beside, sync, rename, sync the folder.)
Task<Result<>> replace_file(Host& host, std::string path, Bytes content);

/// The content with a last line that shows whether it is still as it was written.
Bytes checked(Bytes content);

/// Whether it is what `checked` made of some content.
bool is_as_written(std::string_view file);

/// As replace_file, with such a line.
Task<Result<>> replace_checked_file(Host& host, std::string path, Bytes content);

/// What replace_checked_file wrote; `not_found`. `invalid`: it reads as something else: what was in it is not known,
/// and must not be taken for nothing.
Task<Result<Bytes>> read_checked_file(Host& host, std::string path);

/// Removes a file durably.
Task<Result<>> remove_file(Host& host, std::string path);

/// The folder of a path: "/a/b" -> "/a".
std::string folder_of(const std::string& path);

}  // namespace heir
