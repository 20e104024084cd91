#include "engine/store/codec.h"

#include <algorithm>
#include <utility>

#include "engine/store/archive.h"

namespace heir::store {

namespace archive {

template <class A>
void fields(A& a, ClientId& value) {
  value = ClientId(a.fixed());
}
template <class A>
void fields(A& a, const ClientId& value) {
  a.fixed(value.value());
}

template <class A, Is<StoreId> T>
void fields(A& a, T& value) {
  if constexpr (A::reads) {
    value.high = a.fixed();
    value.low = a.fixed();
  } else {
    a.fixed(value.high);
    a.fixed(value.low);
  }
}

template <class A, Is<Instance> T>
void fields(A& a, T& v) {
  fields(a, v.id, v.name, v.addresses, v.metadata);
}
template <class A, Is<Member> T>
void fields(A& a, T& v) {
  fields(a, v.instance, v.session);
}
template <class A, Is<Document> T>
void fields(A& a, T& v) {
  fields(a, v.index, v.content, v.leader, v.by, v.session, v.at);
}
template <class A, Is<View> T>
void fields(A& a, T& v) {
  fields(a, v.store, v.version, v.members, v.sessions, v.document);
}
template <class A, Is<Leader> T>
void fields(A& a, T& v) {
  fields(a, v.index, v.id, v.instance);
}

template <class A, Is<OpenSession> T>
void fields(A& a, T& v) {
  fields(a, v.ttl, v.owner);
}
template <class A, Is<Renew> T>
void fields(A& a, T& v) {
  fields(a, v.session);
}
template <class A, Is<EndSession> T>
void fields(A& a, T& v) {
  fields(a, v.session);
}
template <class A, Is<Register> T>
void fields(A& a, T& v) {
  fields(a, v.session, v.service, v.instance, v.former);
}
template <class A, Is<Deregister> T>
void fields(A& a, T& v) {
  fields(a, v.session, v.service, v.id);
}
template <class A, Is<Swap> T>
void fields(A& a, T& v) {
  fields(a, v.session, v.service, v.expected, v.document, v.leader);
}
template <class A, Is<Read> T>
void fields(A& a, T& v) {
  fields(a, v.service);
}
template <class A, Is<FindLeader> T>
void fields(A& a, T& v) {
  fields(a, v.service);
}
template <class A, Is<ReadHistory> T>
void fields(A& a, T& v) {
  fields(a, v.service, v.first, v.last);
}
template <class A, Is<Watch> T>
void fields(A& a, T& v) {
  fields(a, v.service, v.store, v.after);
}

template <class A, Is<raft::Member> T>
void fields(A& a, T& v) {
  fields(a, v.id, v.address, v.votes);
}
template <class A, Is<raft::AddLearner> T>
void fields(A& a, T& v) {
  fields(a, v.id, v.address);
}
template <class A, class T>
requires Is<T, raft::Promote> || Is<T, raft::Demote> || Is<T, raft::Remove>
void fields(A& a, T& v) {
  fields(a, v.id);
}
template <class A, Is<ChangeMembers> T>
void fields(A& a, T& v) {
  fields(a, v.change);
}
template <class A, Is<TransferLead> T>
void fields(A& a, T& v) {
  fields(a, v.to);
}
template <class A, Is<ListMembers> T>
void fields(A&, T&) {}

template <class A, Is<Opened> T>
void fields(A& a, T& v) {
  fields(a, v.session);
}
template <class A, Is<Renewed> T>
void fields(A& a, T& v) {
  fields(a, v.changes);
}
template <class A, Is<Done> T>
void fields(A&, T&) {}
template <class A, Is<SessionOver> T>
void fields(A&, T&) {}
template <class A, Is<Taken> T>
void fields(A& a, T& v) {
  fields(a, v.holder);
}
template <class A, Is<NotThere> T>
void fields(A&, T&) {}
template <class A, Is<Invalid> T>
void fields(A& a, T& v) {
  fields(a, v.why);
}
template <class A, Is<Forgotten> T>
void fields(A&, T&) {}
template <class A, Is<Superseded> T>
void fields(A&, T&) {}
template <class A, Is<Swapped> T>
void fields(A& a, T& v) {
  fields(a, v.index, v.version);
}
template <class A, Is<Conflict> T>
void fields(A& a, T& v) {
  fields(a, v.current);
}
template <class A, Is<Viewed> T>
void fields(A& a, T& v) {
  fields(a, v.view, v.changes);
}
template <class A, Is<Found> T>
void fields(A& a, T& v) {
  fields(a, v.leader);
}
template <class A, Is<Told> T>
void fields(A& a, T& v) {
  fields(a, v.documents, v.more);
}

template <class A, Is<NotLeader> T>
void fields(A& a, T& v) {
  fields(a, v.leader);
}

template <class A, Is<NotYet> T>
void fields(A& a, T& v) {
  fields(a, v.why);
}
template <class A, Is<Members> T>
void fields(A& a, T& v) {
  fields(a, v.members, v.leader);
}

template <class A, Is<Begin> T>
void fields(A& a, T& v) {
  fields(a, v.identity);
}
template <class A, Is<Command> T>
void fields(A& a, T& v) {
  fields(a, v.client, v.request, v.at, v.action);
}

template <class A, Is<Session> T>
void fields(A& a, T& v) {
  fields(a, v.id, v.client, v.owner, v.ttl, v.expires);
}
template <class A, Is<Service> T>
void fields(A& a, T& v) {
  fields(a, v.name, v.version, v.members, v.sessions, v.history);
}
template <class A, Is<ClientRecord> T>
void fields(A& a, T& v) {
  fields(a, v.client, v.request, v.reply, v.retired);
}
template <class A, Is<State> T>
void fields(A& a, T& v) {
  fields(a, v.identity, v.next_session, v.next_retirement, v.changes, v.earliest, v.sessions, v.services, v.clients);
}

}  // namespace archive

namespace {

using archive::Is;
using archive::Reader;
using archive::Writer;

constexpr std::string_view snapshot_magic = "heir-store-1\n";

std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t hash =
      0xcbf2'9ce4'8422'2325;  // FNV-1a: catches a torn or foreign file; nobody forges the store's own disk.
  for (const char c : bytes) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100'0000'01b3;
  return hash;
}

Error invalid(const char* what, const char* mistake) {
  return {ErrorCode::invalid, std::string(what) + ' ' + mistake};
}

template <class T, class Projection>
bool ascending(const std::vector<T>& items, Projection projection) {
  for (std::size_t i = 1; i < items.size(); ++i)
    if (!(projection(items[i - 1]) < projection(items[i]))) return false;
  return true;
}

const char* broken_invariant(const State& state) {
  const auto alive = [&state](SessionId id) {
    return std::binary_search(state.sessions.begin(), state.sessions.end(), id, [](const auto& a, const auto& b) {
      constexpr auto number = [](const auto& x) {
        if constexpr (Is<std::remove_reference_t<decltype(x)>, SessionId>) {
          return x;
        } else {
          return x.id;
        }
      };
      return number(a) < number(b);
    });
  };
  if (!ascending(state.sessions, [](const Session& s) { return s.id; })) return "has sessions out of order";
  if (!ascending(state.services, [](const Service& s) -> const ServiceName& { return s.name; }))
    return "has services out of order";
  if (!ascending(state.clients, [](const ClientRecord& r) { return r.client; })) return "has clients out of order";
  for (const Session& session : state.sessions) {
    if (session.id.value() >= state.next_session) return "has a session of a number that was not given yet";
    if (session.ttl <= Duration::zero() || session.ttl > limits::ttl) return "has a session with an impossible ttl";
    if (session.expires < state.earliest) return "has a session that ends before the earliest";
    if (!std::binary_search(state.clients.begin(), state.clients.end(), ClientRecord{session.client, 0, {}, 0},
                            [](const ClientRecord& a, const ClientRecord& b) { return a.client < b.client; }))
      return "has a session without its client";
  }
  for (const Service& service : state.services) {
    if (!ascending(service.sessions, [](SessionId s) { return s; })) return "has a service's sessions out of order";
    for (const SessionId session : service.sessions)
      if (!alive(session)) return "has a service with a dead session";
    for (const Member& member : service.members)
      if (!std::binary_search(service.sessions.begin(), service.sessions.end(), member.session))
        return "has an instance without a session";
    for (std::size_t i = 1; i < service.history.size(); ++i)
      if (service.history[i].index.value() != service.history[i - 1].index.value() + 1)
        return "has a gap in a document's history";
  }
  return nullptr;
}

}  // namespace

Bytes encode(const Request& request) {
  return encode(request.attempt, request.client, request.request, request.body);
}

Bytes encode(std::uint8_t attempt, ClientId client, std::uint64_t request, const Body& body) {
  Writer out(32);
  out.byte(static_cast<std::uint8_t>(request_tag));
  out.byte(attempt);
  fields(out, std::as_const(client), std::as_const(request), body);
  return out.take();
}

Bytes encode(const Response& response) {
  Writer out(48);
  out.byte(static_cast<std::uint8_t>(response_tag));
  out.byte(response.attempt);
  fields(out, response.store, response.client, response.request, response.reply);
  return out.take();
}

Result<Request> decode_request(std::string_view bytes) {
  Reader in(bytes);
  Request request;
  if (in.byte() != static_cast<std::uint8_t>(request_tag)) in.fail("does not begin as one");
  request.attempt = in.byte();
  fields(in, request.client, request.request, request.body);
  in.end();
  if (in.mistake()) return invalid("a request to the store", in.mistake());
  return request;
}

Result<Response> decode_response(std::string_view bytes) {
  Reader in(bytes);
  Response response;
  if (in.byte() != static_cast<std::uint8_t>(response_tag)) in.fail("does not begin as one");
  response.attempt = in.byte();
  fields(in, response.store, response.client, response.request, response.reply);
  in.end();
  if (in.mistake()) return invalid("an answer of the store", in.mistake());
  return response;
}

Bytes encode(const Logged& logged) {
  Writer out(32);
  fields(out, logged);
  return out.take();
}

Result<Logged> decode_logged(std::string_view bytes) {
  Reader in(bytes);
  Logged logged;
  fields(in, logged);
  in.end();
  if (in.mistake()) return invalid("an entry of the store's log", in.mistake());
  return logged;
}

Bytes encode_state(const State& state) {
  Writer body(1024);
  fields(body, state);
  const Bytes content = body.take();
  Writer out(snapshot_magic.size() + 8 + content.size());
  for (const char c : snapshot_magic) out.byte(static_cast<std::uint8_t>(c));
  out.fixed(checksum(content));
  return out.take() + content;
}

Result<State> decode_state(std::string_view bytes) {
  constexpr const char* what = "the store's snapshot";
  if (!bytes.starts_with(snapshot_magic)) return invalid(what, "does not begin as one");
  bytes.remove_prefix(snapshot_magic.size());
  Reader head(bytes.substr(0, 8));
  const std::uint64_t expected = head.fixed();
  if (head.mistake()) return invalid(what, head.mistake());
  bytes.remove_prefix(8);
  if (checksum(bytes) != expected) return invalid(what, "does not match its checksum");
  Reader in(bytes);
  State state;
  fields(in, state);
  in.end();
  if (in.mistake()) return invalid(what, in.mistake());
  if (const char* broken = broken_invariant(state)) return invalid(what, broken);
  return state;
}

}  // namespace heir::store
