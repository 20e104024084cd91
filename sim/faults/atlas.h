// The fault atlas: faults of disks leave good copies of whatever was acknowledged, so that recovery is possible by
// construction and not by luck (TigerBeetle's ClusterFaultAtlas; FoundationDB's downgraded kills).
//
// A copy counts if the rules may go by it: those of a group's holders. One of them may lose what it had promised only
// beside enough other good ones, and no other of the group before that is made good; what a copy that does not count
// holds is nobody's business: the rules must not go by it. The peers' rules go by who can be reached, too: a copy of
// theirs is struck only while nothing else is broken, and until it is repaired nothing else strikes. The store's
// members decide by majorities of what is on their disks, whatever else is broken.
#pragma once

#include <cstddef>
#include <vector>

namespace heir::sim {

/// Hosts that hold copies of one thing: the peers their data, the store's members their log.
class CopyHolders {
 public:
  virtual ~CopyHolders() = default;
  /// Whose copies count now.
  virtual std::vector<int> holders() const = 0;
  /// It holds all that was ever acknowledged,
  virtual bool has_all(int host) const = 0;
  /// and nothing of it is damaged or at risk, and the host can be reached.
  virtual bool is_good(int host) const = 0;
  /// Good copies that must remain beside one that loses.
  virtual std::size_t needed() const { return 1; }
  /// A copy is struck only while nothing else is broken, and nothing else strikes before it is made good.
  virtual bool needs_quiet() const { return true; }
};

class Atlas {
 public:
  /// Off: everything may be lost.
  explicit Atlas(bool on) : on_(on) {}

  /// The group outlives the atlas.
  void watch(const CopyHolders& group) { groups_.push_back(&group); }
  bool is_on() const { return on_; }
  /// Asks for leave that the copies on the host lose what was acknowledged, now. `alone`: nothing else is broken.
  bool grant(int host, bool alone);
  /// A loss has not been made good yet before which nothing else may strike.
  bool is_repairing();

 private:
  void forget_repaired();

  struct Loss {
    const CopyHolders* group;
    int host;
  };
  bool on_;
  std::vector<const CopyHolders*> groups_;
  std::vector<Loss> losses_;
};

}  // namespace heir::sim
