#include "tools/on_hosts/client.h"

#include "engine/base/assert.h"

#include <charconv>

namespace heir::on_hosts {

namespace {

using reports::EventType;
using reports::Function;
using sim::WorkloadModel;

struct StatementText {
  const char* text;
  bool takes_key;
};

StatementText statement(WorkloadModel model, bool reads) {
  switch (model) {
    case WorkloadModel::reg:
      return reads ? StatementText{"SELECT value FROM registers WHERE key = $1::int", true}
                   : StatementText{
                         "INSERT INTO registers VALUES ($1::int, $2::bigint) "
                         "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                         true};
    case WorkloadModel::append:
      return reads ? StatementText{"SELECT value FROM lists WHERE key = $1::int", true}
                   : StatementText{
                         "INSERT INTO lists VALUES ($1::int, ARRAY[$2::bigint]) "
                         "ON CONFLICT (key) DO UPDATE SET value = lists.value || excluded.value",
                         true};
    case WorkloadModel::set:
      return reads ? StatementText{"SELECT array_agg(value ORDER BY place) FROM elements", false}
                   : StatementText{"INSERT INTO elements (value) VALUES ($1::bigint)", false};
  }
  return {};
}

}  // namespace

std::vector<std::int64_t> numbers_in(std::string_view array) {
  std::vector<std::int64_t> numbers;
  const char* at = array.data();
  const char* const end = at + array.size();
  while (at < end) {
    std::int64_t number = 0;
    const auto parsed = std::from_chars(at, end, number);
    if (parsed.ec == std::errc()) numbers.push_back(number);
    at = parsed.ec == std::errc() ? parsed.ptr : at + 1;
  }
  return numbers;
}

Client::Client(const testbed::Container& host, sim::ClientParameters parameters, reports::ProcessId process,
               std::uint64_t seed, std::vector<Access> gates, std::vector<Access> standbys, const RealClock& clock,
               Recorder& recorder, const Stop& stop)
    : host_(host),
      parameters_(std::move(parameters)),
      process_(process),
      random_(seed, "client", process.value()),
      gates_(std::move(gates)),
      standbys_(std::move(standbys)),
      clock_(clock),
      recorder_(recorder),
      stop_(stop) {}

Client::~Client() {
  if (thread_.joinable()) thread_.join();
}

void Client::start() {
  run_thread([this] { work(); });
}

void Client::read_all(VirtualTime until) {
  run_thread([this, until] { read_keys(until); });
}

void Client::run_thread(std::function<void()> work) {
  if (thread_.joinable()) thread_.join();
  done_ = false;
  thread_ = std::thread([this, work = std::move(work)] {
    const Result<> entered = host_.in_network([&]() -> Result<> {
      work();
      link_.reset();
      for (std::thread& cancel : cancels_) cancel.join();
      cancels_.clear();
      return {};
    });
    // Without it the run would have a client less than it says.
    ASSERT(entered, "a client's network can be entered");
    done_ = true;
  });
}

void Client::work() {
  VirtualTime next =
      std::max(clock_.now(), parameters_.start) + random_.between(Duration::zero(), parameters_.interval);
  while (next < parameters_.stop && sleep_until(clock_.instant(next), stop_)) {
    Operation operation;
    const bool reads = random_.chance(parameters_.reads);
    operation.key = parameters_.first_key + static_cast<std::uint32_t>(random_.below(parameters_.keys));
    operation.function = reads ? Function::read : sim::write_function(parameters_.model);
    if (!reads) operation.value = recorder_.next_value();
    if (reads && !standbys_.empty()) {
      operation.function = Function::read_standby;
      operation.standby = random_.below(standbys_.size());
    }
    VirtualTime invoked;
    operate(operation, invoked);
    const Duration wait = random_.between(parameters_.interval / 2, parameters_.interval / 2 * 3);
    next = std::max(clock_.now(), invoked + wait);
  }
}

void Client::read_keys(VirtualTime until) {
  for (std::uint32_t key = 0; key < parameters_.keys && clock_.now() < until && !stop_.is_set();) {
    Operation operation;
    operation.is_final = true;
    operation.key = parameters_.first_key + key;
    VirtualTime invoked;
    if (operate(operation, invoked) == EventType::ok)
      ++key;
    else
      sleep_until(after(now_of_machine(), parameters_.pause_after_failure), stop_);
  }
}

EventType Client::operate(const Operation& operation, VirtualTime& invoked) {
  std::optional<std::int64_t> value;
  if (!reports::is_read(operation.function)) value = operation.value;
  invoked = recorder_.invoke(process_, operation.function, sim::key_name(parameters_.model, operation.key), value);
  Recorder::Ending ending = carry_out(operation, clock_.instant(invoked + parameters_.timeout));
  const EventType type = ending.type;
  recorder_.end(process_, std::move(ending));
  return type;
}

/// A link for the operation; false: none in time. A standby that lets nobody in has the leader asked, as in the
/// simulator.
bool Client::reach(const Operation& operation, Instant until) {
  // A connection to a standby serves no write, nor the reverse.
  if (link_ && (to_standby_ != operation.standby.has_value() || (to_standby_ && link_->place != *operation.standby)))
    link_.reset();
  if (!link_ && operation.standby && connect_to_standby(*operation.standby, until)) return true;
  if (!link_) {
    to_standby_ = false;
    link_ = find_leader(gates_, parameters_.pause_after_failure, until, stop_);
  }
  return link_.has_value();
}

bool Client::connect_to_standby(std::size_t place, Instant until) {
  auto session = std::make_unique<Session>(standbys_[place]);
  if (!session->connect(until, stop_)) {
    sleep_until(std::min(after(now_of_machine(), parameters_.pause_after_failure), until), stop_);
    return false;
  }
  to_standby_ = true;
  link_ = FoundHost{place, std::move(session), 0};
  return true;
}

Recorder::Ending Client::carry_out(const Operation& operation, Instant until) {
  Recorder::Ending ending;
  if (!reach(operation, until)) {
    ending.type = EventType::fail;  // It was never sent.
    return ending;
  }
  const bool reads = reports::is_read(operation.function);
  const StatementText statement_text = statement(parameters_.model, reads);
  std::vector<std::string> parameters;
  if (statement_text.takes_key) parameters.push_back(std::to_string(operation.key));
  if (!reads) parameters.push_back(std::to_string(operation.value));
  const Answer answer = link_->session->execute(statement_text.text, parameters, until, stop_);
  ending = ending_of(answer, operation);
  ending.peer = static_cast<int>(link_->place) + 1;
  ending.generation = link_->timeline;
  if (answer.kind == Answer::Kind::timed_out && !stop_.is_set() && random_.chance(sim::Ratio::percent(50)))
    if (std::function<void()> cancel = link_->session->canceller()) cancels_.emplace_back(std::move(cancel));
  if (link_->session->link() != Session::Link::ready) link_.reset();
  return ending;
}

Recorder::Ending Client::ending_of(const Answer& answer, const Operation& operation) const {
  const bool reads = reports::is_read(operation.function);
  Recorder::Ending ending;
  if (answer.kind != Answer::Kind::done) {
    const bool is_certain = reads || (answer.kind == Answer::Kind::refused && sim::is_certain_refusal(answer.state));
    ending.type = is_certain ? EventType::fail : EventType::info;
    return ending;
  }
  ending.type = answer.warned ? EventType::info : EventType::ok;
  if (!reads || ending.type != EventType::ok) return ending;
  const bool has_row = !answer.rows.empty() && answer.rows.front().front();
  const std::string text = has_row ? *answer.rows.front().front() : "";
  if (parameters_.model != WorkloadModel::reg)
    ending.list = numbers_in(text);
  else if (has_row)
    ending.number = std::stoll(text);
  return ending;
}

}  // namespace heir::on_hosts
