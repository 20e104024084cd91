#include "engine/store/state.h"

#include <algorithm>
#include <utility>

#include "engine/base/match.h"
#include "engine/base/mutant.h"

namespace heir::store {

namespace {

template <class Items, class Key, class Projection>
auto position(Items& items, const Key& key, Projection projection) {
  return std::lower_bound(items.begin(), items.end(), key,
                          [projection](const auto& item, const Key& k) { return projection(item) < k; });
}

/// The item of a list that is sorted by `projection`, or null.
template <class Items, class Key, class Projection>
auto find(Items& items, const Key& key, Projection projection) -> decltype(&*items.begin()) {
  auto at = position(items, key, projection);
  return at != items.end() && projection(*at) == key ? &*at : nullptr;
}

const SessionId& id_of(const Session& session) {
  return session.id;
}
const ServiceName& name_of(const Service& service) {
  return service.name;
}
const ClientId& client_of(const ClientRecord& record) {
  return record.client;
}

Service& service_of(State& state, const ServiceName& name) {
  auto at = position(state.services, name, name_of);
  if (at == state.services.end() || at->name != name)
    at = state.services.insert(at, Service{.name = name, .version = {}, .members = {}, .sessions = {}, .history = {}});
  return *at;
}

void bump(State& state, Service& service) {
  service.version = Version(service.version.value() + 1);
  ++state.changes;
}

void attach(Service& service, SessionId session) {
  auto at = std::lower_bound(service.sessions.begin(), service.sessions.end(), session);
  if (at == service.sessions.end() || *at != session) service.sessions.insert(at, session);
}

bool detach(Service& service, SessionId session) {
  auto at = std::lower_bound(service.sessions.begin(), service.sessions.end(), session);
  if (at == service.sessions.end() || *at != session) return false;
  service.sessions.erase(at);
  return true;
}

/// The client has no session any more: its last reply is kept for a while, because a repetition may still be under way.
void retire(State& state, ClientId client) {
  for (const Session& session : state.sessions)
    if (session.client == client) return;
  ClientRecord* record = find(state.clients, client, client_of);
  ASSERT(record, "a session whose client has no record");
  record->retired = state.next_retirement++;
  const auto retired =
      std::count_if(state.clients.begin(), state.clients.end(), [](const ClientRecord& r) { return r.retired != 0; });
  if (static_cast<std::size_t>(retired) <= limits::retired_clients) return;
  auto oldest = state.clients.end();
  for (auto it = state.clients.begin(); it != state.clients.end(); ++it)
    if (it->retired != 0 && (oldest == state.clients.end() || it->retired < oldest->retired)) oldest = it;
  state.clients.erase(oldest);
}

void end(State& state, SessionId id) {
  auto at = position(state.sessions, id, id_of);
  ASSERT(at != state.sessions.end() && at->id == id, "ending a session that is not alive");
  const ClientId client = at->client;
  state.sessions.erase(at);
  for (Service& service : state.services) {
    if (!detach(service, id)) continue;
    if (!HEIR_MUTANT("dead-session-stays-registered"))
      std::erase_if(service.members, [id](const Member& member) { return member.session == id; });
    bump(state, service);
  }
  retire(state, client);
}

// Limits: what cannot be stored is refused before anything changes.

Reply too_long(const char* what, std::size_t limit) {
  return Invalid{std::string(what) + " is longer than " + std::to_string(limit) + " bytes"};
}

std::optional<Reply> check_service(const State& state, const ServiceName& name) {
  if (name.value().empty()) return Invalid{"the service has no name"};
  if (name.value().size() > limits::name) return too_long("the service's name", limits::name);
  if (state.services.size() >= limits::services && !find(state.services, name, name_of))
    return Invalid{"the store holds " + std::to_string(limits::services) + " services already"};
  return std::nullopt;
}

std::optional<Reply> check(const State& state, const OpenSession& open) {
  if (open.ttl <= Duration::zero() || open.ttl > limits::ttl)
    return Invalid{"a session's ttl is more than 0 and at most " + to_string(limits::ttl) + ", not " +
                   to_string(open.ttl)};
  if (open.owner.value().size() > limits::name) return too_long("the owner's identity", limits::name);
  if (state.sessions.size() >= limits::sessions)
    return Invalid{"the store holds " + std::to_string(limits::sessions) + " sessions already"};
  return std::nullopt;
}

std::optional<Reply> check(const State& state, const Register& r) {
  if (auto refusal = check_service(state, r.service)) return refusal;
  if (r.instance.id.value().empty()) return Invalid{"the instance has no identity"};
  if (r.instance.id.value().size() > limits::name) return too_long("the instance's identity", limits::name);
  if (r.instance.name.size() > limits::name) return too_long("the instance's name", limits::name);
  if (r.instance.metadata.size() > limits::content) return too_long("the instance's metadata", limits::content);
  if (r.instance.addresses.size() > limits::addresses)
    return Invalid{"an instance has at most " + std::to_string(limits::addresses) + " addresses"};
  for (const Address& address : r.instance.addresses)
    if (address.value().size() > limits::name) return too_long("an instance's address", limits::name);
  return std::nullopt;
}

std::optional<Reply> check(const State& state, const Swap& swap) {
  if (auto refusal = check_service(state, swap.service)) return refusal;
  if (swap.document.size() > limits::content) return too_long("the document", limits::content);
  if (swap.leader && (swap.leader->value().empty() || swap.leader->value().size() > limits::name))
    return Invalid{"the leader's identity is empty or longer than " + std::to_string(limits::name) + " bytes"};
  return std::nullopt;
}

// The commands.

Reply open(State& state, MonotonicTime now, ClientId client, OpenSession& command) {
  if (auto refusal = check(state, command)) return std::move(*refusal);
  const SessionId id(state.next_session++);
  const MonotonicTime expires = now + command.ttl;
  state.sessions.push_back({id, client, std::move(command.owner), command.ttl, expires});
  state.earliest = std::min(state.earliest, expires);
  return Opened{id};
}

Reply renew(State& state, MonotonicTime now, const Renew& command) {
  Session* session = find(state.sessions, command.session, id_of);
  if (!session) return SessionOver{};
  session->expires = now + session->ttl;
  return Renewed{state.changes};
}

Reply add(State& state, Register& command) {
  if (!find(state.sessions, command.session, id_of)) return SessionOver{};
  if (auto refusal = check(state, command)) return std::move(*refusal);
  Service& service = service_of(state, command.service);
  auto at = std::find_if(service.members.begin(), service.members.end(),
                         [&command](const Member& member) { return member.instance.id == command.instance.id; });
  if (at != service.members.end() && at->session != command.session && at->session != command.former)
    return Taken{at->session};
  if (at != service.members.end() && at->session == command.session && at->instance == command.instance) return Done{};
  if (at != service.members.end()) {
    at->instance = std::move(command.instance);
    at->session = command.session;
  } else {
    service.members.push_back({std::move(command.instance), command.session});
  }
  attach(service, command.session);
  bump(state, service);
  return Done{};
}

Reply take_away(State& state, const Deregister& command) {
  if (!find(state.sessions, command.session, id_of)) return SessionOver{};
  Service* service = find(state.services, command.service, name_of);
  if (!service) return NotThere{};
  const auto gone = std::erase_if(service->members, [&command](const Member& member) {
    return member.instance.id == command.id && member.session == command.session;
  });
  if (gone == 0) return NotThere{};
  bump(state, *service);
  return Done{};
}

Reply swap(State& state, WallTime at, Swap& command) {
  const Session* session = find(state.sessions, command.session, id_of);
  if (!session) return SessionOver{};
  if (auto refusal = check(state, command)) return std::move(*refusal);
  // A refused write must leave nothing behind, not even an empty service.
  const Service* found = find(std::as_const(state).services, command.service, name_of);
  const Index current = found && !found->history.empty() ? found->history.back().index : Index();
  if (current != command.expected && !HEIR_MUTANT("swap-without-compare"))
    return Conflict{view_of(state, command.service)};
  Service& service = service_of(state, command.service);
  const Index next(current.value() + 1);
  service.history.push_back(
      {next, std::move(command.document), std::move(command.leader), session->owner, command.session, at});
  if (service.history.size() > limits::history) service.history.erase(service.history.begin());
  attach(service, command.session);
  bump(state, service);
  return Swapped{next, service.version};
}

/// Renewals and ends can be repeated without harm; the others happen once.
bool happens_once(const Action& action) {
  return !std::holds_alternative<Renew>(action) && !std::holds_alternative<EndSession>(action);
}

Reply carry_out(State& state, MonotonicTime now, Command& command) {
  return std::visit(
      Match{[&](OpenSession& a) { return open(state, now, command.client, a); },
            [&](Renew& a) { return renew(state, now, a); },
            [&](EndSession& a) -> Reply {
              if (find(state.sessions, a.session, id_of)) end(state, a.session);
              return Done{};
            },
            [&](Register& a) { return add(state, a); }, [&](Deregister& a) { return take_away(state, a); },
            [&](Swap& a) { return swap(state, command.at, a); }},
      command.action);
}

}  // namespace

State create(StoreId identity) {
  State state;
  state.identity = identity;
  // A session of one store must not be taken for a session of another: 2^31 starting places, 2^20 sessions apart.
  state.next_session = ((identity.low & 0x7fff'ffff) << 20) + 1;
  return state;
}

Reply apply(State& state, MonotonicTime now, Command command) {
  expire(state, now);
  if (!happens_once(command.action)) return carry_out(state, now, command);

  const bool opens = std::holds_alternative<OpenSession>(command.action);
  if (const ClientRecord* record = find(state.clients, command.client, client_of)) {
    if (command.request < record->request) return Superseded{};
    if (command.request == record->request && !HEIR_MUTANT("store-repeats-requests")) return record->reply;
  } else if (!opens) {
    return Forgotten{};
  }
  Reply reply = carry_out(state, now, command);
  auto at = position(state.clients, command.client, client_of);
  if (at == state.clients.end() || at->client != command.client) {
    // Only a client that got a session is remembered: a refused one would never retire.
    if (!std::holds_alternative<Opened>(reply)) return reply;
    at = state.clients.insert(
        at, ClientRecord{.client = command.client, .request = 0, .reply = Superseded{}, .retired = 0});
  }
  at->request = command.request;
  at->reply = reply;
  if (std::holds_alternative<Opened>(reply)) at->retired = 0;
  return reply;
}

Reply apply(State& state, Logged logged) {
  return std::visit(Match{[&](const Begin& begin) -> Reply {
                            if (state.identity == StoreId{}) state = create(begin.identity);
                            return Done{};
                          },
                          [&](Command& command) { return apply(state, MonotonicTime(), std::move(command)); }},
                    logged);
}

void expire(State& state, MonotonicTime now) {
  if (now < state.earliest) return;
  std::vector<std::pair<MonotonicTime, SessionId>> due;
  for (const Session& session : state.sessions)
    if (session.expires <= now) due.emplace_back(session.expires, session.id);
  std::sort(due.begin(), due.end());
  for (const auto& [when, id] : due) end(state, id);
  state.earliest = MonotonicTime::max();
  for (const Session& session : state.sessions) state.earliest = std::min(state.earliest, session.expires);
}

void restart(State& state, MonotonicTime now) {
  state.earliest = MonotonicTime::max();
  for (Session& session : state.sessions) {
    session.expires = now + session.ttl;
    state.earliest = std::min(state.earliest, session.expires);
  }
}

Reply answer(const State& state, const Query& query) {
  return std::visit(Match{[&](const Read& q) -> Reply {
                            return Viewed{view_of(state, q.service), state.changes};
                          },
                          [&](const FindLeader& q) -> Reply {
                            Leader leader;
                            const Service* service = find(state.services, q.service, name_of);
                            if (!service || service->history.empty()) return Found{leader};
                            leader.index = service->history.back().index;
                            leader.id = service->history.back().leader;
                            for (const Member& member : service->members)
                              if (leader.id == member.instance.id) leader.instance = member.instance;
                            return Found{std::move(leader)};
                          },
                          [&](const ReadHistory& q) -> Reply {
                            Told told;
                            const Service* service = find(state.services, q.service, name_of);
                            if (!service) return told;
                            std::size_t size = 0;
                            for (const Document& document : service->history) {
                              if (document.index < q.first) continue;
                              if (document.index > q.last) break;
                              told.more = size >= limits::answer;
                              if (told.more) break;
                              told.documents.push_back(document);
                              size += document.content.size();
                            }
                            return told;
                          }},
                    query);
}

const Session* find_session(const State& state, SessionId session) {
  return find(state.sessions, session, id_of);
}

View view_of(const State& state, const ServiceName& name) {
  View view;
  view.store = state.identity;
  const Service* service = find(state.services, name, name_of);
  if (!service) return view;
  view.version = service->version;
  view.members = service->members;
  view.sessions = service->sessions;
  if (!service->history.empty()) view.document = service->history.back();
  return view;
}

Version version_of(const State& state, const ServiceName& name) {
  const Service* service = find(state.services, name, name_of);
  return service ? service->version : Version();
}

}  // namespace heir::store
