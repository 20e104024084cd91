// StaleReads: observations of a version of a register after a newer one was certainly in effect, and whether that newer
// one was lost.
#pragma once

#include <vector>

#include "reports/check/objects/register_evidence.h"

namespace heir::reports::objects {

/// A version w is certainly newer than v if it was set by an operation that began after v's chain had been there, or if
/// it was made from v. An observation of v that began after w was in effect is stale; if w is in no later observation,
/// then it was lost.
class StaleReads {
 public:
  /// REQUIRES: no broken chains.
  explicit StaleReads(const RegisterEvidence& evidence);

  /// One failure for each version that was read too late, and one for each that was lost: lost_write, or dirty_read if
  /// it was never acknowledged.
  void report(ProvenFailures& failures);

  /// Does some stale observation explain what is wrong with this chain?
  bool explains(std::uint32_t root) const { return explained_[root]; }

 private:
  static constexpr std::uint32_t none = Version::none;

  /// The stale observations of one version.
  struct StaleVersion {
    Observation first;  ///< By its end.
    Observation last;   ///< By its beginning.
  };
  /// Versions that certainly came between what an observation shows and the observation.
  struct Newer {
    std::vector<std::uint32_t> all;
    std::uint32_t chosen = none;  ///< Of those that none of the others overwrote: the one to speak of.
  };

  const Version& version(std::uint32_t v) const { return evidence_.version(v); }
  void find_when_overwritten();
  void find_last_seen();
  Point overwritten_by(const Observation& o) const;
  std::vector<StaleVersion> find_stale();
  Newer newer_than(const Observation& o) const;
  bool better(const Observation& o, std::uint32_t v, std::uint32_t than) const;
  bool seen_again(const Observation& o, std::uint32_t v) const { return last_seen_[v] > o.begin; }
  bool is_of_older_generation(const Observation& o, std::uint32_t than) const;
  void report(const StaleVersion& stale, ProvenFailures& failures);
  void report_lost(std::uint32_t v, const Observation& witness, ProvenFailures& failures);
  std::string degree(const Observation& o, const Newer& newer) const;
  Proof proof(const Observation& o, std::uint32_t newer) const;

  const RegisterEvidence& evidence_;
  const std::span<const Version> versions_;
  std::vector<Observation> stale_;
  // By version, or by root of a chain.
  std::vector<Point> overwritten_by_;  ///< By then a chain was certainly over.
  std::vector<Point> last_seen_;       ///< The last answer that showed a version or what was made from it.
  std::vector<bool> explained_;        ///< By root.
  std::vector<bool> lost_;             ///< Reported to be lost.
};

}  // namespace heir::reports::objects
