// Reading a history from any format: recognised by what stands in it, or named. `heir check --format`.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "reports/history/history.h"
#include "reports/history/jepsen.h"
#include "reports/history/source.h"

namespace heir::reports {

enum class Format : std::uint8_t {
  jsonl,      ///< Ours: json_lines.h.
  edn,        ///< Operation maps of Jepsen, Knossos and Elle, alone or in a vector or list: jepsen.h.
  etcd_log,   ///< Jepsen's etcd logs, as Porcupine has them: porcupine.h.
  kv_log,     ///< Porcupine's kv files: EDN with :get, :put and :append.
  elle_json,  ///< The maps of `edn` as JSON: an array, or one after the other.
  lines,      ///< PolyLin's, fptlin's and IsoVista's: lines.h.
};

/// As `--format` names it: "etcd-log".
const char* to_string(Format format);
std::optional<Format> format_named(std::string_view name);
std::vector<std::string_view> format_names();

/// By the beginning of a text (some 64 KiB or all of it), and the name of its file where that does not decide.
std::optional<Format> recognise_format(std::string_view beginning, std::string_view file_name);

struct ReadOptions {
  std::optional<Format> format;     ///< Recognised if not given.
  std::optional<FailMeaning> fail;  ///< By default compared_and_differed in etcd logs, otherwise did_not_happen.
  OutOfTime is_over = {};           ///< Then reading fails with `timed_out`.
};

/// Reads a whole file. `not_found`, `io_error`, `timed_out`, or `invalid` with "FILE:LINE:COLUMN: what was expected":
/// what cannot be read whole is no history.
Result<History> read_history(const std::string& path, const ReadOptions& options = {});

/// Reads from an open stream until its end; `name` stands for the file in messages.
Result<History> read_history(std::FILE* stream, const std::string& name, const ReadOptions& options = {});

/// From memory.
Result<History> read_history_text(std::string_view text, const std::string& name, const ReadOptions& options = {});

/// From any of these.
Result<History> read_history(Source& source, const ReadOptions& options = {});

}  // namespace heir::reports
