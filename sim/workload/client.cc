#include "sim/workload/client.h"

#include <charconv>

#include "sim/databases/postgresql/wire.h"

namespace heir::sim {

namespace {

using reports::EventType;
using reports::Function;

wire::OperationKind wire_kind(WorkloadModel model, bool read) {
  switch (model) {
    case WorkloadModel::reg: return read ? wire::OperationKind::read_register : wire::OperationKind::write_register;
    case WorkloadModel::append: return read ? wire::OperationKind::read_list : wire::OperationKind::append;
    case WorkloadModel::set: return read ? wire::OperationKind::read_set : wire::OperationKind::add;
  }
  return wire::OperationKind::read_register;
}

}  // namespace

Client::Client(Kernel& kernel, Network& network, NodeId node, reports::ProcessId process, ClientParameters parameters,
               reports::History& history, UniqueValues& values, Resolver& resolver, ClientObserver& observer)
    : EventTarget(kernel, "client/" + std::to_string(process.value())),
      network_(network),
      node_(node),
      process_(process),
      parameters_(std::move(parameters)),
      history_(history),
      values_(values),
      resolver_(resolver),
      observer_(observer),
      random_(kernel.stream("client", process.value())) {
  kernel.schedule(std::max(kernel.now(), parameters_.start) + random_.between(Duration::zero(), parameters_.interval),
                  *this, kNextOperation);
}

void Client::on_event(std::uint32_t kind, std::uint64_t) {
  switch (kind) {
    case kNextOperation: return begin_operation();
    case kTimeout: return give_up();
    case kReconnect: reconnect_ = {}; return connect_or_send();
    default: ASSERT(false, "no such timer");
  }
}

std::string Client::describe(std::uint32_t kind, std::uint64_t) const {
  constexpr std::string_view names[] = {"next operation", "timeout", "reconnect"};
  return std::string(names[kind]);
}

bool Client::is_done() const {
  return !busy_ && !has_events();
}

std::string Client::under_way() const {
  if (!busy_) return {};
  std::string text = reports::to_string(function_);
  if (!is_read()) text += " of " + std::to_string(value_);
  text += (is_read() ? " of " : " to ") + key_name(parameters_.model, key_);
  return text + (sent_ ? ", sent to " + network_.address(gate_).value() : ", not sent yet");
}

void Client::plan_next(EventType outcome) {
  if (final_key_) {
    const bool again = outcome != EventType::ok;
    if (!again) ++*final_key_;
    if (*final_key_ < parameters_.keys && kernel().now() < final_until_) {
      kernel().schedule_after(again ? parameters_.pause_after_failure : Duration::zero(), *this, kNextOperation);
    } else {
      drop_link();
    }
    return;
  }
  // Half to one and a half of the mean: many shapes of overlap, and no libm.
  const Duration wait = random_.between(parameters_.interval / 2, parameters_.interval / 2 * 3);
  // An operation that took longer than that is followed at once.
  const VirtualTime next = std::max(kernel().now(), VirtualTime::from_ns(invoked_.ns()) + wait);
  if (next < parameters_.stop)
    kernel().schedule(next, *this, kNextOperation);
  else
    drop_link();
}

void Client::stop() {
  parameters_.stop = kernel().now();
  if (busy_) return;
  cancel_events();
  drop_link();
}

void Client::read_all(VirtualTime until) {
  ASSERT(is_done(), "the last reads come last");
  final_key_ = 0;
  final_until_ = until;
  kernel().schedule(kernel().now(), *this, kNextOperation);
}

void Client::begin_operation() {
  ASSERT(!busy_, "a client is sequential");
  const bool read = final_key_ || random_.chance(parameters_.reads);
  key_ =
      parameters_.first_key + (final_key_ ? *final_key_ : static_cast<std::uint32_t>(random_.below(parameters_.keys)));
  const bool from_standby = read && !final_key_ && !parameters_.standbys.empty();
  function_ = from_standby ? Function::read_standby : read ? Function::read : write_function(parameters_.model);
  value_ = read ? 0 : values_.next();
  key_id_ = history_.key(key_name(parameters_.model, key_));
  busy_ = true;
  invoked_ = recorded_now();
  sent_ = warned_ = failed_ = got_row_ = false;
  history_.invoke(process_, function_, key_id_, read ? reports::Value::nil() : reports::Value::integer(value_),
                  recorded_now());
  timeout_ = kernel().schedule(kernel().now() + parameters_.timeout, *this, kTimeout);
  if (!parameters_.standbys.empty()) {
    const AddressId wanted = from_standby ? random_.pick(parameters_.standbys) : AddressId();
    // A connection to a standby serves no write, nor the reverse.
    if (link_ != Link::none && (from_standby ? gate_ != wanted : to_standby_)) drop_link();
    if (from_standby && link_ == Link::none) return connect(wanted, true);
  }
  connect_or_send();
}

void Client::connect_or_send() {
  if (!busy_) return;
  if (link_ == Link::ready) return send();
  if (link_ != Link::none || kernel().is_pending(reconnect_)) return;
  link_ = Link::resolving;
  resolver_.ask(*this);
}

void Client::on_leader(std::optional<AddressId> gate) {
  if (link_ != Link::resolving) return;
  link_ = Link::none;
  if (!busy_) return;
  if (gate) return connect(*gate, false);
  reconnect_ = kernel().schedule(kernel().now() + parameters_.pause_after_failure, *this, kReconnect);
}

void Client::connect(AddressId to, bool standby) {
  link_ = Link::connecting;
  to_standby_ = standby;
  gate_ = to;
  cancellable_ = false;
  received_.clear();
  StreamOptions options;
  options.connect_timeout = parameters_.timeout;
  stream_ = network_.connect(node_, to, *this, nullptr, options);
}

void Client::on_connected(StreamId stream) {
  if (stream != stream_) {  // a cancel request's connection
    const std::uint64_t key = network_.cookie(stream);
    network_.write(stream, wire::cancel({static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(key)}));
    network_.close(stream);
    return;
  }
  link_ = Link::greeting;
  network_.write(stream_, wire::startup("app"));
}

void Client::send() {
  sent_ = true;
  const bool read = is_read();
  wire::Operation operation;
  operation.kind = wire_kind(parameters_.model, read);
  operation.key = key_;
  operation.value = value_;
  if (!network_.write(stream_, wire::query(operation))) link_lost();
}

void Client::on_data(StreamId stream, Chunk chunk) {
  if (stream != stream_) return;
  received_ += chunk.bytes;
  std::size_t at = 0;
  while (received_.size() - at >= 5 && stream == stream_) {
    const std::size_t length = wire::detail::get32(received_, at + 1);
    if (received_.size() - at < length + 1) break;
    on_frame(received_[at], std::string_view(received_).substr(at + 5, length - 4));
    at += length + 1;
    if (link_ == Link::none) return;  // the frame ended the connection
  }
  received_.erase(0, at);
}

void Client::on_frame(char type, std::string_view body) {
  switch (type) {
    case 'K':
      pid_ = wire::detail::get32(body, 0);
      secret_ = wire::detail::get32(body, 4);
      cancellable_ = true;
      return;
    case 'D':
      got_row_ = true;
      row_is_null_ = wire::detail::get32(body, 2) == UINT32_MAX;
      row_ = row_is_null_ ? std::string_view() : body.substr(6);
      return;
    case 'N':
      if (wire::parse_report(body).message.find("synchronous replication") != std::string_view::npos) warned_ = true;
      return;
    case 'E': {
      const wire::Report report = wire::parse_report(body);
      failed_ = true;
      failure_state_ = report.state;
      if (link_ == Link::greeting || report.severity == "FATAL") {
        const bool never_sent = !sent_;
        drop_link();
        if (!busy_) return;
        if (never_sent) {
          failed_ = false;
          reconnect_ = kernel().schedule(kernel().now() + parameters_.pause_after_failure, *this, kReconnect);
        } else {
          refused(failure_state_);
        }
      }
      return;
    }
    case 'Z':
      if (link_ == Link::greeting) {
        link_ = Link::ready;
        return connect_or_send();
      }
      if (!busy_ || !sent_) return;
      return failed_ ? refused(failure_state_) : answered();
    default: return;
  }
}

void Client::answered() {
  if (warned_) return finish(EventType::info);
  finish(EventType::ok);
}

void Client::refused(std::string_view state) {
  finish(is_read() || is_certain_refusal(state) ? EventType::fail : EventType::info);
}

void Client::on_closed(StreamId stream) {
  if (stream == stream_) link_lost();
}

void Client::on_reset(StreamId stream, StreamEnd) {
  if (stream == stream_) link_lost();
}

void Client::link_lost() {
  link_ = Link::none;
  stream_ = {};
  if (!busy_) return;
  if (sent_) return finish(is_read() ? EventType::fail : EventType::info);
  if (!kernel().is_pending(reconnect_))
    reconnect_ = kernel().schedule(kernel().now() + parameters_.pause_after_failure, *this, kReconnect);
}

void Client::drop_link() {
  if (link_ == Link::resolving) resolver_.forget();
  if (link_ != Link::none && link_ != Link::resolving) network_.close(stream_);
  link_ = Link::none;
  stream_ = {};
}

void Client::give_up() {
  timeout_ = {};
  const bool was_sent = sent_;
  // As a driver does that runs into its statement timeout: ask the server to cancel, over a connection of its own. Half
  // of them just walk away.
  const AddressId gate = gate_;
  const bool cancels = was_sent && cancellable_ && random_.chance(Ratio::percent(50));
  drop_link();
  kernel().cancel(reconnect_);
  reconnect_ = {};
  // The key travels with the connection: by the time that it is there, this client may have another session.
  if (cancels) network_.connect(node_, gate, *this, nullptr, {}, std::uint64_t{pid_} << 32 | secret_);
  finish(!was_sent || is_read() ? EventType::fail : EventType::info);
}

void Client::finish(EventType outcome) {
  busy_ = false;
  kernel().cancel(timeout_);
  timeout_ = {};
  const reports::Answerer by = sent_ ? observer_.answerer(gate_) : reports::Answerer{};
  switch (outcome) {
    case EventType::ok:
      if (!is_read()) {
        history_.ok(process_, recorded_now(), by);
        observer_.on_write_acknowledged(by, invoked_);
      } else if (parameters_.model == WorkloadModel::reg) {
        std::int64_t number = 0;
        std::from_chars(row_.data(), row_.data() + row_.size(), number);
        history_.ok_read(process_, row_is_null_ || !got_row_ ? reports::Value::nil() : reports::Value::integer(number),
                         recorded_now(), by);
      } else {
        list_.clear();
        const char* at = row_.data();
        const char* const end = at + row_.size();
        while (at < end) {
          std::int64_t number = 0;
          const auto parsed = std::from_chars(at, end, number);
          if (parsed.ptr == at) break;
          list_.push_back(number);
          at = parsed.ptr + (parsed.ptr < end ? 1 : 0);
        }
        history_.ok_read(process_, list_, recorded_now(), by);
      }
      break;
    case EventType::fail: history_.fail(process_, recorded_now(), by); break;
    case EventType::info: history_.info(process_, recorded_now(), by); break;
    case EventType::invoke: ASSERT(false, "an operation ends otherwise");
  }
  plan_next(outcome);
}

}  // namespace heir::sim
