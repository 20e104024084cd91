#include "sim/faults/moments.h"

#include <algorithm>
#include <array>

namespace heir::sim {

namespace {

using scenarios::Moment;

struct Told {
  std::string_view event;
  std::string_view key;  ///< Only with this field; empty: any such line.
  std::string_view value;
  Moment moment;
};
constexpr std::array told{
    Told{"state", "", "", Moment::state},
    Told{"role", "role", "primary", Moment::leads},
    Told{"gate", "mode", "open", Moment::gate_opens},
    Told{"gate", "mode", "held", Moment::gate_held},
    Told{"gate", "mode", "closed", Moment::gate_closes},
    Told{"severed", "", "", Moment::severed},
    Told{"promoted", "", "", Moment::promoted},
    Told{"clone-begun", "", "", Moment::clone_begins},
    Told{"copy-rewound", "", "", Moment::rewound},
    Told{"rejoined", "", "", Moment::rejoined},
};

}  // namespace

std::optional<Moment> moment_told(std::string_view event, const FieldOfLine& field) {
  const auto found = std::find_if(told.begin(), told.end(), [&](const Told& each) {
    return each.event == event && (each.key.empty() || field(each.key) == each.value);
  });
  return found == told.end() ? std::nullopt : std::optional(found->moment);
}

}  // namespace heir::sim
