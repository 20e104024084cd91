// The fault atlas: faults of disks leave good copies of whatever was acknowledged, so that recovery is possible by
// construction and not by luck (TigerBeetle's ClusterFaultAtlas; FoundationDB's downgraded kills).
//
// A copy counts if the rules may go by it: those of a group's holders. One of them may lose what it had promised only
// while nothing else is broken and enough other good ones can be reached; and until it is repaired nothing else
// strikes. What a copy that does not count holds is nobody's business: the rules must not go by it.
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
  /// Somebody's loss has not been made good yet.
  bool is_repairing();

 private:
  struct Loss {
    const CopyHolders* group;
    int host;
  };
  bool on_;
  std::vector<const CopyHolders*> groups_;
  std::vector<Loss> losses_;
};

}  // namespace heir::sim
