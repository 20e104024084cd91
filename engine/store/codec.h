// The store's wire format and the form of its state on disk: compact, binary, in this one place.
//
// A datagram is: tag, attempt, [store identity,] client, request number, kind, fields. Numbers are variable-length
// (seven bits a byte, low first; signed ones zigzag), identities fixed-width, strings and lists counted. The kind is
// the place in the variant: append alternatives, never reorder them. Decoding takes anything from anybody: it answers
// an Error, never crashes, and allocates no more than the input's size calls for.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "engine/base/result.h"
#include "engine/store/raft/configuration.h"
#include "engine/store/state.h"

namespace heir::store {

/// First byte of a datagram, which the inbox sorts by.
inline constexpr char request_tag = 'S';
inline constexpr char response_tag = 's';

/// Asks to be answered with a view that is newer than `after`, or of another store than `store`; at once, or when there
/// is one.
struct Watch {
  ServiceName service;
  std::optional<StoreId> store;
  Version after;
  bool operator==(const Watch&) const = default;
};

// What operators ask of a replicated store. Done when it is so, or was so already; NotYet; Invalid.
struct ChangeMembers {
  raft::Change change;
  bool operator==(const ChangeMembers&) const = default;
};
/// Another shall lead, or whoever has most of the log (`nobody`). Done: the attempt has begun.
struct TransferLead {
  raft::MemberId to;
  bool operator==(const TransferLead&) const = default;
};
struct ListMembers {
  bool operator==(const ListMembers&) const = default;
};

/// What a client can ask: the commands, the queries, and to be told; and what an operator can.
using Body = std::variant<OpenSession, Renew, EndSession, Register, Deregister, Swap, Read, FindLeader, ReadHistory,
                          Watch, ChangeMembers, TransferLead, ListMembers>;

struct Request {
  std::uint8_t attempt = 0;  ///< Which transmission of the request this is; told back with the answer.
  ClientId client;
  std::uint64_t request = 0;
  Body body;
  bool operator==(const Request&) const = default;
};

struct Response {
  std::uint8_t attempt = 0;
  StoreId store;
  ClientId client;
  std::uint64_t request = 0;
  Reply reply;
  bool operator==(const Response&) const = default;
};

Bytes encode(const Request& request);
/// The same from its parts.
Bytes encode(std::uint8_t attempt, ClientId client, std::uint64_t request, const Body& body);
Bytes encode(const Response& response);
/// `invalid`.
Result<Request> decode_request(std::string_view bytes);
Result<Response> decode_response(std::string_view bytes);

/// An entry of a replicated log.
Bytes encode(const Logged& logged);
/// `invalid`.
Result<Logged> decode_logged(std::string_view bytes);

/// A snapshot of the state, with a checksum.
Bytes encode_state(const State& state);
/// `invalid`: not such a snapshot, damaged, or of a state that breaks the invariants.
Result<State> decode_state(std::string_view bytes);

}  // namespace heir::store
