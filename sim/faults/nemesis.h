// The nemesis: carries out a scenario's faults at their times, and heals them.
//
// Everything that it draws comes from streams of its own, one per fault of the scenario, named by what the fault says
// and not by where it stands, so that a fault that is taken out of the file leaves the others as they were.
#pragma once

#include <climits>
#include <functional>
#include <string>
#include <vector>

#include "sim/faults/strike.h"
#include "sim/kernel/kernel.h"

namespace heir::sim {

/// Something that the nemesis did: a line of the story, and what a report shades.
struct FaultEvent {
  VirtualTime at;
  bool begins = true;         ///< Or heals.
  std::string what;           ///< "crash host1 (primary)"
  std::uint32_t id = 0;       ///< Ties a healing to its beginning.
  bool lasts = false;         ///< At its beginning: it is something that goes on, until it is healed or for ever.
  std::vector<int> struck{};  ///< At its beginning: the hosts that it hits; none: the world.
  /// At its beginning: the strike as a fault that leaves nothing to chance (decisions.h).
  std::optional<scenarios::Fault> decided{};
};

class Nemesis final : private EventTarget {
 public:
  using Sink = std::function<void(const FaultEvent&)>;
  /// The scenario and the world outlive it.
  Nemesis(Kernel& kernel, const scenarios::Scenario& scenario, Actions& world, Sink sink);

  /// Heals what is still broken, and strikes no more.
  void stop();
  /// The same, and what was to stay broken for ever too.
  void stop_and_heal_all();
  /// When the last fault healed; the start if there was none. Faults that never heal do not count.
  VirtualTime healed_at() const { return healed_at_; }
  bool anything_broken() const { return !active_.empty(); }
  /// Nothing is broken but what may lose data, and nobody but the host is struck at this moment.
  bool strikes_alone(int host) const;

 private:
  struct Active {
    std::uint32_t id = 0;
    Harm harm;
    bool loses_data = false;  ///< May take what was promised, and hinders nobody.
    std::vector<int> hosts;
  };
  enum Kind : std::uint32_t { kStrike, kHeal, kStep, kMoment };
  static constexpr int kNobody = INT_MIN;

  void on_event(std::uint32_t kind, std::uint64_t argument) override;
  std::string describe(std::uint32_t kind, std::uint64_t argument) const override;
  /// The time of a strike has come: it strikes, or waits for its moment.
  void due(std::size_t index);
  void on_moment(scenarios::Moment moment, int host);
  /// `host`: the one that had the moment; else the target is looked up.
  void strike(std::size_t index, int host = kNobody);
  scenarios::Fault decision(scenarios::Fault fault, std::size_t index, bool at_moment, Duration lasts,
                            const std::vector<int>& hosts) const;
  void heal(std::uint32_t id);
  void step(std::uint32_t id, std::size_t index);

  const scenarios::Scenario& scenario_;
  Actions& world_;
  Sink sink_;
  std::vector<RandomStream> random_;  ///< By fault.
  std::vector<bool> waits_;           ///< By fault: its moment has not come yet.
  std::vector<VirtualTime> moments_;  ///< By fault: when its last moment was.
  std::vector<Active> active_;        ///< Struck, to be healed.
  std::vector<Active> for_ever_;      ///< Struck without an end.
  std::vector<int> striking_;         ///< Hosts of the strike under way.
  bool strikes_everybody_ = false;
  std::uint32_t next_id_ = 0;
  bool stopped_ = false;
  VirtualTime healed_at_;
};

}  // namespace heir::sim
