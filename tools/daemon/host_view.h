// What a host answered to "status", as the commands that show it or wait for something need it (status_json.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"

namespace heir::tools {

/// The cluster's state, as a host last saw it; hosts by their names.
struct StateView {
  std::uint64_t index = 0;
  std::string at;
  std::string by;
  std::string why;
  std::uint64_t generation = 0;
  std::string primary;
  std::string sync;  ///< "": there is none.
  std::vector<std::string> async;
  std::vector<std::string> deposed;
  bool opened = false;
  std::string freeze;  ///< Its mode; "": not frozen.
  std::string frozen_by;
  std::string freeze_reason;
  std::string promote;  ///< Who is being promoted; "": nobody.
};

struct HostView {
  std::string host;
  std::string role;
  std::uint64_t place = 0;  ///< Of an async, from 1; 0 otherwise.
  Duration role_for;
  std::uint64_t generation = 0;
  bool is_writable = false;
  std::vector<std::string> why_not_writable;
  std::string next_step;
  std::string gate;
  Duration lease_left;
  bool is_running = false;
  bool is_damaged = false;
  bool is_streaming = false;
  std::optional<std::uint64_t> timeline;
  std::optional<std::uint64_t> end;  ///< Of the log here.
  std::optional<std::uint64_t> lag;  ///< In bytes.
  std::optional<StateView> state;
  std::vector<std::string> warnings;  ///< About its configuration.
};

/// `invalid` if it is not what an agent of this version says.
Result<HostView> read_host_view(const std::string& json);
/// Versions of the state, the oldest first; of what cannot be read only `index`, `at`, `by` and `why`.
Result<std::vector<StateView>> read_history(const std::string& json);

/// What "promote" answers: who hands over to whom, in the generation and version in which that was asked.
struct PromotionView {
  std::string from;
  std::string to;
  std::uint64_t generation = 0;
  std::uint64_t index = 0;
  std::vector<std::string> steps;  ///< What it takes altogether; the first was asked for.
};
Result<PromotionView> read_promotion(const std::string& json);

/// What is wrong with a cluster of which each host answered this, or why it did not: nothing, if it is healthy.
struct NamedAnswer {
  std::string host;
  Result<HostView> view;
};
std::vector<std::string> problems_of(const std::vector<NamedAnswer>& hosts);
/// What nobody should overlook, though a cluster may be healthy with it; what several hosts say once.
std::vector<std::string> warnings_of(const std::vector<NamedAnswer>& hosts);
/// The newest state that any of them saw.
std::optional<StateView> newest_state(const std::vector<NamedAnswer>& hosts);

}  // namespace heir::tools
