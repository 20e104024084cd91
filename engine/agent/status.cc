#include "engine/agent/status.h"

#include <algorithm>

namespace heir::agent {

namespace {

using failover::GateMode;
using failover::Role;

/// For reading: to the tenth of a second, or the millisecond.
std::string rounded(Duration duration) {
  const std::int64_t unit = duration < Duration::seconds(1) ? 1'000'000 : 100'000'000;
  return to_string(Duration::nanoseconds(duration.ns() / unit * unit));
}

std::string role_words(const Status& status) {
  switch (status.role) {
    case Role::unknown: return "this peer has not seen the cluster's state yet";
    case Role::unassigned: return "this peer has no place in the cluster";
    case Role::primary: return "";
    case Role::sync:
    case Role::async:
      return std::string("this peer is ") + (status.role == Role::sync ? "the sync" : "an async") +
             (status.state ? "; the primary is " + host_of(status, status.state->primary) : "");
    case Role::deposed:
      return "this peer was deposed" +
             (status.state ? "; the primary is " + host_of(status, status.state->primary) : std::string());
  }
  return "";
}

std::optional<std::uint64_t> lacking(const Status& status, std::optional<std::uint64_t> has) {
  if (!status.log || !status.log->is_standby || !status.log->is_streaming || !status.log->upstream_end || !has)
    return std::nullopt;
  return *status.log->upstream_end > *has ? *status.log->upstream_end - *has : 0;
}

}  // namespace

bool is_writable(const Status& status) {
  return status.role == Role::primary && status.gate == GateMode::open && status.database.running;
}

std::vector<std::string> why_not_writable(const Status& status) {
  std::vector<std::string> why;
  if (is_writable(status)) return why;
  if (std::string role = role_words(status); !role.empty()) why.push_back(std::move(role));
  for (const failover::Refusal& refusal : status.waiting_for) why.push_back(with_names(status, refusal.detail));
  if (status.role == Role::primary && !status.database.running) why.push_back("the database is not running");
  if (status.session && status.role == Role::primary && status.lease_left <= Duration::zero())
    why.push_back("the lease has run out: the store has not answered for " + rounded(status.store_silent));
  if (why.empty()) why.push_back("the gate is not open yet");
  return why;
}

bool is_healthy_standby(const Status& status) {
  return (status.role == Role::sync || status.role == Role::async) && status.database.running &&
         !status.database.damaged && status.log && status.log->is_standby && status.log->is_streaming;
}

std::optional<std::uint64_t> replay_lag(const Status& status) {
  return lacking(status, status.log ? status.log->replayed : std::nullopt);
}

std::optional<std::uint64_t> receive_lag(const Status& status) {
  // Since it streams anew it may have received less than lay on its disk.
  return lacking(status, status.log ? std::max(status.log->received, status.log->replayed) : std::nullopt);
}

std::string next_step(const Status& status) {
  if (status.log && status.log->broken_link)
    return with_names(status, status.log->broken_link->why) + ", for " +
           rounded(status.at - status.log->broken_link->since);
  if (status.command)
    return with_names(status, status.command->what) + ", for " + rounded(status.at - status.command->since);
  const std::string when = status.next_step_in ? " in " + rounded(*status.next_step_in) : "";
  if (!status.waiting_for.empty())
    return std::string(failover::to_string(status.waiting_for.front().reason)) +
           (when.empty() ? "" : ", looked at again" + when);
  return when.empty() ? "" : "looks again" + when;
}

std::string with_names(const Status& status, std::string text) {
  for (const KnownPeer& peer : status.peers) {
    if (peer.host.empty()) continue;
    const std::string& id = peer.id.value();
    for (std::size_t at = text.find(id); at != std::string::npos; at = text.find(id, at + peer.host.size()))
      text.replace(at, id.size(), peer.host);
  }
  return text;
}

std::string host_of(const Status& status, const PeerId& peer) {
  const auto found =
      std::find_if(status.peers.begin(), status.peers.end(), [&](const KnownPeer& known) { return known.id == peer; });
  return found == status.peers.end() || found->host.empty() ? peer.value() : found->host;
}

}  // namespace heir::agent
