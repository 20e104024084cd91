#include "tools/daemon/metrics.h"

#include <array>
#include <initializer_list>
#include <utility>
#include <vector>

namespace heir::tools {

namespace {

using agent::Status;
using failover::GateMode;
using failover::Role;

using Labels = std::vector<std::pair<std::string, std::string>>;

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\\' || c == '"') safe += '\\';
    if (c == '\n')
      safe += "\\n";
    else
      safe += c;
  }
  return safe;
}

/// Seconds, exactly: a double would lose the nanoseconds of a time of day.
std::string in_seconds(std::int64_t ns) {
  const std::string sign = ns < 0 ? "-" : "";
  const std::uint64_t size = ns < 0 ? 0 - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
  std::string fraction = std::to_string(size % 1'000'000'000);
  return sign + std::to_string(size / 1'000'000'000) + "." + std::string(9 - fraction.size(), '0') + fraction;
}
std::string in_seconds(Duration duration) {
  return in_seconds(duration.ns());
}
std::string in_seconds(WallTime time) {
  return in_seconds(time.ns());
}
std::string yes(bool is) {
  return is ? "1" : "0";
}

class Page {
 public:
  explicit Page(Labels common) : common_(std::move(common)) {}

  void gauge(const std::string& name, const std::string& help, const std::string& value) {
    begin(name, help, "gauge");
    line({}, value);
  }
  void counter(const std::string& name, const std::string& help, std::uint64_t value) {
    begin(name, help, "counter");
    line({}, std::to_string(value));
  }
  /// Then a line for each of its values.
  void begin(const std::string& name, const std::string& help, const char* type) {
    name_ = name;
    text_ += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
  }
  void line(const Labels& labels, const std::string& value) {
    text_ += name_ + "{";
    const char* comma = "";
    for (const Labels* some : std::initializer_list<const Labels*>{&common_, &labels})
      for (const auto& [label, word] : *some) {
        text_ += comma + label + "=\"" + escaped(word) + "\"";
        comma = ",";
      }
    text_ += "} " + value + "\n";
  }
  std::string take() { return std::move(text_); }

 private:
  Labels common_;
  std::string name_;
  std::string text_;
};

void add_role(Page& page, const Status& status) {
  page.begin("heir_role", "1 for the role that the peer has.", "gauge");
  for (const Role role : {Role::unknown, Role::unassigned, Role::primary, Role::sync, Role::async, Role::deposed})
    page.line({{"role", failover::to_string(role)}}, yes(status.role == role));
  page.gauge("heir_role_since_seconds", "When it took this role in this generation, in seconds since 1970.",
             in_seconds(status.role_since));
  page.gauge("heir_generation", "Whose role it has taken; 0: none.", std::to_string(status.generation.number()));
  if (status.state)
    page.gauge("heir_cluster_generation", "The newest known here; grows when the primary or its sync is replaced.",
               std::to_string(status.state->generation.number()));
  page.gauge("heir_frozen", "1 while an operator has forbidden takeovers.",
             yes(status.state && status.state->freeze.has_value()));
  page.begin("heir_waiting", "1 for each reason for which nothing more happens.", "gauge");
  std::vector<std::string> told;
  for (const failover::Refusal& refusal : status.waiting_for) {
    const std::string reason = failover::to_string(refusal.reason);
    bool is_new = true;
    for (const std::string& other : told) is_new = is_new && other != reason;
    if (is_new) page.line({{"reason", reason}}, "1");
    told.push_back(reason);
  }
}

void add_gate(Page& page, const Status& status) {
  page.gauge("heir_writable", "1 while clients may write here.", yes(agent::is_writable(status)));
  page.gauge("heir_reads_open", "1 while the read-only port serves clients.", yes(status.reads_open));
  page.begin("heir_gate", "1 for what the gate is.", "gauge");
  for (const GateMode mode : {GateMode::closed, GateMode::held, GateMode::open})
    page.line({{"mode", failover::to_string(mode)}}, yes(status.gate == mode));
  page.gauge("heir_gate_connections", "Of clients, through the gate.", std::to_string(status.gate_connections));
  page.gauge("heir_lease_left_seconds", "While it is positive nobody else can have taken over.",
             in_seconds(status.lease_left));
  page.gauge("heir_store_silent_seconds", "Since the store last answered anything.", in_seconds(status.store_silent));
}

void add_database(Page& page, const Status& status) {
  page.gauge("heir_database_running", "1 while the database server runs.", yes(status.database.running));
  page.gauge("heir_database_damaged", "1 if the copy has bad pages, or has lost log.", yes(status.database.damaged));
  page.gauge("heir_database_command_running", "1 while the database is being brought through a command.",
             yes(status.command.has_value()));
  page.gauge("heir_database_command_failures", "Of commands, in a row.", std::to_string(status.failures));
  if (!status.log) return;
  page.gauge("heir_streaming", "1 while a standby receives log from its upstream.", yes(status.log->is_streaming));
  if (const auto lag = agent::replay_lag(status))
    page.gauge("heir_replay_lag_bytes", "Of the upstream's log, that a standby has not replayed; absent: not known.",
               std::to_string(*lag));
  if (const auto lag = agent::receive_lag(status))
    page.gauge("heir_receive_lag_bytes", "Of the upstream's log, that a standby has not flushed; absent: not known.",
               std::to_string(*lag));
  page.gauge("heir_waiting_commits", "Of a primary, that wait for the sync.",
             std::to_string(status.log->waiting_commits));
}

void add_counts(Page& page, const ProcessCounts& counts) {
  const hosts::MessageCounts& messages = counts.messages;
  page.counter("heir_primary_changes_total", "Changes of the cluster's primary that this agent saw.",
               counts.primaries_seen);
  page.counter("heir_messages_sent_total", "To other processes of the cluster.", messages.sent);
  page.counter("heir_messages_received_total", "From other processes of the cluster.", messages.received);
  page.begin("heir_messages_not_sent_total", "Dropped: no connection or a full queue, or an address of nobody.",
             "counter");
  page.line({{"reason", "no-way"}}, std::to_string(messages.not_sent));
  page.line({{"reason", "to-nobody"}}, std::to_string(messages.to_nobody));
  page.begin("heir_messages_refused_total", "Not of this cluster and version, or from who is not of it.", "counter");
  for (std::size_t i = 0; i < messages.refused.size(); ++i)
    page.line({{"reason", to_string(static_cast<hosts::Refusal>(i))}}, std::to_string(messages.refused[i]));
  page.line({{"reason", "key"}}, std::to_string(messages.keys_refused));
  page.line({{"reason", "overflow"}}, std::to_string(messages.overflowed));
  page.counter("heir_loop_stalls_total", "Times that the event loop did not turn for more than 10 ms.",
               counts.stalls.count);
  page.gauge("heir_loop_longest_stall_seconds", "Since the agent began.", in_seconds(counts.stalls.longest));
  page.counter("heir_http_requests_total", "Answered.", counts.http.requests);
  page.begin("heir_http_refused_total", "Garbage, connections that were too slow, and those that found no room.",
             "counter");
  page.line({{"reason", "garbage"}}, std::to_string(counts.http.garbage));
  page.line({{"reason", "slow"}}, std::to_string(counts.http.slow));
  page.line({{"reason", "crowded"}}, std::to_string(counts.http.crowded));
}

/// By Patroni's names, with its only label.
void add_patronis(Page& page, const Status& status) {
  const bool runs = status.database.running;
  const bool is_primary = status.role == Role::primary;
  const auto offset = [&](bool of_standby, auto member) {
    const bool has = status.log && status.log->is_standby == of_standby;
    return has ? ((*status.log).*member).value_or(0) : 0;
  };
  page.gauge("patroni_postgres_running", "Value is 1 if Postgres is running, 0 otherwise.", yes(runs));
  page.gauge("patroni_master", "Value is 1 if this node is the leader, 0 otherwise.", yes(is_primary));
  page.gauge("patroni_primary", "Value is 1 if this node is the leader, 0 otherwise.", yes(is_primary));
  page.gauge("patroni_standby_leader", "Value is 1 if this node is the standby_leader, 0 otherwise.", "0");
  page.gauge("patroni_replica", "Value is 1 if this node is a replica, 0 otherwise.",
             yes(runs && status.log && status.log->is_standby));
  page.gauge("patroni_sync_standby", "Value is 1 if this node is a sync standby replica, 0 otherwise.",
             yes(status.role == Role::sync));
  page.counter("patroni_xlog_location", "Location of the log, 0 if this node is not the leader.",
               offset(false, &agent::LogStatus::flushed));
  page.counter("patroni_xlog_received_location", "Location of the received log, 0 if this node is not a replica.",
               offset(true, &agent::LogStatus::received));
  page.counter("patroni_xlog_replayed_location", "Location of the replayed log, 0 if this node is not a replica.",
               offset(true, &agent::LogStatus::replayed));
  page.counter("patroni_postgres_timeline", "Timeline of this node, 0 if it is not known.",
               status.log ? status.log->timeline.value_or(0) : 0);
  page.gauge("patroni_cluster_unlocked", "Value is 1 if no primary has opened, 0 if one has.",
             yes(!status.state || !status.state->opened));
  page.gauge("patroni_dcs_last_seen", "Epoch timestamp when the store last answered.",
             std::to_string((status.at - status.store_silent).ns() / 1'000'000'000));
  page.gauge("patroni_is_paused", "Value is 1 if auto failover is disabled, 0 otherwise.",
             yes(status.state && status.state->freeze.has_value()));
}

}  // namespace

std::string metrics_text(const std::optional<Status>& status, const ProcessCounts& counts) {
  Labels labels;
  if (status) labels = {{"cluster", status->cluster}, {"host", status->host}};
  Page page(labels);
  page.begin("heir_info", "1; the version of the agent.", "gauge");
  page.line({{"version", HEIR_VERSION}}, "1");
  page.gauge("heir_agent_begun", "1 once the agent has read its disk.", yes(status.has_value()));
  if (status) {
    add_role(page, *status);
    add_gate(page, *status);
    add_database(page, *status);
  }
  add_counts(page, counts);
  std::string text = page.take();
  if (!status) return text;
  Page patronis({{"scope", status->cluster}});
  add_patronis(patronis, *status);
  return text + patronis.take();
}

}  // namespace heir::tools
