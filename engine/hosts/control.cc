#include "engine/hosts/control.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/assert.h"
#include "engine/hosts/clocks.h"
#include "engine/hosts/zeromq.h"

namespace heir::hosts {

using namespace zeromq;

namespace {

constexpr int most_at_once = 16;  ///< Then others of the loop have a turn.
constexpr int retry_ms = 200;
constexpr const char* only_request = "1";

}  // namespace

// ---- The agent's side

ControlService::~ControlService() {
  mail_.loop_.cancel_timer(more_);
  watch_.reset();
  if (socket_) zmq_close(socket_);
}

Result<> ControlService::open(const Address& at) {
  socket_ = zmq_socket(mail_.context_, ZMQ_ROUTER);
  if (!socket_) return Error{ErrorCode::failed, std::string("making a socket: ") + zmq_strerror(zmq_errno())};
  prepare(socket_, mail_.keys_, largest_request);
  set(socket_, ZMQ_CURVE_SERVER, 1);
  set(socket_, ZMQ_ZAP_DOMAIN, std::string(operators_domain));
  if (zmq_bind(socket_, endpoint_of(at).c_str()) != 0) {
    const int number = zmq_errno();
    return Error{number == EADDRINUSE ? ErrorCode::already_exists : ErrorCode::failed,
                 "receiving operators' requests at " + at.value() + ": " + zmq_strerror(number)};
  }
  watch_ = std::make_unique<Watch>(mail_.loop_, descriptor_of(socket_));
  await_requests();
  take_requests();  // the descriptor says nothing of what came before it was looked at
  return {};
}

void ControlService::await_requests() {
  watch_->when_readable([this] {
    take_requests();
    await_requests();
  });
}

void ControlService::take_requests() {
  for (int taken = 0; has_input(socket_); ++taken) {
    if (taken == most_at_once) {
      mail_.loop_.cancel_timer(more_);
      more_ = mail_.loop_.set_timer(MonotonicTime(), [this] { take_requests(); });
      return;
    }
    Part connection;
    if (!connection.receive(socket_)) return;
    Part part;
    if (!connection.has_more() || !part.receive(socket_)) continue;
    if (part.has_more()) {
      ++counts_.refused[static_cast<std::size_t>(Refusal::garbage)];
      skip_rest(socket_, part);
      continue;
    }
    take(std::string(connection.text()), part.text(), zmq_msg_gets(&part.message, "User-Id"));
  }
}

void ControlService::take(std::string connection, std::string_view frame, const char* key) {
  std::variant<Message, Refusal> decoded = decode_frame(mail_.cluster_, frame);
  auto* message = std::get_if<Message>(&decoded);
  std::string by = mail_.name_by_key(key ? key : "", true);
  if (!message || by.empty()) {
    const Refusal why = message ? Refusal::stranger : std::get<Refusal>(decoded);
    ++counts_.refused[static_cast<std::size_t>(why)];
    return;
  }
  ++counts_.received;
  handler_({std::move(by), std::move(message->payload), std::move(connection), message->from});
}

void ControlService::answer(const ControlRequest& request, Bytes payload) {
  const std::string frame = encode_frame(mail_.cluster_, Message{request.number, std::move(payload)});
  const bool is_sent =
      frame.size() <= largest_frame &&
      zmq_send(socket_, request.connection.data(), request.connection.size(), ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0 &&
      zmq_send(socket_, frame.data(), frame.size(), ZMQ_DONTWAIT) >= 0;
  ++(is_sent ? counts_.sent : counts_.not_sent);
}

MessageCounts ControlService::counts() const {
  MessageCounts counts = counts_;
  counts.keys_refused = mail_.keys_refused();
  return counts;
}

// ---- The operator's side

namespace {

/// One question to one agent, and what is heard of its connection.
class Question {
 public:
  Question(void* context, const std::string& cluster, const KeyPair& keys, const ControlTarget& target,
           const Bytes& request, std::size_t number)
      : cluster_(cluster) {
    socket_ = zmq_socket(context, ZMQ_DEALER);
    ASSERT(socket_, zmq_strerror(zmq_errno()));
    prepare(socket_, keys, largest_frame);
    set(socket_, ZMQ_CURVE_SERVERKEY, target.public_key);
    set(socket_, ZMQ_CONNECT_TIMEOUT, connect_ms);
    set(socket_, ZMQ_RECONNECT_IVL, retry_ms);
    const std::string events = "inproc://events-" + std::to_string(number);
    constexpr int wanted = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                           ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                           ZMQ_EVENT_CONNECT_RETRIED;
    ASSERT(zmq_socket_monitor(socket_, events.c_str(), wanted) == 0, zmq_strerror(zmq_errno()));
    events_ = zmq_socket(context, ZMQ_PAIR);
    ASSERT(events_ && zmq_connect(events_, events.c_str()) == 0, zmq_strerror(zmq_errno()));
    const std::string frame = encode_frame(cluster_, Message{Address(only_request), request});
    if (zmq_connect(socket_, endpoint_of(target.at).c_str()) != 0 ||
        zmq_send(socket_, frame.data(), frame.size(), ZMQ_DONTWAIT) < 0)
      is_over_ = true;
  }
  ~Question() {
    zmq_socket_monitor(socket_, nullptr, 0);
    zmq_close(events_);
    zmq_close(socket_);
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  bool is_over() const { return is_over_; }
  void* socket() const { return socket_; }
  void* events() const { return events_; }
  ControlAnswer& answer() { return answer_; }

  void look() {
    while (!is_over_ && has_input(socket_)) take_answer();
    while (!is_over_ && has_input(events_)) take_event();
  }

 private:
  void end(ControlAnswer::Outcome outcome) {
    answer_.outcome = outcome;
    is_over_ = true;
  }

  void take_answer() {
    Part part;
    if (!part.receive(socket_)) return;
    const bool is_one = !part.has_more();
    skip_rest(socket_, part);
    std::variant<Message, Refusal> decoded = decode_frame(cluster_, part.text());
    auto* message = std::get_if<Message>(&decoded);
    if (!is_one || !message || message->from != Address(only_request)) return;
    answer_.payload = std::move(message->payload);
    end(ControlAnswer::Outcome::answered);
  }

  /// The first part is the event's number and its value, as the machine writes them.
  void take_event() {
    Part part;
    if (!part.receive(events_)) return;
    std::uint16_t event = 0;
    if (part.text().size() >= sizeof event) std::memcpy(&event, part.text().data(), sizeof event);
    skip_rest(events_, part);
    switch (event) {
      case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: answer_.outcome = ControlAnswer::Outcome::silent; break;
      case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: end(ControlAnswer::Outcome::key_refused); break;
      case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
      case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: end(ControlAnswer::Outcome::not_it); break;
      case ZMQ_EVENT_CONNECT_RETRIED:
        // It never was connected: nobody is there. Otherwise the answer may have been lost with the connection.
        is_over_ = true;
        break;
      default: break;
    }
  }

  const std::string cluster_;
  void* socket_ = nullptr;
  void* events_ = nullptr;
  bool is_over_ = false;
  ControlAnswer answer_;
};

}  // namespace

std::vector<ControlAnswer> ask_all(const std::string& cluster, const KeyPair& keys,
                                   const std::vector<ControlTarget>& targets, const Bytes& request, Duration limit) {
  void* const context = zmq_ctx_new();
  ASSERT(context, zmq_strerror(zmq_errno()));
  const MonotonicTime until = boot_time() + limit;
  std::vector<ControlAnswer> answers;
  {
    std::vector<std::unique_ptr<Question>> questions;
    for (const ControlTarget& target : targets)
      questions.push_back(std::make_unique<Question>(context, cluster, keys, target, request, questions.size()));
    while (true) {
      std::vector<zmq_pollitem_t> items;
      for (const auto& question : questions) {
        question->look();
        if (question->is_over()) continue;
        items.push_back({question->socket(), 0, ZMQ_POLLIN, 0});
        items.push_back({question->events(), 0, ZMQ_POLLIN, 0});
      }
      const Duration left = until - boot_time();
      if (items.empty() || left <= Duration::zero()) break;
      const long wait_ms = static_cast<long>(std::min<std::int64_t>(left.ns() / 1'000'000 + 1, 1000));
      if (zmq_poll(items.data(), static_cast<int>(items.size()), wait_ms) < 0 && zmq_errno() != EINTR) break;
    }
    for (const auto& question : questions) answers.push_back(std::move(question->answer()));
  }
  zmq_ctx_term(context);
  return answers;
}

}  // namespace heir::hosts
