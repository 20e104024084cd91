// StoreWatch: looks at every member of a replicated store after every step of it, and at what is on their disks, for
// what must never be (engine/store/raft/invariants.h).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/store/raft/invariants.h"
#include "engine/store/raft/observer.h"
#include "sim/world/programs.h"

namespace heir::tools {

class StoreWatch final : public sim::StoreChecks, public raft::Observer {
 public:
  explicit StoreWatch(std::function<void(std::string)> violation) : violation_(std::move(violation)) {}

  bool has_all(int member) const override;
  void forgive(int member) override;
  void seen_whole(int member) override;

  void restored(const raft::Raft& member) override;
  void gone(const raft::Raft& member) override;
  void stepping(const raft::Raft& member, const raft::Input& input) override;
  void stepped(const raft::Raft& member, const raft::Output& output) override;
  void sent(const raft::Message& message) override;
  void persisted(const raft::Raft& member, std::uint64_t id) override;

 private:
  struct Disk {
    raft::Durable durable;                          ///< As the member was told that it is.
    std::deque<raft::Persist> writing;              ///< What it has asked for since.
    std::map<std::uint64_t, raft::LogIndex> reads;  ///< Where each that is under way has to reach.
    /// The vote that was written last, and how much log there was then: it names that, too.
    std::optional<std::pair<raft::Ballot, raft::LogIndex>> vouched;
    bool may_have_lost = false;
    bool was_forgiven = false;  ///< That, since it was last seen whole.
    bool knows_that_it_forgot = false;
  };
  static void carry_out(Disk& disk);
  void check_noticed(const raft::Raft& member, Disk& disk);
  void check_kept(const raft::Raft& member, Disk& disk);
  void tell();

  std::function<void(std::string)> violation_;
  raft::Invariants invariants_;
  std::size_t told_ = 0;
  std::map<raft::MemberId, Disk> members_;
  std::map<raft::MemberId, const raft::Durable*> disks_;
  std::vector<const raft::Raft*> up_;
};

}  // namespace heir::tools
