#include "tools/daemon/hand_over.h"

#include <algorithm>

#include "engine/agent/operator.h"
#include "engine/agent/store_link.h"

namespace heir::tools {

namespace {

constexpr Duration pause = Duration::milliseconds(100);
constexpr Duration silence_limit = Duration::seconds(3);  ///< Without a store nothing can be handed over.
constexpr Duration lead_pause = Duration::seconds(2);

/// Whether the peer of the host of that name leads, and has a sync that is present.
struct Lead {
  bool leads = false;
  bool has_sync = false;
  bool has_opened = false;
  std::vector<std::string> present;  ///< Names of the hosts whose peers are, whoever is neither primary nor sync first.
};

Task<std::optional<Lead>> look(store::Store& store, store::ServiceName service, std::string name) {
  const Result<store::View> view = co_await store.read(service);
  if (!view) co_return std::nullopt;
  const Result<failover::View> seen = agent::to_failover(*view);
  Lead lead;
  if (!seen || !seen->state) co_return lead;
  const store::Member* const primary = view->find(seen->state->primary);
  lead.leads = primary && primary->instance.name == name;
  lead.has_sync = seen->state->sync && view->find(*seen->state->sync);
  lead.has_opened = seen->state->opened.has_value();
  for (const store::Member& member : view->members) {
    if (member.instance.id == seen->state->primary) continue;
    const bool is_sync = member.instance.id == seen->state->sync;
    lead.present.insert(is_sync ? lead.present.end() : lead.present.begin(), member.instance.name);
  }
  co_return lead;
}

}  // namespace

Task<void> hand_over(Host& host, store::Store& store, HostingConfig config, Duration limit) {
  const store::ServiceName service(config.cluster);
  const MonotonicTime began = host.monotonic_now();
  MonotonicTime answered = began;
  bool is_asked = false;
  while (host.monotonic_now() < began + limit) {
    const std::optional<Lead> lead = co_await look(store, service, config.name);
    if (lead) answered = host.monotonic_now();
    if (host.monotonic_now() >= answered + silence_limit) {
      host.log(LogLevel::warning, "not-handed-over", {{"why", "the store does not answer"}});
      co_return;
    }
    if (lead && !lead->leads && (!is_asked || lead->has_opened)) {
      if (is_asked) host.log(LogLevel::info, "handed-over", {{"took", to_string(host.monotonic_now() - began)}});
      co_return;
    }
    if (lead && lead->leads && !is_asked) {
      if (!lead->has_sync) {
        host.log(LogLevel::warning, "not-handed-over", {{"why", "there is no sync to hand over to"}});
        co_return;
      }
      agent::Operator who{config.name + "'s agent, which ends", service};
      const Result<> asked = co_await agent::request_switchover(host, store, std::move(who), limit);
      if (!asked && (asked.error().code == ErrorCode::refused || asked.error().code == ErrorCode::invalid)) {
        host.log(LogLevel::warning, "not-handed-over", {{"why", asked.error().message}});
        co_return;
      }
      is_asked = asked.has_value() || asked.error().code == ErrorCode::unknown_outcome;
    }
    co_await host.sleep(pause);
  }
  host.log(LogLevel::warning, "not-handed-over", {{"why", "not done in " + to_string(limit)}});
}

Task<Result<bool>> give_store_lead_away(Host& host, store::RemoteStore& store, HostingConfig config, std::string name) {
  const std::vector<const HostEntry*> stores = config.store_hosts();
  const auto member_of = [&](const std::string& of) {
    const auto found =
        std::find_if(stores.begin(), stores.end(), [&](const HostEntry* entry) { return entry->name == of; });
    return raft::MemberId(found == stores.end() ? 0 : static_cast<std::uint64_t>(found - stores.begin()) + 1);
  };
  if (member_of(name) == raft::MemberId(0)) co_return false;
  const Result<store::Members> members = co_await store.members();
  if (!members) co_return members.error();
  if (members->leader != member_of(name)) co_return false;
  const std::optional<Lead> lead = co_await look(store, store::ServiceName(config.cluster), name);
  if (!lead) co_return Error{ErrorCode::timed_out, "the store does not answer"};
  for (const std::string& other : lead->present) {
    if (other == name || member_of(other) == raft::MemberId(0)) continue;
    const Result<> begun = co_await store.transfer_lead(member_of(other));
    host.log(LogLevel::info, "store-lead-given-away",
             {{"to", other}, {"outcome", begun ? "begun" : to_string(begun.error())}});
    if (!begun) co_return begun.error();
    co_return true;
  }
  co_return Error{ErrorCode::refused, "no other member of the store is present"};
}

Task<void> keep_store_lead_elsewhere(Host& host, store::RemoteStore& store, HostingConfig config) {
  const store::ServiceName service(config.cluster);
  while (true) {
    co_await host.sleep(lead_pause);
    const std::optional<Lead> lead = co_await look(store, service, config.name);
    if (!lead || !lead->leads || !lead->has_opened) continue;
    const Result<bool> given = co_await give_store_lead_away(host, store, config, config.name);
    (void)given;  // it is tried again
  }
}

}  // namespace heir::tools
