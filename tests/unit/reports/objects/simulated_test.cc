// Long histories of a simulated object that is right, or goes wrong once in a known way: every checker says the same.
#include <catch2/catch.hpp>

#include "../random_histories.h"
#include "replay.h"
#include "reports/check/objects/append_lists.h"
#include "reports/check/objects/cas_registers.h"
#include "reports/check/objects/online.h"
#include "reports/check/objects/registers.h"
#include "reports/check/search/models.h"
#include "sub_history.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

enum class Fault { none, stale_read, lost_write, dirty_read };

/// Clients that each wait for the answer; every operation takes effect at some moment between its invocation and its
/// end. `how` is what changes the object: write, cas (and write), or append.
class Simulated {
 public:
  Simulated(Function how, Fault fault, std::uint64_t seed) : how_(how), fault_(fault), random_(seed) {
    clients_.resize(2 + random_.below(6));
    key_ = history.key(5);
  }

  /// The fault strikes when three quarters are over, if an operation can show it then.
  void run(std::size_t operations) {
    operations_ = operations;
    for (std::size_t idle = 0; idle < clients_.size();) {
      const auto p = static_cast<std::uint32_t>(random_.below(clients_.size()));
      Client& client = clients_[p];
      ++now_;
      switch (client.step) {
        case Client::ready:
          if (history.operations().size() < operations) {
            begin(p, client);
          } else {
            client.step = Client::stopped;
            ++idle;
          }
          break;
        case Client::begun: take_effect(client); break;
        case Client::done: end(p, client); break;
        case Client::stopped: break;
      }
    }
  }

  History history;
  bool struck = false;

 private:
  struct Client {
    enum Step { ready, begun, done, stopped } step = ready;
    Function function = Function::read;
    std::int64_t value = 0;
    Value expected;
    EventType outcome = EventType::ok;
    Value answer;
  };

  HistoryTime time() const { return HistoryTime::from_ns(now_ * 1'000'000); }
  Value state() const { return values_.empty() ? Value::nil() : values_.back(); }
  bool may_strike(Fault fault) const {
    return fault_ == fault && !struck && history.operations().size() > operations_ * 3 / 4 && values_.size() > 5;
  }

  void begin(std::uint32_t p, Client& client) {
    client.function = random_.one_in(2) ? Function::read : how_;
    if (client.function == Function::cas && random_.one_in(3)) client.function = Function::write;
    client.outcome = random_.one_in(15) ? EventType::info : random_.one_in(15) ? EventType::fail : EventType::ok;
    client.value = ++written_;
    client.expected = state();
    const Value value = Value::integer(client.value);
    const Value argument = client.function == Function::read  ? Value::nil()
                           : client.function == Function::cas ? history.pair(client.expected, value)
                                                              : value;
    history.invoke(ProcessId(p), client.function, key_, argument, time());
    client.step = Client::begun;
  }

  void take_effect(Client& client) {
    client.step = Client::done;
    if (client.function == Function::read) {
      // A few versions back: so far that no read under way can have seen it rightly.
      const std::size_t back = may_strike(Fault::stale_read) && client.outcome == EventType::ok ? values_.size() : 0;
      struck |= back > 0;
      client.answer = how_ == Function::append ? list(back) : back > 0 ? Value::nil() : state();
      return;
    }
    const bool swaps = client.function != Function::cas || client.expected == state();
    client.answer = client.function == Function::cas ? Value::integer(swaps) : Value::nil();
    const bool happens = client.outcome == EventType::ok || (client.outcome == EventType::info && random_.one_in(2));
    if (may_strike(Fault::dirty_read) && client.outcome == EventType::fail && swaps) {
      struck = true;
      values_.push_back(Value::integer(client.value));
    } else if (may_strike(Fault::lost_write) && happens) {
      struck = true;
      values_.resize(values_.size() - 5);  // a failover to one that is behind
    } else if (happens && swaps) {
      values_.push_back(Value::integer(client.value));
    }
  }

  Value list(std::size_t back) {
    return history.list(key_, std::span<const Value>(values_).first(values_.size() - back));
  }

  void end(std::uint32_t p, Client& client) {
    client.step = Client::ready;
    if (client.outcome == EventType::info) return history.info(ProcessId(p), time());
    if (client.outcome == EventType::fail) return history.fail(ProcessId(p), time());
    history.ok_read(ProcessId(p), client.answer, time());
  }

  const Function how_;
  const Fault fault_;
  Random random_;
  KeyId key_;
  std::size_t operations_ = 0;
  std::vector<Client> clients_;
  std::vector<Value> values_;  ///< What was written, the last last; or the list.
  std::int64_t written_ = 0;
  std::int64_t now_ = 0;
};

FailureKind name_of(Fault fault) {
  switch (fault) {
    case Fault::stale_read: return FailureKind::stale_read;
    case Fault::lost_write: return FailureKind::lost_write;
    case Fault::dirty_read: return FailureKind::dirty_read;
    case Fault::none: break;
  }
  return FailureKind::not_linearizable;
}

template <class Judge>
void compare(Function how, Judge judge) {
  const Model model = how == Function::append ? Model::append : Model::cas_register;
  for (const Fault fault : {Fault::none, Fault::stale_read, Fault::lost_write, Fault::dirty_read}) {
    std::uint64_t invalid = 0, named = 0, struck = 0;
    for (std::uint64_t seed = 0; seed < rounds(1000); ++seed) {
      const bool is_short = seed % 2 == 0;
      Simulated simulated(how, fault, seed);
      simulated.run(is_short ? 40 : 200);
      const std::vector<std::uint32_t> ops = operations_of(simulated.history);
      const Object object{&simulated.history, KeyId(1), ops};
      const Judgement judgement = judge(object, nullptr);
      INFO("seed " << seed << '\n'
                   << to_text(simulated.history)
                   << (judgement.failures.empty() ? judgement.reason : judgement.failures[0].message));
      REQUIRE(judgement.answer != Judgement::Answer::not_applicable);
      if (!simulated.struck) REQUIRE(judgement.answer == Judgement::Answer::valid);
      check_proofs(object, nullptr, judgement, judge);
      if (is_short) REQUIRE(judge_by_search(model, object).answer == judgement.answer);

      Replay replay(simulated.history);
      OnlineCheck online;
      std::size_t stops = 0;
      for (std::size_t event = 0; event < simulated.history.size(); ++event) {
        replay.step();
        stops += online.add(replay.history, event).has_value();
      }
      // It may miss a compare-and-set that should not have been refused.
      const bool is_invalid = judgement.answer == Judgement::Answer::invalid;
      const bool only_refusals = std::ranges::all_of(judgement.failures, [](const Failure& f) {
        return f.ops.at(0).function == Function::cas && f.ops[0].result == Value::integer(0);
      });
      REQUIRE(stops <= (is_invalid ? 1 : 0));
      if (is_invalid && !only_refusals) REQUIRE(stops == 1);

      struck += simulated.struck;
      invalid += is_invalid;
      named += std::ranges::any_of(judgement.failures, [&](const Failure& f) {
        // Of a register, one stale read and the loss of what it should have shown may look the same.
        const bool either = how != Function::append && fault != Fault::dirty_read;
        return f.kind == name_of(fault) ||
               (either && (f.kind == FailureKind::lost_write || f.kind == FailureKind::stale_read));
      });
    }
    INFO("fault " << static_cast<int>(fault) << ": " << struck << " struck, " << invalid << " invalid, " << named
                  << " named so");
    CHECK((fault == Fault::none) == (struck == 0));
    // Of a register, much is overwritten before anybody can tell.
    const bool often_hidden = how != Function::append && fault != Fault::stale_read;
    CHECK(invalid >= (often_hidden ? struck / 3 : struck * 9 / 10));
    CHECK(named >= (how == Function::cas ? invalid / 2 : invalid * 9 / 10));
  }
}

}  // namespace

TEST_CASE("simulated registers") {
  compare(Function::write, judge_register);
}
TEST_CASE("simulated cas registers") {
  compare(Function::cas, judge_cas_register);
}
TEST_CASE("simulated append lists") {
  compare(Function::append, judge_append_list);
}
