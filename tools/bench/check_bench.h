// `heir-bench check`: how long reading and judging histories takes, how much memory, against a plain read of the file.
// `heir-bench write-history`: the same histories as files, for other checkers.
#pragma once

#include <string_view>
#include <vector>

namespace heir::bench {

/// Both return the exit status: 0; 1 a goal or an expected verdict was missed; 2 bad usage, or a file that cannot be
/// read or written.
int check_main(const std::vector<std::string_view>& arguments);
int write_history_main(const std::vector<std::string_view>& arguments);

}  // namespace heir::bench
