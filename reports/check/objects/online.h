// OnlineCheck: registers, compare-and-set registers, append lists and sets that only grow, checked while they are being
// recorded, so that a simulation can stop at the first event that proves something wrong.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "reports/check/objects/online_list.h"
#include "reports/check/objects/online_register.h"
#include "reports/check/objects/online_set.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

/// What it says is what judge_register, judge_cas_register, judge_append_list and judge_set say of the history so far
/// (without a final value), at O(log n) an event, and what is in the sets that are read. It is silent about keys that
/// it cannot judge: used in other ways, or with values that are not unique where that matters. So silence is no
/// verdict: check the whole history at the end.
class OnlineCheck {
 public:
  /// REQUIRES: `event` is the last of the history, and all before it were added.
  /// A failure if the history of the event's key is wrong, and was not before. A key that failed is not looked at
  /// again.
  std::optional<Failure> add(const History& history, std::size_t event);

 private:
  struct Key {
    std::vector<std::uint32_t> ops;    ///< Its operations.
    std::vector<std::size_t> waiting;  ///< Events of reads before it is known what they read.
    std::unique_ptr<objects::OnlineRegister> as_register;
    std::unique_ptr<objects::OnlineList> as_list;
    std::unique_ptr<objects::OnlineSet> as_set;

    bool is_decided() const { return as_register || as_list || as_set; }
    bool ignored = false;
  };

  void decide(Key& key, Function function);
  static bool is_wrong(Key& key, const History& history, std::size_t event);
  static std::optional<Failure> explain(const Key& key, const Object& object);

  std::vector<Key> keys_;  ///< By number of the key.
};

}  // namespace heir::reports
