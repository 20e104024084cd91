// A Raft cluster in one value: real raft::Raft members with model disks, a model state machine and a model network,
// moved one step at a time by a story or by the explorer. Nothing happens by itself; after every step the invariants
// look at everything.
//
// A disk is `fast` (what a member persists is durable at once) or `slow` (when `sync` says so). What is not durable is
// lost in a crash. The network keeps every message until it is delivered or dropped; one that crosses a cut is lost.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/store/raft/invariants.h"

namespace heir::story {

struct RaftWorldOptions {
  int voters = 3;
  raft::Options raft;  ///< Of every member; `self` is put in.
  bool slow_disks = false;
};

/// One step, as a line of a story: a verb and its words.
struct Move {
  std::string verb;
  std::vector<std::string> words;
  std::string text() const;
};
Move parse_move(const std::string& line);

class RaftWorld {
 public:
  explicit RaftWorld(RaftWorldOptions options);

  /// Carries out a step. False: it is unknown or not possible now (then nothing has happened).
  bool move(const Move& move);
  /// Delivers and syncs until nothing is left to do; false if that does not end.
  bool settle();
  /// Everybody is started, every cut ends, and time passes: the members must agree on a leader, and commit something
  /// new. A violation otherwise.
  void heal();

  std::string take_trace();
  void set_trace(bool on, bool brief = false) { trace_on_ = on, brief_ = brief; }
  const std::vector<std::string>& violations() const { return invariants_.violations(); }
  std::vector<int> members() const;
  /// Messages under way, as (from, to).
  std::vector<std::pair<int, int>> under_way() const;
  std::optional<int> leader() const;

 private:
  struct Node {
    bool up = true;
    bool slow = false;
    raft::Raft raft;
    raft::Durable disk;
    std::deque<raft::Persist> writing;
    std::vector<raft::Outgoing> held;  ///< Until what they wait for is durable.
    std::vector<std::string> machine;  ///< The commands that the state machine has applied.
    raft::LogIndex applied;
  };
  using Step = bool (RaftWorld::*)(const Move&);
  static const std::map<std::string, Step>& steps();

  bool tick(const Move&);
  bool campaign(const Move&);
  bool propose(const Move&);
  bool read(const Move&);
  bool add(const Move&);
  bool promote(const Move&);
  bool demote(const Move&);
  bool remove(const Move&);
  bool transfer(const Move&);
  bool snapshot(const Move&);
  bool deliver(const Move&);
  bool exchange(const Move&);
  bool elect(const Move&);
  bool drop(const Move&);
  bool drop_all(const Move&);
  bool repeat(const Move&);
  bool sync(const Move&);
  bool slow(const Move&);
  bool fast(const Move&);
  bool crash(const Move&);
  bool restart(const Move&);
  bool cut(const Move&);
  bool partition(const Move&);
  bool join(const Move&);
  bool show_state(const Move&);
  bool show_log(const Move&);
  bool show_machine(const Move&);
  bool show_messages(const Move&);

  Node* node(const Move& move, std::size_t word = 0);
  Node* up(const Move& move, std::size_t word = 0);
  std::optional<raft::MemberId> id(const Move& move, std::size_t word) const;
  std::uint64_t number(const Move& move, std::size_t word, std::uint64_t otherwise) const;
  std::vector<raft::Message>::iterator find_message(const Move& move);

  bool feed(Node& node, raft::Input input);
  void carry_out(Node& node, raft::Output output);
  void apply(Node& node, const raft::Applicable& a);
  void send(Node& node, raft::Message message);
  void release(Node& node);
  bool sync_one(Node& node);
  bool change(const Move& move, const raft::Change& change);
  void say(const std::string& line);
  void whisper(const std::string& line);
  std::string summary(const Node& node) const;
  bool agreed() const;

  RaftWorldOptions options_;
  std::map<raft::MemberId, Node> nodes_;
  std::vector<raft::Message> network_;
  std::set<std::pair<raft::MemberId, raft::MemberId>> cuts_;  ///< From, to.
  std::uint64_t last_command_ = 0;
  std::uint64_t last_read_ = 0;
  std::map<std::uint64_t, raft::LogIndex> reads_;  ///< Asked, and what was committed then.
  raft::Invariants invariants_;
  bool trace_on_ = false;
  bool brief_ = false;
  std::string trace_;
};

}  // namespace heir::story
