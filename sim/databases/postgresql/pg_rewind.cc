// pg_rewind: makes a stopped copy follow the source's history, in place, by timelines and log positions as the real one
// does; so it sees nothing to do where two servers chose the same timeline number on their own (P-08), or where the
// source has not written a checkpoint on its new timeline yet (P-10). Interrupted, it leaves a copy that no server
// starts on.
#include <algorithm>

#include "sim/databases/postgresql/copy_client.h"
#include "sim/databases/postgresql/programs.h"

namespace heir::sim::programs {

namespace {

class Rewind final : public CopyClient {
 public:
  Rewind(PostgreSql& run, Process& self, std::string folder, std::shared_ptr<DataFolder> home)
      : CopyClient(run, self, "pg_rewind"), folder_(std::move(folder)), home_(std::move(home)) {}

  void begin(const std::string& conninfo) {
    const DataDirectory& target = home_->data;
    if (self_.machine().find(home_->server)) return fail("target server must be shut down cleanly");
    if (!target.damage.empty()) return fail("target data directory is damaged: " + target.damage);
    const ClusterState state = target.control.state;
    if (state != ClusterState::shut_down && state != ClusterState::shut_down_in_recovery && !recover_alone()) return;
    if (!target.control.data_checksums && !target.control.wal_log_hints)
      return fail("target server needs to use either data checksums or \"wal_log_hints = on\"");
    connect(conninfo);
  }

 private:
  /// Crash recovery by a server in single-user mode: it ends with a checkpoint of its own.
  bool recover_alone() {
    if (self_.disk().exists(folder_ + "/standby.signal")) {
      fail("postgres single-user mode in target cluster failed: standby mode is not supported by single-user servers");
      return false;
    }
    DataDirectory& d = home_->data;
    if (d.wal.end() < d.control.min_recovery_point) {
      fail("postgres single-user mode in target cluster failed: WAL ends before consistent recovery point");
      return false;
    }
    const std::uint32_t promotion = d.wal.spans().empty() ? 0 : d.wal.spans().back().store->origin.promotion;
    DataDirectory recovered = d;
    recovered.wal.begin_store({run_.new_writer(), d.timeline(), promotion});
    const WalRecord& record = recovered.wal.append(WalKind::checkpoint_shutdown, 0, 0);
    recovered.control.state = ClusterState::shut_down;
    recovered.control.checkpoint = recovered.control.redo = record.start();
    recovered.control.checkpoint_timeline = d.timeline();
    recovered.control.min_recovery_point = Lsn();
    recovered.control.min_recovery_timeline = 0;
    const Result<> done = home_->replace(std::move(recovered));
    if (!done) fail("postgres single-user mode in target cluster failed: " + done.error().message);
    return done.has_value();
  }

  void connected() override { request(CopyStage::identify); }

  void answered(CopyStage stage, const CopyAnswer& answer) override {
    if (stage == CopyStage::identify) return compare(answer);
    finish(answer);
  }

  void compare(const CopyAnswer& source) {
    const DataDirectory& target = home_->data;
    if (source.data.control.system_identifier != target.control.system_identifier)
      return fail("source and target clusters are from different systems");
    const TimelineId source_timeline = source.data.control.checkpoint_timeline;
    const TimelineId target_timeline = target.control.checkpoint_timeline;
    if (source_timeline == target_timeline)
      return succeed("pg_rewind: source and target cluster are on the same timeline\npg_rewind: no rewind required\n");
    const auto source_history = source.data.history_of(source_timeline);
    const auto target_history = target.history_of(target_timeline);
    if (!source_history || !target_history)
      return fail("could not open a timeline history file: No such file or directory");
    const auto fork = common_ancestor(*source_history, *target_history);
    if (!fork) return fail("could not find common ancestor of the source and target cluster's timelines");
    words_ = "pg_rewind: servers diverged at WAL location " + to_string(fork->left_at) + " on timeline " +
             std::to_string(fork->timeline) + "\n";
    if (target_end() <= fork->left_at) return succeed(words_ + "pg_rewind: no rewind required\n");
    // The last checkpoint that both have: from there on blocks are compared.
    checkpoint_ = Lsn();
    target.wal.for_each(target.wal.begin(), fork->left_at, [this](const WalRecord& record, const WalStore& store) {
      if (record.kind != WalKind::checkpoint_online && record.kind != WalKind::checkpoint_shutdown) return;
      checkpoint_ = record.start();
      checkpoint_timeline_ = store.origin.timeline;
    });
    if (!checkpoint_.valid() || checkpoint_ < target.oldest_kept)
      return fail("could not find previous WAL record at " + to_string(fork->left_at));
    words_ += "pg_rewind: rewinding from last common checkpoint at " + to_string(checkpoint_) + " on timeline " +
              std::to_string(checkpoint_timeline_) + "\n";
    home_->data.damage = "could not locate required checkpoint record";
    transfer(run_.timings().base_size / 4 + target.wal.end().since(fork->left_at));
  }

  /// Where the target's own log ends, as its control data say.
  Lsn target_end() const {
    const ControlData& control = home_->data.control;
    if (control.min_recovery_point > control.checkpoint) return control.min_recovery_point;
    const WalPlace place = home_->data.wal.first_after(control.checkpoint);
    return home_->data.wal.at_end(place) ? control.checkpoint : home_->data.wal.at(place).end_lsn();
  }

  void transferred() override { request(CopyStage::end); }

  void finish(const CopyAnswer& source) {
    Disk& disk = self_.disk();
    DataDirectory result = source.data;
    result.control.state = ClusterState::in_archive_recovery;
    result.control.redo = checkpoint_;
    result.control.min_recovery_point = source.insert_end;
    result.control.min_recovery_timeline = result.timeline();
    result.damage.clear();
    Result<> done = home_->replace(std::move(result));
    const auto names = disk.list(folder_);
    for (const std::string& name : names.value_or({}))
      if (!disk.is_directory(folder_ + "/" + name)) static_cast<void>(disk.remove(folder_ + "/" + name));
    for (const auto& [name, content] : source.files)
      if (done) done = disk.write(folder_ + "/" + name, content);
    for (const TimelineHistory& history : home_->data.histories)
      if (done) done = disk.write(folder_ + "/pg_wal/" + history_file_name(history.timeline), to_string(history));
    if (done) done = disk.sync_tree_now(folder_);
    if (!done) {
      home_->data.damage = "could not locate required checkpoint record";
      return fail(done.error().message);
    }
    succeed(words_ + "pg_rewind: Done!\n");
  }

  void failed() override {}  // what was touched stays damaged

  std::string folder_;
  std::shared_ptr<DataFolder> home_;
  std::string words_;
  Lsn checkpoint_;
  TimelineId checkpoint_timeline_ = 0;
};

}  // namespace

void pg_rewind(PostgreSql& run, Process& self, const Program& program) {
  const auto folder = option(program, "-D");
  const auto source = option(program, "--source-server");
  const auto home = folder ? PostgreSql::folder(self.machine(), *folder) : nullptr;
  if (!home || !source) {
    self.exit({1, "pg_rewind: error: " +
                      (home ? std::string("no source specified")
                            : "could not open file \"" + folder.value_or("") +
                                  "/global/pg_control\" for reading: No such file or directory") +
                      "\n"});
    return;
  }
  auto body = std::make_unique<Rewind>(run, self, *folder, home);
  Rewind* started = body.get();
  self.set_body(std::move(body));
  started->begin(*source);
}

}  // namespace heir::sim::programs
