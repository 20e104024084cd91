#include "engine/hosts/messages.h"

#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/assert.h"
#include "engine/hosts/zeromq.h"

namespace heir::hosts {

using namespace zeromq;

namespace {

constexpr std::size_t most_waiting = 4096;  ///< Received and not taken.
constexpr int most_at_once = 256;           ///< Then others of the loop have a turn.
constexpr int reconnect_ms = 100;
constexpr const char* zap_address = "inproc://zeromq.zap.01";  ///< By RFC 27.

}  // namespace

MessageCounts operator+(const MessageCounts& a, const MessageCounts& b) {
  MessageCounts sum = a;
  sum.received += b.received;
  sum.sent += b.sent;
  sum.not_sent += b.not_sent;
  sum.to_nobody += b.to_nobody;
  sum.overflowed += b.overflowed;
  for (std::size_t i = 0; i < sum.refused.size(); ++i) sum.refused[i] += b.refused[i];
  sum.keys_refused = std::max(a.keys_refused, b.keys_refused);
  return sum;
}

Mail::Mail(Loop& loop, std::string cluster, KeyPair keys, std::vector<Correspondent> cluster_hosts)
    : loop_(loop), cluster_(std::move(cluster)), keys_(std::move(keys)), hosts_(std::move(cluster_hosts)) {
  context_ = zmq_ctx_new();
  ASSERT(context_, zmq_strerror(zmq_errno()));
  requests_ = zmq_socket(context_, ZMQ_REP);
  ASSERT(requests_, zmq_strerror(zmq_errno()));
  set(requests_, ZMQ_LINGER, 0);
  ASSERT(zmq_bind(requests_, zap_address) == 0, zmq_strerror(zmq_errno()));
  watch_ = std::make_unique<Watch>(loop_, descriptor_of(requests_));
  await_requests();
}

Mail::~Mail() {
  watch_.reset();
  zmq_close(requests_);
  zmq_ctx_term(context_);
}

std::string Mail::name_by_key(const std::string& key, bool may_be_operator) const {
  if (key.empty()) return "";
  for (const Correspondent& host : hosts_)
    if (host.public_key == key) return host.name;
  if (!may_be_operator) return "";
  for (const OperatorKey& each : operators_)
    if (each.public_key == key) return each.name;
  return "";
}

const Correspondent* Mail::by_inbox(const Address& inbox) const {
  for (const Correspondent& host : hosts_)
    if (std::find(host.inboxes.begin(), host.inboxes.end(), inbox) != host.inboxes.end()) return &host;
  return nullptr;
}

void Mail::await_requests() {
  watch_->when_readable([this] {
    answer_requests();
    await_requests();
  });
}

void Mail::answer_requests() {
  while (has_input(requests_)) {
    std::vector<std::string> parts;
    for (bool more = true; more;) {
      Part part;
      if (!part.receive(requests_)) return;
      parts.emplace_back(part.text());
      more = part.has_more();
    }
    // Version, request, domain, address, identity, mechanism, then the key.
    const bool is_curve = parts.size() == 7 && parts[0] == "1.0" && parts[5] == "CURVE";
    const std::string key = is_curve ? key_text(parts[6].data(), parts[6].size()) : "";
    const bool is_order = is_curve && parts[2] == operators_domain;
    const std::string sender = name_by_key(key, is_order);
    if (sender.empty()) ++keys_refused_;
    const std::string answer[] = {"1.0",
                                  parts.size() > 1 ? parts[1] : "",
                                  sender.empty() ? "400" : "200",
                                  sender.empty() ? "not a key of this cluster" : "",
                                  is_order ? key : sender,  // whose it is may change while he is connected
                                  ""};
    for (const std::string& part : answer)
      zmq_send(requests_, part.data(), part.size(), ZMQ_DONTWAIT | (&part == std::end(answer) - 1 ? 0 : ZMQ_SNDMORE));
  }
}

Mailbox::~Mailbox() {
  mail_.loop_.cancel_timer(more_);
  watch_.reset();
  for (const auto& [to, socket] : outgoing_) zmq_close(socket);
  if (incoming_) zmq_close(incoming_);
}

Result<> Mailbox::open(const Address& at) {
  at_ = at;
  incoming_ = zmq_socket(mail_.context_, ZMQ_PULL);
  if (!incoming_) return Error{ErrorCode::failed, std::string("making a socket: ") + zmq_strerror(zmq_errno())};
  prepare(incoming_, mail_.keys_, largest_frame);
  set(incoming_, ZMQ_CURVE_SERVER, 1);
  set(incoming_, ZMQ_ZAP_DOMAIN, std::string(members_domain));
  if (zmq_bind(incoming_, endpoint_of(at).c_str()) != 0) {
    const int number = zmq_errno();
    return Error{number == EADDRINUSE ? ErrorCode::already_exists : ErrorCode::failed,
                 "receiving messages at " + at.value() + ": " + zmq_strerror(number)};
  }
  watch_ = std::make_unique<Watch>(mail_.loop_, descriptor_of(incoming_));
  await_messages();
  take_messages();  // the descriptor says nothing of what came before it was looked at
  return {};
}

void Mailbox::await_messages() {
  watch_->when_readable([this] {
    take_messages();
    await_messages();
  });
}

void Mailbox::take_messages() {
  for (int taken = 0; has_input(incoming_); ++taken) {
    if (taken == most_at_once) {
      // The descriptor need not tell us again.
      mail_.loop_.cancel_timer(more_);
      more_ = mail_.loop_.set_timer(MonotonicTime(), [this] { take_messages(); });
      return;
    }
    Part part;
    if (!part.receive(incoming_)) return;
    if (part.has_more()) {
      ++counts_.refused[static_cast<std::size_t>(Refusal::garbage)];
      skip_rest(incoming_, part);
      continue;
    }
    take(part.text(), zmq_msg_gets(&part.message, "User-Id"));
  }
}

void Mailbox::take(std::string_view frame, const char* sender) {
  std::variant<Message, Refusal> decoded = decode_frame(mail_.cluster_, frame);
  auto* message = std::get_if<Message>(&decoded);
  if (message) {
    // Its key says who sent it; the address in the frame must be one of theirs, for it is what answers go to.
    const Correspondent* host = mail_.by_inbox(message->from);
    if (!host || !sender || host->name != sender) decoded = Refusal::stranger;
    message = std::get_if<Message>(&decoded);
  }
  if (!message) {
    ++counts_.refused[static_cast<std::size_t>(std::get<Refusal>(decoded))];
    return;
  }
  ++counts_.received;
  if (receiver_ && !receiver_->is_abandoned()) return std::exchange(receiver_, nullptr)->complete(std::move(*message));
  if (messages_.size() >= most_waiting) {
    ++counts_.overflowed;
    return;
  }
  messages_.push_back(std::move(*message));
}

void Mailbox::receive(Operation<Message>& operation) {
  if (!messages_.empty()) {
    Message message = std::move(messages_.front());
    messages_.pop_front();
    return operation.complete(std::move(message));
  }
  receiver_ = Pending<Message>::of(operation);
}

void* Mailbox::connection_to(const Address& to) {
  if (const auto found = outgoing_.find(to); found != outgoing_.end()) return found->second;
  const Correspondent* host = mail_.by_inbox(to);
  if (!host) return nullptr;
  void* socket = zmq_socket(mail_.context_, ZMQ_PUSH);
  if (!socket) return nullptr;
  prepare(socket, mail_.keys_, largest_frame);
  set(socket, ZMQ_CURVE_SERVERKEY, host->public_key);
  set(socket, ZMQ_IMMEDIATE, 1);
  set(socket, ZMQ_CONNECT_TIMEOUT, connect_ms);
  set(socket, ZMQ_RECONNECT_IVL, reconnect_ms);
  if (zmq_connect(socket, endpoint_of(to).c_str()) != 0) {
    zmq_close(socket);
    return nullptr;
  }
  outgoing_.emplace(to, socket);
  return socket;
}

void Mailbox::send(const Address& to, Bytes payload) {
  void* socket = connection_to(to);
  if (!socket) {
    ++counts_.to_nobody;
    return;
  }
  const std::string frame = encode_frame(mail_.cluster_, Message{at_, std::move(payload)});
  const bool sent = frame.size() <= largest_frame && zmq_send(socket, frame.data(), frame.size(), ZMQ_DONTWAIT) >= 0;
  ++(sent ? counts_.sent : counts_.not_sent);
}

MessageCounts Mailbox::counts() const {
  MessageCounts counts = counts_;
  counts.keys_refused = mail_.keys_refused();
  return counts;
}

}  // namespace heir::hosts
