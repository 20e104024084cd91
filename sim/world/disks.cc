// The faults of disks that know what is on them, and the atlas's view of the copies of peers and of the store's
// members.
#include <algorithm>

#include "engine/base/files.h"
#include "sim/databases/postgresql/server.h"
#include "sim/world/world.h"

namespace heir::sim {

namespace {

/// Every data directory of a peer, whatever a swap has made of its name; one that is made beside counts for nothing
/// before it has taken the other's place.
std::vector<std::shared_ptr<DataFolder>> copies_on(const Disk& disk, bool with_next = false) {
  std::vector<std::shared_ptr<DataFolder>> copies;
  const Result<std::vector<std::string>> names = disk.list(peer_root);
  if (!names) return copies;
  for (const std::string& name : *names)
    if (auto copy = disk.attached_as<DataFolder>(std::string(peer_root) + "/" + name))
      if (with_next || name != "data.next") copies.push_back(std::move(copy));
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

/// The files of a member of the store that hold something: its vote and the records of its log, or its snapshot.
std::vector<std::string> files_of_member(const Disk& disk, scenarios::RotPlace where) {
  const std::string folder = std::string(store_root) + "/member";
  std::vector<std::string> files;
  const Result<std::vector<std::string>> names = disk.list(folder);
  if (!names) return files;
  for (const std::string& name : *names) {
    const bool is_of_log = name == "vote" || name.starts_with("log-");
    if (where == scenarios::RotPlace::log ? !is_of_log : name != "snapshot") continue;
    const std::string file = folder + "/" + name;
    if (const Result<Bytes> content = disk.read(file); content && !content->empty()) files.push_back(file);
  }
  return files;
}

/// What an agent must be able to read before it takes part: who it is, whose data it holds, which store it has seen.
std::vector<std::string> files_of_agent(const Disk& disk) {
  std::vector<std::string> files;
  for (const char* name : {"identity", "cluster", "store"})
    if (const std::string file = std::string(peer_root) + "/" + name; disk.exists(file)) files.push_back(file);
  return files;
}

}  // namespace

bool World::waits_for_operator(int host) const {
  if (!peer(host).has_lost) return false;
  const Disk& disk = peer(host).machine->disk();
  const std::vector<std::string> files = files_of_agent(disk);
  return std::any_of(files.begin(), files.end(), [&](const std::string& file) {
    const Result<Bytes> content = disk.read(file);
    return !content || !is_as_written(*content);
  });
}

std::optional<DiskFaultId> World::rot(int host, scenarios::RotPlace where, RandomStream& random) {
  if (host < 0) return rot_member(host, where, random);
  if (where == scenarios::RotPlace::agent) return rot_agent(host, random);
  const auto copy = data_of(host);
  if (!copy) return std::nullopt;
  Disk& disk = machine(host).disk();
  if (where == scenarios::RotPlace::log) {
    const Lsn redo = copy->data.control.redo;
    if (copy->durable() <= redo) return std::nullopt;
    peer(host).is_struck = true;
    note_loss(host);
    const Lsn at = redo + random.below(copy->durable().since(redo));
    copy->damages.push_back({disk.new_fault(), at});
    return copy->damages.back().id;
  }
  const std::optional<Damage> damage = damaged_row(*copy, disk.new_fault(), random);
  if (!damage || !may_lose(host)) return std::nullopt;
  peer(host).is_struck = true;
  copy->damages.push_back(*damage);
  return damage->id;
}

/// The data stays as it is: the agent's word is damaged, not the copy.
std::optional<DiskFaultId> World::rot_agent(int host, RandomStream& random) {
  Disk& disk = machine(host).disk();
  const std::vector<std::string> files = files_of_agent(disk);
  if (files.empty()) return std::nullopt;
  const DiskFaultId id = disk.new_fault();
  return disk.damage_file(random.pick(files), id, random) ? std::optional(id) : std::nullopt;
}

/// Votes and records stand twice in their files: one bad page is repaired at the next start, two may not be.
std::optional<DiskFaultId> World::rot_member(int host, scenarios::RotPlace where, RandomStream& random) {
  Disk& disk = machine(host).disk();
  const std::vector<std::string> files = files_of_member(disk, where);
  if (files.empty() || !may_lose(host)) return std::nullopt;
  const std::string& file = random.pick(files);
  const DiskFaultId id = disk.new_fault();
  for (std::uint64_t pages = 1 + random.below(3); pages > 0; --pages) disk.damage_page(file, id, random);
  return id;
}

std::optional<DiskFaultId> World::misdirect_write(int host, RandomStream& random) {
  if (host < 0) {
    Disk& disk = machine(host).disk();
    const std::vector<std::string> log = files_of_member(disk, scenarios::RotPlace::log);
    const std::vector<std::string> table = files_of_member(disk, scenarios::RotPlace::table);
    // The last record, by its name; the vote's stands behind it.
    if (log.size() < 2 || table.empty() || !may_lose(host)) return std::nullopt;
    const DiskFaultId id = disk.new_fault();
    const bool went_astray = disk.misdirect_page(log[log.size() - 2], table.front(), id, random);
    ASSERT(went_astray);
    return id;
  }
  const auto copy = data_of(host);
  if (!copy || copy->durable() <= copy->data.control.redo) return std::nullopt;
  const std::optional<Damage> row = damaged_row(*copy, machine(host).disk().new_fault(), random);
  if (!row || !may_lose(host)) return std::nullopt;
  peer(host).is_struck = true;
  copy->damages.push_back(*row);
  copy->damages.push_back({row->id, Lsn(copy->durable().offset() - 1)});
  return row->id;
}

std::optional<DiskFaultId> World::misdirect_reads(int host, Ratio chance, RandomStream& random) {
  if (host < 0) {
    // Nothing is lost: a member that reads what it cannot have written does not start before it reads again.
    DiskFault fault;
    fault.stray_reads = chance;
    return lay_on(host, fault);
  }
  const auto copy = data_of(host);
  if (!copy || !may_lose(host)) return std::nullopt;
  const DiskFaultId id = machine(host).disk().new_fault();
  peer(host).is_struck = true;
  copy->stray_reads.push_back({id, chance, RandomStream(random.next(), "stray reads")});
  return id;
}

void World::lift(int host, DiskFaultId fault) {
  Disk& disk = machine(host).disk();
  disk.lift(fault);
  if (host < 0) return;
  for (const auto& copy : copies_on(disk, true)) copy->lift(fault);
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
  if (host > 0) peer(host).is_struck = true;
  DiskImage whole = image;
  whole.root.entries.try_emplace((host > 0 ? peer_root : store_root) + 1);  // the host's installation makes it
  machine(host).disk().replace(whole);
}

// ---- The atlas

void World::note_loss(int host) {
  peer(host).has_lost = true;
  peer(host).is_cloned = false;
}

/// Nothing is left on its disk of what a fault has taken something of.
bool World::is_made_anew(int host) const {
  const Disk& disk = peer(host).machine->disk();
  const bool keeps_old = disk.exists(std::string(peer_root) + "/data.old");
  return peer(host).is_cloned && !keeps_old && has_all(host) && !may_have_been_struck(host) &&
         !waits_for_operator(host);
}

bool World::may_lose(int host) {
  const bool granted = atlas_.grant(host, nemesis_ && nemesis_->strikes_alone(host));
  if (host > 0 && granted) note_loss(host);
  if (host < 0 && atlas_.is_on() && granted && store_checks_) {
    store_checks_->forgive(-host);
    member(-host).may_have_forgotten = true;
  }
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

std::vector<int> World::MemberCopies::holders() const {
  std::vector<int> hosts;
  for (int n = 1; n <= world_.store_members(); ++n)
    if (!world_.member(n).is_lost) hosts.push_back(store_member(n));
  return hosts;
}

bool World::MemberCopies::has_all(int host) const {
  const Disk& disk = world_.member(-host).machine->disk();
  return !world_.member(-host).is_lost && !disk.is_damaged() && !disk.has_lied() && world_.store_checks_ &&
         world_.store_checks_->has_all(-host);
}

bool World::shows_damage(int host) const {
  if (peer(host).machine->disk().exists(std::string(peer_root) + "/data/heir.damaged")) return true;
  // Its agent is about to replace it, though the page may be good on the disk, and the mark may not be written yet.
  const PostgresServer* running = server(host);
  return running && running->checksum_failures() > 0;
}

bool World::holds(int host, const Wal& log, Lsn end) const {
  const std::vector<std::shared_ptr<DataFolder>> copies = copies_on(peer(host).machine->disk());
  return std::any_of(copies.begin(), copies.end(), [&](const std::shared_ptr<DataFolder>& copy) {
    return copy->data.damage.empty() && copy->data.control.system_identifier == acknowledging_system_ &&
           contains(copy->data.wal, log, end);
  });
}

bool World::has_all(int host) const {
  if (shows_damage(host)) return false;
  if (acknowledging_system_ == 0) return !copies_on(peer(host).machine->disk()).empty();
  return holds(host, acknowledged_log_, acknowledged_end_);
}

/// Or does not show what it holds.
bool World::may_have_been_struck(int host) const {
  const Disk& disk = peer(host).machine->disk();
  const std::vector<std::shared_ptr<DataFolder>> copies = copies_on(disk);
  // The agent's own word for it counts only where a fault may have been the cause.
  return (shows_damage(host) && peer(host).has_lost) || disk.has_lied() ||
         std::any_of(copies.begin(), copies.end(), [](const std::shared_ptr<DataFolder>& copy) {
           return !copy->damages.empty() || !copy->stray_reads.empty();
         });
}

void World::look_for_a_destroyed_copy() {
  const bool is_comparable = inspected_system_ == acknowledging_system_ && inspected_system_ != 0;
  for (int host = 1; is_comparable && host <= peers(); ++host) {
    const PeerHost& on = peer(host);
    if (!on.had_all || on.is_struck || may_have_been_struck(host) || holds(host, inspected_log_, inspected_end_))
      continue;
    bool is_last = true;
    for (int other = 1; other <= peers(); ++other) {
      if (other == host) continue;
      const bool had = peer(other).had_all && peer(other).was_up;
      if (had || (is_up(other) && holds(other, inspected_log_, inspected_end_))) is_last = false;
    }
    if (!is_last) continue;
    copy_destroyed_ = true;
    violation(scenarios::FailureKind::copy_destroyed, on.setup.name + " has thrown away acknowledged writes, up to " +
                                                          std::to_string(inspected_end_.offset()) +
                                                          ", that no other copy within reach holds");
    return;
  }
  inspected_log_ = acknowledged_log_;
  inspected_end_ = acknowledged_end_;
  inspected_system_ = acknowledging_system_;
  for (int host = 1; host <= peers(); ++host) {
    PeerHost& on = peer(host);
    on.had_all = holds(host, inspected_log_, inspected_end_);
    on.was_up = is_up(host);
    on.is_struck = may_have_been_struck(host);
    if (on.has_lost && is_made_anew(host)) on.has_lost = on.is_cloned = false;
  }
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
