#include "tests/story/failover/model_database.h"

#include <algorithm>

#include "engine/base/assert.h"

namespace heir::story {

std::optional<Position> ModelDatabase::position() const {
  if (!exists || !whole) return std::nullopt;
  return position_at(flushed);
}

Position ModelDatabase::position_at(std::size_t offset) const {
  Position position{lineage, offset};
  while (position.lineage.size() > 1 && position.lineage.back().begin > offset) position.lineage.pop_back();
  return position;
}

Writes ModelDatabase::contents(std::size_t end) const {
  Writes set = 0;
  if (!exists || !whole) return set;
  for (std::size_t i = 0; i < end; ++i)
    if (log[i] != 0) set |= Writes{1} << log[i];
  return set;
}

Writes ModelDatabase::visible() const {
  Writes set = contents(flushed);
  for (const std::size_t end : waiting) set &= ~(Writes{1} << log[end - 1]);
  return set;
}

void ModelDatabase::initialize(const std::string& new_cluster, std::uint64_t promotion) {
  exists = whole = primary = true;
  follows = false;
  cluster = new_cluster;
  lineage = {{1, promotion, 0}};
  log.clear();
  flushed = replayed = 0;
}

void ModelDatabase::start() {
  ASSERT(exists && !running, "only a stopped copy is started");
  running = true;
  ++incarnation;
  receiving = !primary && follows;
  replayed = 0;
  if (primary) replayed = flushed;  // recovery makes everything visible
}

void ModelDatabase::kill() {
  running = receiving = false;
  log.resize(flushed);
  replayed = 0;
  waiting.clear();
  acked = {};
}

void ModelDatabase::promote(std::uint64_t promotion) {
  primary = true;
  follows = receiving = false;
  log.resize(flushed);
  replayed = flushed;
  lineage = position_at(flushed).lineage;
  lineage.push_back({lineage.back().timeline + 1, promotion, flushed});
}

std::size_t ModelDatabase::append(std::uint8_t entry) {
  log.push_back(entry);
  flushed = replayed = log.size();
  return flushed;
}

void ModelDatabase::copy_from(const ModelDatabase& other) {
  exists = whole = true;
  primary = false;
  follows = false;
  cluster = other.cluster;
  const Position end = other.position_at(other.flushed);
  lineage = end.lineage;
  log.assign(other.log.begin(), other.log.begin() + static_cast<std::ptrdiff_t>(other.flushed));
  flushed = log.size();
  replayed = 0;
}

}  // namespace heir::story
