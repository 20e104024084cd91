#include "sim/faults/strike.h"

namespace heir::sim {

std::optional<Harm> strike_store(const Strike& s) {
  s.world.wipe_store();
  return Harm{"wipe the store", {}};
}

}  // namespace heir::sim
