// Context: what the procedures of one adapter share. The procedures themselves are free coroutines over it, a header
// for each concern: disk.h, server.h, watch.h, lineage.h, rejoin.h. Internal to this folder.
#pragma once

#include <set>

#include "engine/databases/postgresql/adapter.h"
#include "engine/databases/postgresql/layout.h"
#include "engine/databases/postgresql/sessions.h"

namespace heir::postgresql {

/// An observation as the server answered it, with where its log ended.
struct Reading {
  Observation seen;
  std::string log_file;
  std::uint64_t log_size = 0;
};

/// What observations are compared with.
struct Memory {
  Rows rows;           ///< The last answer, and
  Reading reading;     ///< what it says: most answers are the same as the one before.
  bool known = false;  ///< False until the first observation after a start of ours.
  std::int64_t started_us = 0;
  std::int64_t processes_us = 0;
  std::string log_file;
  std::uint64_t log_offset = 0;
  // What was seen by looks whose purpose was another, until someone is told.
  std::uint64_t untold_cancelled = 0;
  bool untold_restart = false;
};

/// Progress of the sync towards a target.
struct Progress {
  PeerId sync;
  std::uint64_t flushed = 0;
  MonotonicTime since;
};

struct Context {
  Context(Host& h, Config c)
      : host(h),
        config(std::move(c)),
        layout(config.root),
        sessions(h, config.listen, config.superuser, config.answer_limit) {}

  Host& host;
  const Config config;
  const Layout layout;
  Sessions sessions;
  Memory memory;
  Progress progress;
  /// Why the copy is, though the disk may have refused the mark.
  std::optional<std::string> damaged;
  Generation opened;        ///< The last generation that is known to have.
  PeerId primary;           ///< Of the generation: it holds all that was acknowledged.
  bool rebuilding = false;  ///< A clone or rewind is under way: no position.
  /// The log of the server that runs was compared with its sync's since it started, or is a standby's that was
  /// promoted;
  bool compared = false;
  std::set<PeerId> silent_syncs;  ///< and who was asked in vain.
};

/// The same code, with what was being done before the words and what follows behind them.
inline Error explain(const Error& error, const std::string& doing, const std::string& next = {}) {
  return {error.code, doing + ": " + error.message + (next.empty() ? "" : "; " + next)};
}

/// Sets a flag for as long as a frame lives.
class Mark {
 public:
  explicit Mark(bool& flag) : flag_(&flag) { *flag_ = true; }
  ~Mark() { *flag_ = false; }
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;

 private:
  bool* flag_;
};

// Reading the answers of the catalogue. `failed` if a server answers something else than it promises.
Result<const Row*> single_row(const Rows& rows, std::size_t columns, std::string_view statement);
Result<std::uint64_t> number_at(const Row& row, std::size_t column, std::string_view statement);
Result<std::optional<std::uint64_t>> optional_number_at(const Row& row, std::size_t column, std::string_view statement);
Result<std::int64_t> signed_at(const Row& row, std::size_t column, std::string_view statement);
Result<bool> flag_at(const Row& row, std::size_t column, std::string_view statement);
std::string text_at(const Row& row, std::size_t column);  ///< "" for NULL

}  // namespace heir::postgresql
