// What the watch over the store's members says of a member that forgot: members of one, whose disk is the test's.
#include "tools/simulation/store_watch.h"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <vector>

namespace heir::tools {

namespace {

class Lone {
 public:
  Lone() {
    raft::Configuration configuration;
    raft::Member& one = configuration.members.emplace_back();
    one.id = raft::MemberId(1);
    one.votes = true;
    configuration.highest = raft::MemberId(1);
    disk = raft::make_durable(configuration);
    start();
  }

  void start() {
    raft::Options options;
    options.self = raft::MemberId(1);
    raft_.emplace(raft::restore(options, disk));
    watch.restored(*raft_);
  }
  void crash() {
    watch.gone(*raft_);
    raft_.reset();
  }
  void step(raft::Input input) {
    watch.stepping(*raft_, input);
    raft::Output output = raft::step(*raft_, std::move(input));
    watch.stepped(*raft_, output);
    if (!output.persist) return;
    raft::carry_out(disk, *output.persist);
    watch.persisted(*raft_, output.persist->id);
    step(raft::Persisted{output.persist->id});
  }
  void lead() { step(raft::Campaign{}); }
  void propose(const char* command) { step(raft::Propose{command}); }
  bool said(const std::string& what) const {
    for (const std::string& each : violations)
      if (each.find(what) != std::string::npos) return true;
    return false;
  }

  raft::Raft& member() { return *raft_; }
  std::vector<std::string> violations;
  StoreWatch watch{[this](std::string violation) { violations.push_back(std::move(violation)); }};
  raft::Durable disk;

 private:
  std::optional<raft::Raft> raft_;
};

}  // namespace

TEST_CASE("A member that comes back with all that was durable is nothing to tell of") {
  Lone lone;
  lone.lead();
  lone.propose("a");
  lone.propose("b");
  lone.crash();
  lone.start();
  lone.lead();
  lone.propose("c");
  CHECK(lone.violations.empty());
  CHECK(lone.watch.has_all(1));
}

TEST_CASE("A member that lacks what was durable has forgotten it: entries, or its vote") {
  Lone lone;
  lone.lead();
  lone.propose("a");
  const raft::Durable before = lone.disk;
  SECTION("entries") {
    lone.propose("b");
    lone.crash();
    lone.disk = before;
    lone.start();
    CHECK(lone.said("FORGOTTEN: the log of 1"));
  }
  SECTION("its vote") {
    lone.crash();
    lone.disk.ballot = {};
    lone.start();
    CHECK(lone.said("FORGOTTEN: the vote of 1"));
  }
}

TEST_CASE("A disk that may have lost something is no violation, unless a vote is left that vouches for more") {
  Lone lone;
  lone.lead();
  lone.propose("a");
  const raft::Durable before = lone.disk;
  lone.propose("b");
  lone.crash();
  lone.start();
  lone.lead();  // The vote of this term says how much log there is.
  lone.propose("c");
  lone.crash();
  lone.watch.forgive(1);
  SECTION("vote and log are of long ago") {
    lone.disk = before;
    lone.start();
    CHECK(lone.violations.empty());
  }
  SECTION("the vote is there, and not the log") {
    lone.disk.entries.resize(1);
    lone.start();
    CHECK(lone.said("UNNOTICED: 1 has its vote, but not the log that this vouches for"));
  }
  SECTION("what came behind the vote is missing") {
    lone.disk.entries.resize(lone.disk.entries.size() - 1);
    lone.start();
    CHECK_FALSE(lone.said("UNNOTICED"));
  }
}

TEST_CASE("A member that knows that it forgot must not go on; and one whose disk lost nothing has no reason to") {
  Lone lone;
  raft::Output forgot;
  forgot.forgot = raft::Forgot{raft::LogIndex(7), raft::LogIndex(3)};
  SECTION("its disk lost nothing") {
    lone.watch.stepped(lone.member(), forgot);
    CHECK(lone.said("FORGOTTEN: 1 lacks entries, though its disk lost nothing"));
  }
  SECTION("it goes on") {
    lone.watch.forgive(1);
    lone.watch.stepped(lone.member(), forgot);
    CHECK(lone.violations.empty());
    lone.watch.stepped(lone.member(), {});
    CHECK(lone.said("GOES ON: 1 knows that it forgot entries"));
  }
  SECTION("it was forgiven what it has made good since") {
    lone.lead();
    lone.watch.forgive(1);
    lone.watch.seen_whole(1);  // it has yet to start with what it lost
    lone.crash();
    lone.start();
    lone.lead();
    lone.watch.seen_whole(1);
    lone.watch.stepped(lone.member(), forgot);
    CHECK(lone.said("FORGOTTEN: 1 lacks entries, though its disk lost nothing"));
  }
  SECTION("it is not seen whole before it has started with what it lost") {
    lone.lead();
    lone.watch.forgive(1);
    lone.watch.seen_whole(1);
    lone.watch.stepped(lone.member(), forgot);
    CHECK(lone.violations.empty());
  }
  SECTION("it stops") {
    lone.watch.forgive(1);
    lone.watch.stepped(lone.member(), forgot);
    lone.crash();
    lone.start();
    lone.lead();
    CHECK(lone.violations.empty());
  }
}

}  // namespace heir::tools
