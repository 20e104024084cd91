#include "engine/agent/standby_reads.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

#include "engine/base/mutant.h"

namespace heir::agent {

namespace {

/// "Rq 17": what is your end? "Ra 17 3 2 33554432 50331648": it is there, on timeline 3, which the
/// promotion of generation 2 began at 33554432.
constexpr std::string_view question_begins = "Rq";
constexpr std::string_view answer_begins = "Ra";

/// `count` decimal numbers, each behind a space, and nothing else; nothing if they are not that.
template <std::size_t count>
std::optional<std::array<std::uint64_t, count>> numbers_in(std::string_view text) {
  std::array<std::uint64_t, count> numbers{};
  for (std::uint64_t& number : numbers) {
    if (!text.starts_with(' ')) return std::nullopt;
    text.remove_prefix(1);
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  }
  if (!text.empty()) return std::nullopt;
  return numbers;
}

gate::Config at_port(gate::Config gate, const std::optional<ReadOnlyPort>& port) {
  if (port) gate.listen = port->listen;
  return gate;
}

}  // namespace

StandbyReads::StandbyReads(Host& host, gate::Config gate, std::optional<ReadOnlyPort> port, std::vector<Address> others,
                           Database& database, gate::Guard& primary, const failover::Peer& peer)
    : host_(host),
      port_(std::move(port)),
      others_(std::move(others)),
      database_(database),
      primary_(primary),
      peer_(peer),
      gate_(host, at_port(std::move(gate), port_), *this) {}

Task<Result<>> StandbyReads::run() {
  if (!port_) co_return Result<>();
  if (!std::exchange(has_begun_, true)) {
    host_.random_bytes(std::as_writable_bytes(std::span(&next_question_, 1)));
    next_question_ /= 2;  // so that it does not come round
    scope_.spawn(ask());
    scope_.spawn(compare());
  }
  co_return co_await gate_.run();
}

void StandbyReads::update() {
  if (leads() != std::exchange(led_, leads())) {  // of its life before
    proof_.reset();
    targets_.clear();
  }
  if (port_) gate_.update();
}

void StandbyReads::cancel(gate::CancelKey key) {
  if (port_) gate_.cancel(key);
}

// ---- The guard

gate::Mode StandbyReads::mode() {
  if (leads()) return primary_.mode();
  return is_proven() ? gate::Mode::open : gate::Mode::closed;
}

bool StandbyReads::is_proven() const {
  return proof_ && peer_.database.running && !peer_.database.damaged &&
         (proof_->incarnation == peer_.database.incarnation || HEIR_MUTANT("reads-over-a-restart")) &&
         (host_.monotonic_now() < proof_->until || HEIR_MUTANT("reads-without-a-bound"));
}

std::string StandbyReads::reason() {
  if (leads()) return primary_.reason();
  return "this standby is not known to be within " + to_string(port_->max_lag) + " of the primary";
}

Task<bool> StandbyReads::fence() {
  if (!leads()) co_return true;
  co_return co_await primary_.fence();
}

// ---- The proof

void StandbyReads::receive(Message message) {
  if (message.payload.starts_with(question_begins)) return scope_.spawn(answer(std::move(message)));
  if (!port_ || !message.payload.starts_with(answer_begins)) return;
  const auto told = numbers_in<5>(std::string_view(message.payload).substr(answer_begins.size()));
  if (!told) return;
  const auto& [number, timeline, promotion, begin, offset] = *told;
  const auto asked = std::find_if(questions_.begin(), questions_.end(),
                                  [&, wanted = number](const Question& question) { return question.number == wanted; });
  if (asked == questions_.end()) return;
  const bool is_asked_late = HEIR_MUTANT("reads-counted-from-the-answer");
  targets_.push_back({is_asked_late ? host_.monotonic_now() : asked->asked, {timeline, promotion, begin}, offset});
  questions_.erase(asked);
}

Task<void> StandbyReads::answer(Message question) {
  const auto number = numbers_in<1>(std::string_view(question.payload).substr(question_begins.size()));
  if (!number || !leads()) co_return;
  const Result<LogEnd> end = co_await database_.log_end();
  // The gate's own rule: asked after the answer is known.
  if (!end || end->in_recovery || !leads()) co_return;
  if (primary_.mode() != gate::Mode::open && !HEIR_MUTANT("reads-answered-without-a-lease")) co_return;
  host_.send(question.from, Bytes(answer_begins) + " " + std::to_string((*number)[0]) + " " +
                                std::to_string(end->branch.timeline) + " " + std::to_string(end->branch.promotion) +
                                " " + std::to_string(end->branch.begin) + " " + std::to_string(end->offset));
}

Task<void> StandbyReads::ask() {
  while (true) {
    const MonotonicTime now = host_.monotonic_now();
    while (!questions_.empty() && questions_.front().asked + port_->max_lag <= now) questions_.pop_front();
    if (!leads()) {
      questions_.push_back({++next_question_, now});
      for (const Address& other : others_)
        host_.send(other, Bytes(question_begins) + " " + std::to_string(next_question_));
    }
    co_await host_.sleep(port_->max_lag / 10);
  }
}

Task<void> StandbyReads::compare() {
  while (true) {
    co_await host_.sleep(port_->max_lag / 20);
    const MonotonicTime now = host_.monotonic_now();
    const auto is_late = [&](const Target& target) { return target.asked + port_->max_lag <= now; };
    targets_.erase(std::remove_if(targets_.begin(), targets_.end(), is_late), targets_.end());
    if (leads()) continue;
    // A server that is open is looked at even if nobody leads: somebody may have promoted it.
    if (!targets_.empty() || proof_) {
      const Result<LogEnd> here = co_await database_.log_end();
      if (here && !leads()) prove(*here);
    }
    if (proof_ && !is_proven()) {
      proof_.reset();
      gate_.update();
    }
  }
}

/// By the newest of the targets that are reached.
void StandbyReads::prove(const LogEnd& here) {
  if (!here.in_recovery) {  // whoever promoted it: what it shows now is nobody's
    proof_.reset();
    return gate_.update();
  }
  std::optional<MonotonicTime> asked;
  for (const Target& target : targets_)
    if ((target.branch == here.branch || HEIR_MUTANT("reads-on-any-timeline")) &&
        (target.offset <= here.offset || HEIR_MUTANT("reads-before-the-replay")) && (!asked || target.asked > *asked))
      asked = target.asked;
  if (!asked || here.incarnation == 0) return;
  const bool follows_on = (is_proven() && proof_->incarnation == here.incarnation) || HEIR_MUTANT("reads-over-a-gap");
  if (!follows_on) {
    proof_.reset();
    gate_.update();
  }
  const MonotonicTime until = *asked + port_->max_lag;
  if (proof_ && proof_->until > until) return;
  proof_ = Proof{here.incarnation, until};
  targets_.erase(std::remove_if(targets_.begin(), targets_.end(), [&](const Target& t) { return t.asked <= *asked; }),
                 targets_.end());
  gate_.update();
}

}  // namespace heir::agent
