// The faults of disks that know what is on them, and the atlas's view of the peers' copies.
#include <algorithm>

#include "sim/databases/postgresql/server.h"
#include "sim/world/world.h"

namespace heir::sim {

namespace {

/// Every data directory of a peer, whatever a swap has made of its name.
std::vector<std::shared_ptr<DataFolder>> copies_on(const Disk& disk) {
  std::vector<std::shared_ptr<DataFolder>> copies;
  const Result<std::vector<std::string>> names = disk.list(peer_root);
  if (!names) return copies;
  for (const std::string& name : *names)
    if (auto copy = disk.attached_as<DataFolder>(std::string(peer_root) + "/" + name))
      copies.push_back(std::move(copy));
  return copies;
}

/// A row that some client has written.
std::optional<Damage> damaged_row(const DataFolder& copy, DiskFaultId id, RandomStream& random) {
  const Wal& log = copy.data.wal;
  const std::uint64_t length = log.end().since(log.begin());
  for (int attempt = 0; attempt < 16 && length > 0; ++attempt) {
    const WalPlace place = log.first_after(log.begin() + random.below(length));
    if (log.at_end(place)) continue;
    const WalRecord& record = log.at(place);
    if (record.kind == WalKind::register_write || record.kind == WalKind::list_append ||
        record.kind == WalKind::set_add)
      return Damage{id, std::nullopt, record.kind, record.key};
  }
  return std::nullopt;
}

}  // namespace

std::optional<DiskFaultId> World::rot(int host, scenarios::RotPlace where, RandomStream& random) {
  const auto copy = data_of(host);
  if (!copy) return std::nullopt;
  Disk& disk = machine(host).disk();
  if (where == scenarios::RotPlace::log) {
    const Lsn redo = copy->data.control.redo;
    if (copy->durable() <= redo) return std::nullopt;
    const Lsn at = redo + random.below(copy->durable().since(redo));
    copy->damages.push_back({disk.new_fault(), at});
    return copy->damages.back().id;
  }
  const std::optional<Damage> damage = damaged_row(*copy, disk.new_fault(), random);
  if (!damage || !may_lose(host)) return std::nullopt;
  copy->damages.push_back(*damage);
  return damage->id;
}

std::optional<DiskFaultId> World::misdirect_write(int host, RandomStream& random) {
  const auto copy = data_of(host);
  if (!copy || copy->durable() <= copy->data.control.redo) return std::nullopt;
  const std::optional<Damage> row = damaged_row(*copy, machine(host).disk().new_fault(), random);
  if (!row || !may_lose(host)) return std::nullopt;
  copy->damages.push_back(*row);
  copy->damages.push_back({row->id, Lsn(copy->durable().offset() - 1)});
  return row->id;
}

std::optional<DiskFaultId> World::misdirect_reads(int host, Ratio chance, RandomStream& random) {
  const auto copy = data_of(host);
  if (!copy || !may_lose(host)) return std::nullopt;
  const DiskFaultId id = machine(host).disk().new_fault();
  copy->stray_reads.push_back({id, chance, RandomStream(random.next(), "stray reads")});
  return id;
}

void World::lift(int host, DiskFaultId fault) {
  Disk& disk = machine(host).disk();
  disk.lift(fault);
  for (const auto& copy : copies_on(disk)) copy->lift(fault);
}

DiskImage World::with_foreign_data(DiskImage image) {
  const auto root = image.root.entries.find(std::string_view(peer_root).substr(1));
  if (root == image.root.entries.end()) return image;
  const auto data = root->second.entries.find("data");
  if (data == root->second.entries.end() || !data->second.object) return image;
  const DataDirectory foreign = make_data_directory(postgresql_.new_system_identifier(), postgresql_.new_writer(),
                                                    postgresql_.timings().segment_size, true);
  data->second.object = image_of(foreign);
  return image;
}

void World::replace_disk(int host, const DiskImage& image) {
  tell(StoryLine::Kind::note, machine(host).name(), "another disk is put in");
  DiskImage whole = image;
  whole.root.entries.try_emplace(std::string(peer_root + 1));  // the host's installation makes the folder
  machine(host).disk().replace(whole);
}

// ---- The atlas

bool World::may_lose(int host) {
  const bool granted = atlas_.grant(host, nemesis_ && nemesis_->strikes_alone(host));
  if (atlas_.is_on() && !granted) tell(StoryLine::Kind::note, machine(host).name(), "the atlas spares this copy");
  return granted;
}

std::vector<int> World::holders() const {
  std::vector<int> hosts;
  const auto add = [&](std::string_view name) {
    const int host = host_named(name);
    if (host != 0 && std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(host);
  };
  // Once a generation has opened, nobody goes by `proven` any more.
  if (cluster_.opened) {
    add(cluster_.primary);
    add(cluster_.sync);
    return hosts;
  }
  add(cluster_.primary);
  for (std::string_view rest = cluster_.proven; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(' '));
    add(name);
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
  }
  return hosts;
}

bool World::is_marked(int host) const {
  return peer(host).machine->disk().exists(std::string(peer_root) + "/data/heir.damaged");
}

bool World::has_all(int host) const {
  if (is_marked(host)) return false;
  const std::vector<std::shared_ptr<DataFolder>> copies = copies_on(peer(host).machine->disk());
  if (acknowledging_system_ == 0) return !copies.empty();
  return std::any_of(copies.begin(), copies.end(), [this](const std::shared_ptr<DataFolder>& copy) {
    return copy->data.damage.empty() && copy->data.control.system_identifier == acknowledging_system_ &&
           contains(copy->data.wal, acknowledged_log_, acknowledged_end_);
  });
}

bool World::is_good(int host) const {
  // Before the gate has opened it is not settled whose word counts; nor while a primary's is closed, for its sync may
  // take over at any moment.
  const PeerHost& on = peer(host);
  if (!cluster_.opened || (on.setup.name == cluster_.primary && on.gate != "open")) return false;
  Process* agent = on.machine->find("agent");
  const auto copy = data_of(host);
  const PostgresServer* const server = PostgreSql::server(*on.machine, std::string(peer_root) + "/data");
  const bool can_be_reached = on.machine->is_up() && agent && !agent->is_paused() && server != nullptr;
  // A standby that somebody is promoting, or whose rewind did not end, is about to be made anew.
  const bool keeps_its_copy = on.setup.name == cluster_.primary || (server && server->phase() == ServerPhase::standby);
  if (!keeps_its_copy || on.machine->disk().exists(std::string(peer_root) + "/rewinding")) return false;
  return can_be_reached && copy && copy->damages.empty() && copy->stray_reads.empty() &&
         !on.machine->disk().has_lied() && has_all(host);
}

}  // namespace heir::sim
