#include "tools/daemon/health.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace heir::tools {

namespace {

using agent::Status;
using failover::Role;

enum class Check {
  primary,
  standby_leader,
  replica,
  read_only,
  synchronous,
  read_only_synchronous,
  asynchronous,
  health,
  readiness,
  liveness,
  patroni
};

struct Path {
  std::string_view path;
  Check check;
};

constexpr std::array<Path, 19> paths{{{"/", Check::primary},
                                      {"/primary", Check::primary},
                                      {"/master", Check::primary},
                                      {"/leader", Check::primary},
                                      {"/read-write", Check::primary},
                                      {"/standby-leader", Check::standby_leader},
                                      {"/standby_leader", Check::standby_leader},
                                      {"/replica", Check::replica},
                                      {"/read-only", Check::read_only},
                                      {"/synchronous", Check::synchronous},
                                      {"/sync", Check::synchronous},
                                      {"/read-only-sync", Check::read_only_synchronous},
                                      {"/read-only-synchronous", Check::read_only_synchronous},
                                      {"/asynchronous", Check::asynchronous},
                                      {"/async", Check::asynchronous},
                                      {"/health", Check::health},
                                      {"/readiness", Check::readiness},
                                      {"/liveness", Check::liveness},
                                      {"/patroni", Check::patroni}}};

// ---- What is asked for

std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 1] + 2, byte, 16).ptr == &text[i + 1] + 2) {
      plain += static_cast<char>(byte);
      i += 2;
    } else {
      plain += text[i] == '+' ? ' ' : text[i];
    }
  }
  return plain;
}

using Query = std::map<std::string, std::string>;

Query query_of(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const std::size_t end = pair.find('=');
    if (end != std::string_view::npos) query.emplace(decoded(pair.substr(0, end)), decoded(pair.substr(end + 1)));
  }
  return query;
}

constexpr const char* lag_rule = "'lag' is a number of bytes, as 1048576, or has a unit, as 16MB: B, kB, MB, GB or TB";

/// In bytes; nothing: it is no size.
std::optional<double> size_of(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  double number = 0;
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;  // no "inf"
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (parsed.ec != std::errc()) return std::nullopt;
  std::string unit;
  for (const char c : text.substr(static_cast<std::size_t>(parsed.ptr - text.data())))
    if (c != ' ') unit += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  constexpr std::array<std::string_view, 5> units{"b", "kb", "mb", "gb", "tb"};
  if (unit.empty()) return number;
  for (const std::string_view known : units) {
    if (unit == known) return number;
    number *= 1024;
  }
  return std::nullopt;
}

// ---- Whether it is so

/// One that lets readers in, for it is they who are sent here.
bool is_standby(const Status& status) {
  return (status.role == Role::sync || status.role == Role::async) && status.database.running &&
         !status.database.damaged && status.log && status.log->is_standby && status.reads_open;
}

/// A lag that is not known is not below any bound.
bool is_within(const Status& status, std::optional<double> most_lag) {
  if (!most_lag) return true;
  const std::optional<std::uint64_t> lag = agent::replay_lag(status);
  return lag && static_cast<double>(*lag) <= *most_lag;
}

bool holds(Check check, const Status& status, std::optional<double> most_lag) {
  const bool replica = is_standby(status) && is_within(status, most_lag);
  switch (check) {
    case Check::primary: return agent::is_writable(status);
    case Check::standby_leader: return false;  // there are no standby clusters
    case Check::replica: return replica;
    case Check::read_only: return replica || agent::is_writable(status);
    case Check::synchronous: return replica && status.role == Role::sync;
    case Check::read_only_synchronous: return (replica && status.role == Role::sync) || agent::is_writable(status);
    case Check::asynchronous: return replica && status.role == Role::async;
    case Check::health: return status.database.running;
    case Check::readiness: return status.database.running && status.state.has_value();
    case Check::liveness:
    case Check::patroni: return true;
  }
  return false;
}

/// Of whom Patroni asks whether its tags match. Nobody here has tags.
bool asks_for_tags(Check check, const Query& query) {
  const bool ignores = check == Check::primary || check == Check::standby_leader || check == Check::readiness ||
                       check == Check::liveness || check == Check::patroni;
  return !ignores &&
         std::any_of(query.begin(), query.end(), [](const auto& pair) { return pair.first.starts_with("tag_"); });
}

// ---- The status as a document

using Json = nlohmann::ordered_json;

/// Since 1970, in seconds.
std::int64_t epoch(WallTime time) {
  return time.ns() / 1'000'000'000;
}

Json log_document(const Status& status) {
  Json document = Json::object();
  if (!status.log) return document;
  if (!status.log->is_standby) {
    document["location"] = status.log->flushed.value_or(0);
  } else {
    document["received_location"] = status.log->received.value_or(0);
    document["replayed_location"] = status.log->replayed.value_or(0);
  }
  return document;
}

/// As Patroni's, in its words; what only heir has is under "heir", in ours.
Json document(const std::optional<Status>& status) {
  Json document;
  if (!status) {
    document["state"] = "unknown";
    document["heir"]["why_not_writable"] = {"the agent has not begun yet; its log tells why"};
    return document;
  }
  const bool is_primary = status->role == Role::primary;
  document["state"] = status->database.running ? "running" : "stopped";
  document["role"] = is_primary ? "master" : "replica";
  if (status->role == Role::sync) document["sync_standby"] = true;
  if (Json log = log_document(*status); !log.empty()) document["xlog"] = std::move(log);
  if (status->log && status->log->timeline) document["timeline"] = *status->log->timeline;
  document["cluster_unlocked"] = !status->state || !status->state->opened;
  document["dcs_last_seen"] = epoch(status->at - status->store_silent);
  if (status->state && status->state->freeze) document["pause"] = true;
  document["patroni"] = {{"scope", status->cluster}, {"name", status->host}};
  Json& heir = document["heir"];
  heir["role"] = failover::to_string(status->role);
  heir["role_since"] = epoch(status->role_since);
  heir["generation"] = status->generation.number();
  heir["gate"] = failover::to_string(status->gate);
  heir["reads"] = status->reads_open ? "open" : "closed";
  heir["writable"] = agent::is_writable(*status);
  heir["why_not_writable"] = agent::why_not_writable(*status);
  heir["lease_left_ms"] = status->lease_left.ns() / 1'000'000;
  if (status->state) heir["primary"] = agent::host_of(*status, status->state->primary);
  if (status->upstream) heir["upstream"] = agent::host_of(*status, *status->upstream);
  if (const auto lag = agent::replay_lag(*status)) heir["replay_lag"] = *lag;
  if (const auto lag = agent::receive_lag(*status)) heir["receive_lag"] = *lag;
  if (const std::string step = agent::next_step(*status); !step.empty()) heir["next_step"] = step;
  return document;
}

}  // namespace

std::optional<hosts::HttpAnswer> health_answer(const std::optional<Status>& status, std::string_view target) {
  std::string_view path = target.substr(0, target.find('?'));
  const Query query = query_of(target.substr(std::min(target.size(), path.size() + 1)));
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const auto known = std::find_if(paths.begin(), paths.end(), [&](const Path& each) { return each.path == path; });
  if (known == paths.end()) return std::nullopt;
  std::optional<double> most_lag;
  if (const auto lag = query.find("lag"); lag != query.end()) {
    most_lag = size_of(lag->second);
    // Patroni takes it for no bound at all.
    if (!most_lag) return hosts::HttpAnswer{400, "text/plain; charset=utf-8", std::string(lag_rule) + "\n"};
  }
  const bool is_so = known->check == Check::liveness || known->check == Check::patroni ||
                     (status && holds(known->check, *status, most_lag) && !asks_for_tags(known->check, query));
  // What is not UTF-8 in the words of others is shown as such, and breaks nothing.
  const std::string body = document(status).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  return hosts::HttpAnswer{is_so ? 200 : 503, "application/json", body};
}

}  // namespace heir::tools
