// Messages between the processes of a cluster: over ZeroMQ, encrypted, and from nobody but those whose keys are known.
//
// They are datagrams, as Host says: whatever cannot be sent at once, because there is no connection or the queue is
// full, is dropped and counted. Nothing waits for a host that is away, so nothing old arrives once it is back; a
// connection on which nothing is heard is given up within seconds, for TCP would try it again ever more rarely.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/host.h"
#include "engine/hosts/frame.h"
#include "engine/hosts/keys.h"
#include "engine/hosts/loop.h"
#include "engine/hosts/pending.h"

namespace heir::hosts {

/// A host of the cluster: its public key, and where its processes have their inboxes.
struct Correspondent {
  std::string name;
  std::string public_key;
  std::vector<Address> inboxes;
};

/// Somebody who may ask things of the cluster's hosts, and receives no messages.
struct OperatorKey {
  std::string name;
  std::string public_key;
  bool operator==(const OperatorKey&) const = default;
};

struct MessageCounts {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  std::uint64_t not_sent = 0;              ///< No connection, or its queue was full.
  std::uint64_t to_nobody = 0;             ///< The address is not of the cluster.
  std::uint64_t overflowed = 0;            ///< Received, and dropped because too many waited.
  std::array<std::uint64_t, 4> refused{};  ///< By Refusal.
  std::uint64_t keys_refused = 0;          ///< Connections with a key that nobody of the cluster has.
};

/// Of several mailboxes of one Mail, which has one count of refused keys.
MessageCounts operator+(const MessageCounts& a, const MessageCounts& b);

/// What the inboxes of an operating system's process share: the context of ZeroMQ, the keys, who is who.
class Mail {
 public:
  /// REQUIRES that `keys` fit each other. All inboxes go before it.
  Mail(Loop& loop, std::string cluster, KeyPair keys, std::vector<Correspondent> cluster_hosts);
  ~Mail();
  Mail(const Mail&) = delete;
  Mail& operator=(const Mail&) = delete;

  /// Who may ask things of a ControlService, beside the hosts; at once, also on connections that are there.
  void admit(std::vector<OperatorKey> operators) { operators_ = std::move(operators); }
  /// Connections refused for their key.
  std::uint64_t keys_refused() const { return keys_refused_; }

 private:
  friend class Mailbox;
  friend class ControlService;
  void await_requests();
  void answer_requests();
  /// Whose key it is; "": nobody's who may connect.
  std::string name_by_key(const std::string& key, bool may_be_operator) const;
  const Correspondent* by_inbox(const Address& inbox) const;

  Loop& loop_;
  std::string cluster_;
  KeyPair keys_;
  std::vector<Correspondent> hosts_;
  std::vector<OperatorKey> operators_;
  void* context_ = nullptr;
  void* requests_ = nullptr;  ///< Of ZeroMQ, whether a key may connect (ZAP, RFC 27).
  std::unique_ptr<Watch> watch_;
  std::uint64_t keys_refused_ = 0;
};

/// The inbox of one process of the system, and what it sends.
class Mailbox {
 public:
  explicit Mailbox(Mail& mail) : mail_(mail) {}
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// From now on it receives. `already_exists` if the address is taken.
  Result<> open(const Address& at);
  void send(const Address& to, Bytes payload);
  void receive(Operation<Message>& operation);
  MessageCounts counts() const;

 private:
  void await_messages();
  void take_messages();
  void take(std::string_view frame, const char* sender);
  void* connection_to(const Address& to);

  Mail& mail_;
  Address at_;
  void* incoming_ = nullptr;
  std::unique_ptr<Watch> watch_;
  std::uint64_t more_ = 0;  ///< The timer that takes on what one turn of the loop left.
  std::map<Address, void*> outgoing_;
  std::deque<Message> messages_;
  std::shared_ptr<Pending<Message>> receiver_;
  MessageCounts counts_;
};

}  // namespace heir::hosts
