// Network: hosts, directed links, datagrams and byte-stream connections, all over virtual time.
//
// Datagrams are lost, duplicated, delayed and reordered as the link from sender to receiver says; a blocked link or a
// host that is off drops them; one to a port that nobody has bound disappears.
//
// Connections keep order. Each direction is a queue of packets (SYN, SYN-ACK, data, FIN, RST), handed over one by one.
//   - A lost packet delays itself and all behind it by retransmissions.
//   - On a blocked link, or towards a host that is off, packets wait; when the way is free again they arrive after a
//     retransmission delay (at most as long as the way was cut, and at most retransmit_max).
//   - While either direction is blocked, or the other host is off, for StreamOptions::peer_timeout on end, each living
//   side
//     is told timed_out (this stands for TCP user timeout and keepalive alike; whether data is under way makes no
//     difference).
//   - A crashed program's connections are reset: what it wrote before still arrives, then the RST. A host that lost its
//     power says nothing; when it is up again it answers what arrives for its old connections with RST, and idle peers
//     learn it from a keepalive probe.
//   - connect() to a host that is up but does not listen there: refused. To one that is off or cut away: hangs until
//     connect_timeout. To a listener whose program is paused: succeeds, as the operating system accepts for it.
// Loopback (a host to itself) takes 20..40 us, loses nothing and knows no faults of links.
//
// Not modelled: receive windows (a slow or paused reader's data is buffered without bound, but counts in
// unacknowledged()), backlog limits, ICMP, connections that their programs half-close, corruption. Random draws come
// from one stream per directed link.
//
// Handlers are called only from kernel events, never from inside a call of the program's own, through the gate of the
// program. After on_closed, on_reset, close() or reset() the id is dead and no handler is called for it any more.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "sim/clock/gate.h"
#include "sim/kernel/kernel.h"
#include "sim/network/connection.h"
#include "sim/network/links.h"
#include "sim/network/partition.h"
#include "sim/network/types.h"

namespace heir::sim {

class DatagramHandler {
 public:
  virtual void on_datagram(AddressId from, AddressId to, Bytes payload) = 0;

 protected:
  ~DatagramHandler() = default;
};

/// What happens to one side of a connection. A handler may serve many connections; Network::cookie tells them apart
/// cheaply.
class StreamHandler {
 public:
  /// To the side that called connect().
  virtual void on_connected(StreamId stream) = 0;
  virtual void on_data(StreamId stream, Chunk chunk) = 0;
  /// The other side has closed; all that it wrote has been delivered. This side is closed with it.
  virtual void on_closed(StreamId stream) = 0;
  virtual void on_reset(StreamId stream, StreamEnd end) = 0;
  /// After notify_drained().
  virtual void on_drained(StreamId) {}

 protected:
  ~StreamHandler() = default;
};

class ListenHandler {
 public:
  /// A connection is there; must call Network::adopt(stream, …) or reset(stream) before it returns.
  virtual void on_accepted(AddressId at, StreamId stream) = 0;

 protected:
  ~ListenHandler() = default;
};

/// What was sent from one host to another, and whether it arrived: told when it has arrived, or is lost.
struct NetworkMessage {
  VirtualTime sent;
  bool arrived = false;
  bool datagram = false;  ///< Or bytes on a connection.
  AddressId from;         ///< Port 0: the end of a connection that connected.
  AddressId to;
  std::size_t bytes = 0;
};

struct NetworkParameters {
  LinkParameters link{};  ///< Of every link that set_link did not name.
  DurationRange loopback{Duration::microseconds(20), Duration::microseconds(40)};
  Duration retransmit = Duration::milliseconds(200);  ///< First retransmission of a lost packet; doubles.
  Duration retransmit_max = Duration::seconds(2);     ///< The longest wait between two.
};

class Network final : private EventTarget {
 public:
  Network(Kernel& kernel, NetworkParameters parameters);
  ~Network() override;

  // Hosts and addresses.
  /// `name` is new and has no ':'. The host is up.
  NodeId add_node(std::string name);
  std::size_t nodes() const { return nodes_.size(); }
  const std::string& node_name(NodeId node) const { return nodes_[node.value()].name; }
  std::optional<NodeId> find_node(std::string_view name) const;
  /// "host:port" of a host that exists, port 1..65535; else `invalid`.
  Result<AddressId> resolve(const Address& address) const;
  Address address(AddressId id) const;
  void set_link(NodeId from, NodeId to, const LinkParameters& parameters);
  void set_all_links(const LinkParameters& parameters);

  // Datagrams.
  /// `already_exists` if bound.
  Result<> bind(AddressId at, DatagramHandler& handler, Gate* gate);
  void unbind(AddressId at);
  void send(AddressId from, AddressId to, Bytes payload);

  // Connections.
  /// `already_exists` if somebody listens there.
  Result<> listen(AddressId at, ListenHandler& handler, Gate* gate, const StreamOptions& options = {});
  /// Connections not yet accepted are reset; accepted ones stay.
  void unlisten(AddressId at);
  StreamId connect(NodeId from, AddressId to, StreamHandler& handler, Gate* gate, const StreamOptions& options = {},
                   std::uint64_t cookie = 0);
  /// Gives an accepted connection its handler; also changes the handler of any connection (same gate).
  void adopt(StreamId stream, StreamHandler& handler, std::uint64_t cookie = 0);
  /// Queues the chunk. Before on_connected too. False if the connection is known to be gone.
  bool write(StreamId stream, Bytes bytes, Attachment attachment = {});
  /// Orderly end: what was written arrives, then on_closed at the other side. The id is dead at once; what the other
  /// side still sends is answered with a reset.
  void close(StreamId stream);
  /// Cuts it: bytes under way in both directions are lost, the other side gets on_reset. The id is dead at once.
  void reset(StreamId stream);
  bool is_open(StreamId stream) const { return find(stream) != nullptr; }
  std::uint64_t cookie(StreamId stream) const;
  /// The host at the other end.
  NodeId peer(StreamId stream) const;
  /// Bytes written and not yet handed to the other side's program.
  std::size_t unacknowledged(StreamId stream) const;
  /// Calls on_drained once unacknowledged() is at most `below`; from a later event if it is so already.
  void notify_drained(StreamId stream, std::size_t below);

  // Faults.
  LinkFaultId apply(LinkFault fault);
  /// Cuts the links of a partition.
  LinkFaultId cut(const Partition& partition);
  void lift(LinkFaultId fault);
  bool is_blocked(NodeId from, NodeId to) const;
  /// Which sides of a connection are told that it is no more.
  enum class Told : std::uint8_t { both, one, nobody, half };
  /// Breaks the connections between two hosts, as a stateful middlebox does that forgot them: both sides get on_reset;
  /// or one, drawn, and the other learns it when it speaks; or nobody, and they hang until a timeout, both ways or
  /// (half) in one direction, drawn. The number broken.
  std::size_t break_connections(NodeId a, NodeId b, Told told);

  // For Machine and Process.
  /// Down: everything on the host is gone without a word. Up again: nothing of it is known there.
  void set_up(NodeId node, bool up);
  bool is_up(NodeId node) const { return nodes_[node.value()].up; }
  /// The program behind this gate is no more: its ports are free, its connections closed (`orderly`) or reset. Either
  /// way what it has written still arrives.
  void release(Gate& gate, bool orderly = false);

  /// Told of every datagram, and of the data that arrives on connections; null for nobody. Changes nothing in a run.
  void observe(std::function<void(const NetworkMessage&)> observer) { observer_ = std::move(observer); }

  /// Connections that at least one side still knows.
  std::size_t connections() const { return live_connections_; }

 private:
  struct Node {
    std::string name;
    bool up = true;
  };
  struct Binding {
    AddressId at;
    DatagramHandler* handler;
    Gate* gate;
    std::uint32_t waiting = 0;  ///< Datagrams behind the closed gate.
  };
  struct Listening {
    AddressId at;
    ListenHandler* handler;
    Gate* gate;
    StreamOptions options;
  };
  struct Datagram {
    AddressId from;
    AddressId to;
    Bytes payload;
    VirtualTime sent;
    bool waiting = false;          ///< Behind a closed gate.
    std::uint32_t generation = 0;  ///< Tells an event for a datagram that was dropped meanwhile.
    std::uint32_t next_free = UINT32_MAX;
  };
  static constexpr std::uint32_t kNone = UINT32_MAX;
  enum Kind : std::uint32_t {
    kDatagram,
    kDatagramHandOver,
    kPacket,
    kHandOver,
    kConnectTimeout,
    kPeerTimeout,
    kDrained
  };

  void on_event(std::uint32_t kind, std::uint64_t argument) override;
  std::string describe(std::uint32_t kind, std::uint64_t argument) const override;

  // datagrams.cc
  Binding* binding(AddressId at);
  std::uint32_t take_datagram(AddressId from, AddressId to, Bytes payload);
  void free_datagram(std::uint32_t slot);
  void datagram_arrives(std::uint32_t slot);
  void hand_over_datagram(std::uint32_t slot);
  void drop_datagram(std::uint32_t slot);
  void tell_datagram(AddressId from, AddressId to, std::size_t bytes, VirtualTime sent, bool arrived) const;

  // connections.cc: the table of connections, and what a program asks of one.
  static std::uint64_t id_of(std::uint32_t generation, std::uint32_t index) {
    return (std::uint64_t{generation} << 32) | index;
  }
  static std::uint32_t index_of(StreamId id) { return static_cast<std::uint32_t>(id.value()); }
  /// Sides are numbered: 2 * connection + (0: connected, 1: accepted). Null if the id is dead.
  Side* find(StreamId id) {
    const std::uint32_t index = index_of(id);
    if (index >= sides_.size()) return nullptr;
    Side& side = sides_[index];
    return side.known && side.generation == id.value() >> 32 ? &side : nullptr;
  }
  const Side* find(StreamId id) const { return const_cast<Network*>(this)->find(id); }
  StreamId stream_of(std::uint32_t index) const { return StreamId(id_of(sides_[index].generation, index)); }
  std::uint32_t take_connection();
  void forget(std::uint32_t index);
  void abort(std::uint32_t index, bool orderly);
  std::uint32_t take_packet(Packet::Kind kind);
  void free_packet(std::uint32_t packet);
  void free_packets(PacketQueue& queue);
  void push(PacketQueue& queue, std::uint32_t packet);
  std::uint32_t pop(PacketQueue& queue);
  const Listening* listening(AddressId at) const;

  // delivery.cc: packets under way and their arrival.
  void transmit(std::uint32_t index, std::uint32_t packet, Duration extra = Duration::zero());
  void drop_sent(std::uint32_t index);
  void schedule_head(std::uint32_t index);
  void packet_arrives(std::uint32_t index);
  void answer_with_reset(std::uint32_t index);
  void receive(std::uint32_t index, std::uint32_t packet);
  void hand_over(std::uint32_t index, std::uint32_t packet);
  void acknowledged(std::uint32_t index, std::size_t bytes);
  void time_out(std::uint32_t index);

  // faults.cc
  LinkState& link(NodeId from, NodeId to) { return links_.at(from, to); }
  const LinkState& link(NodeId from, NodeId to) const { return links_.at(from, to); }
  bool passes(NodeId from, NodeId to) const {
    return from == to || (link(from, to).blocks == 0 && link(from, to).jams == 0 && nodes_[to.value()].up);
  }
  bool passes(const Side& from, const Side& to) const { return !from.hung && passes(from.node, to.node); }
  bool in_trouble(const Side& side) const;
  void watch(std::uint32_t index);
  void review_connections();
  void retry_stalled();

  NetworkParameters parameters_;
  std::vector<Node> nodes_;
  std::map<std::string, NodeId, std::less<>> names_;
  RandomStream loopback_;
  Links links_;
  std::vector<Binding> bindings_;
  std::vector<Listening> listening_;
  std::vector<Datagram> datagrams_;
  std::uint32_t free_datagrams_ = kNone;
  std::vector<Packet> packets_;
  std::uint32_t free_packets_ = kNone;
  std::vector<Side> sides_;
  std::uint32_t free_sides_ = kNone;  ///< Even sides, through Side::next_free.
  std::size_t live_connections_ = 0;
  std::function<void(const NetworkMessage&)> observer_;
};

}  // namespace heir::sim
