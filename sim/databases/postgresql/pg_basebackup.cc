// pg_basebackup: a copy of a running server beside. Until it is whole no server starts on it.
#include "sim/databases/postgresql/copy_client.h"
#include "sim/databases/postgresql/programs.h"

namespace heir::sim::programs {

namespace {

class BaseBackup final : public CopyClient {
 public:
  BaseBackup(PostgreSql& run, Process& self, std::string folder, std::string slot)
      : CopyClient(run, self, "pg_basebackup"), folder_(std::move(folder)), slot_(std::move(slot)) {}

  void begin(const std::string& conninfo) {
    Disk& disk = self_.disk();
    if (disk.exists(folder_)) {
      const auto names = disk.list(folder_);
      if (!names || !names->empty() || disk.attached(folder_))
        return fail("directory \"" + folder_ + "\" exists but is not empty");
      existed_ = true;
    }
    connect(conninfo);
  }

 private:
  void connected() override { request(CopyStage::begin, slot_); }

  void answered(CopyStage stage, const CopyAnswer& answer) override {
    Disk& disk = self_.disk();
    if (stage == CopyStage::begin) {
      home_ = std::make_shared<DataFolder>(disk, DataDirectory{});
      home_->data.damage = "could not locate a valid checkpoint record";
      Result<> made = disk.make_directories(folder_);
      made_ = made.has_value();
      if (made) made = disk.make_directory(folder_ + "/pg_wal");
      if (made) made = disk.write(folder_ + "/PG_VERSION", "15\n");
      if (made) made = disk.attach(folder_, home_);
      if (!made) return fail("could not create directory \"" + folder_ + "\": " + made.error().message);
      started_at_ = answer.data.control;
      return transfer(run_.timings().base_size + answer.data.wal.end().since(answer.data.oldest_kept));
    }
    DataDirectory copy = answer.data;
    copy.control.state = answer.in_recovery ? ClusterState::in_archive_recovery : ClusterState::in_production;
    copy.control.checkpoint = started_at_.checkpoint;
    copy.control.redo = started_at_.redo;
    copy.control.checkpoint_timeline = started_at_.checkpoint_timeline;
    copy.control.min_recovery_point = copy.wal.end();
    copy.control.min_recovery_timeline = copy.timeline();
    copy.oldest_kept = copy.segment_begin(started_at_.redo);
    if (copy.oldest_kept < answer.data.oldest_kept)
      return fail("could not receive data from WAL stream: requested WAL segment has already been removed");
    Result<> done = home_->replace(std::move(copy));
    for (const auto& [name, content] : answer.files)
      if (done) done = disk.write(folder_ + "/" + name, content);
    for (const TimelineHistory& history : home_->data.histories)
      if (done) done = disk.write(folder_ + "/pg_wal/" + history_file_name(history.timeline), to_string(history));
    if (done) done = disk.sync_tree_now(folder_);
    if (!done) return fail("could not write to \"" + folder_ + "\": " + done.error().message);
    succeed("");
  }

  void transferred() override { request(CopyStage::end); }

  void failed() override {
    if (!made_) return;
    // It removes what it made, unless it is killed.
    static_cast<void>(self_.disk().remove(folder_));
    if (existed_) static_cast<void>(self_.disk().make_directory(folder_));
  }

  std::string folder_;
  std::string slot_;
  std::shared_ptr<DataFolder> home_;
  ControlData started_at_;
  bool existed_ = false;
  bool made_ = false;
};

}  // namespace

void pg_basebackup(PostgreSql& run, Process& self, const Program& program) {
  const auto folder = option(program, "-D");
  const auto conninfo = option(program, "-d");
  if (!folder || !conninfo) {
    self.exit({1, "pg_basebackup: error: no target directory specified\n"});
    return;
  }
  auto body = std::make_unique<BaseBackup>(run, self, *folder, option(program, "-S").value_or(""));
  BaseBackup* started = body.get();
  self.set_body(std::move(body));
  started->begin(*conninfo);
}

}  // namespace heir::sim::programs
