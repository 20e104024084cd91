// initdb, pg_controldata, pg_waldump, and what all programs share.
#include "sim/databases/postgresql/programs.h"

#include <algorithm>

namespace heir::sim::programs {

std::optional<std::string> option(const Program& program, std::string_view name) {
  const auto& arguments = program.arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == name && i + 1 < arguments.size()) return arguments[i + 1];
    if (arguments[i].size() > name.size() && arguments[i].starts_with(name) && arguments[i][name.size()] == '=')
      return arguments[i].substr(name.size() + 1);
  }
  return std::nullopt;
}

bool has(const Program& program, std::string_view word) {
  return std::find(program.arguments.begin(), program.arguments.end(), word) != program.arguments.end();
}

namespace {

class InitDb final : public Body, private TimerHandler {
 public:
  InitDb(PostgreSql& run, Process& self, std::string folder, std::uint64_t segment_size, bool checksums)
      : run_(run), self_(self), folder_(std::move(folder)), segment_size_(segment_size), checksums_(checksums) {}

  void begin() {
    Disk& disk = self_.disk();
    if (disk.exists(folder_)) {
      const auto names = disk.list(folder_);
      if (!names || !names->empty() || disk.attached(folder_)) {
        self_.exit({1, "initdb: error: directory \"" + folder_ + "\" exists but is not empty\n"});
        return;
      }
    }
    // Killed on its way, it leaves a folder that is neither empty nor a cluster.
    Result<> made = disk.make_directories(folder_);
    if (made) made = disk.write(folder_ + "/PG_VERSION", "15\n");
    if (!made) {
      self_.exit({1, "initdb: error: could not create directory \"" + folder_ + "\": " + made.error().message + "\n"});
      return;
    }
    self_.clock().set_timer_after(run_.draw(run_.timings().initdb), &self_, *this);
  }

 private:
  void on_timer(std::uint64_t) override {
    Disk& disk = self_.disk();
    auto home = std::make_shared<DataFolder>(
        disk, make_data_directory(run_.new_system_identifier(), run_.new_writer(), segment_size_, checksums_));
    Result<> done = disk.make_directory(folder_ + "/pg_wal");
    if (done) done = disk.write(folder_ + "/postgresql.conf", "");
    if (done) done = disk.write(folder_ + "/postgresql.auto.conf", "");
    if (done) done = disk.attach(folder_, home);
    if (done) done = disk.sync_tree_now(folder_);
    if (!done) {
      static_cast<void>(disk.remove(folder_));
      self_.exit(
          {1, "initdb: error: " + done.error().message + "\ninitdb: removing data directory \"" + folder_ + "\"\n"});
      return;
    }
    self_.exit({0, "Success. You can now start the database server.\n"});
  }

  PostgreSql& run_;
  Process& self_;
  std::string folder_;
  std::uint64_t segment_size_;
  bool checksums_;
};

}  // namespace

void initdb(PostgreSql& run, Process& self, const Program& program) {
  const auto folder = option(program, "-D");
  if (!folder) {
    self.exit({1, "initdb: error: no data directory specified\n"});
    return;
  }
  std::uint64_t segment_size = run.timings().segment_size;
  if (const auto size = option(program, "--wal-segsize")) {
    std::uint64_t megabytes = 0;
    for (char c : *size)
      megabytes =
          c >= '0' && c <= '9' && megabytes < 10000 ? megabytes * 10 + static_cast<std::uint64_t>(c - '0') : 10000;
    if (megabytes == 0 || megabytes > 1024 || (megabytes & (megabytes - 1)) != 0) {
      self.exit({1, "initdb: error: argument of --wal-segsize must be a power of 2 between 1 and 1024\n"});
      return;
    }
    segment_size = megabytes << 20;
  }
  auto body = std::make_unique<InitDb>(run, self, *folder, segment_size, has(program, "--data-checksums"));
  InitDb* started = body.get();
  self.set_body(std::move(body));
  started->begin();
}

void pg_controldata(Process& self, const Program& program) {
  auto folder = option(program, "-D");
  if (!folder && !program.arguments.empty()) folder = program.arguments.back();
  const auto home = folder ? self.disk().attached_as<DataFolder>(*folder) : nullptr;
  if (!home) {
    self.exit({1, "pg_controldata: error: could not open file \"" + folder.value_or("") +
                      "/global/pg_control\" for reading: No such file or directory\n"});
    return;
  }
  self.exit({0, print_control_data(home->data.control, home->data.segment_size)});
}

void pg_waldump(Process& self, const Program& program) {
  constexpr std::string_view suffix = "/pg_wal";
  std::string folder = option(program, "-p").value_or("");
  if (folder.ends_with(suffix)) folder.resize(folder.size() - suffix.size());
  const auto home = self.disk().attached_as<DataFolder>(folder);
  const auto from = parse_lsn(option(program, "-s").value_or(""));
  const auto to = parse_lsn(option(program, "-e").value_or("FFFFFFFF/FFFFFFFF"));
  if (!home || !from || !to) {
    self.exit({1, home ? "pg_waldump: error: invalid WAL location\n"
                       : "pg_waldump: error: could not open directory \"" + folder +
                             "/pg_wal\": No such file or directory\n"});
    return;
  }
  const DataDirectory& d = home->data;
  const Lsn readable = home->valid_end(*from);
  if (*from < d.oldest_kept || *from > d.wal.end()) {
    self.exit({1, "pg_waldump: error: could not find a valid record after " + to_string(*from) + "\n"});
    return;
  }
  const auto kind = [](WalKind k) {
    switch (k) {
      case WalKind::register_write:
      case WalKind::list_append:
      case WalKind::set_add:
      case WalKind::marker:
      case WalKind::marker_table:
      case WalKind::other: return "Transaction  desc: COMMIT";
      case WalKind::checkpoint_shutdown: return "XLOG         desc: CHECKPOINT_SHUTDOWN";
      case WalKind::checkpoint_online: return "XLOG         desc: CHECKPOINT_ONLINE";
      case WalKind::end_of_recovery: return "XLOG         desc: END_OF_RECOVERY";
    }
    return "";
  };
  std::string text;
  d.wal.for_each(*from, std::min(*to, readable), [&](const WalRecord& record, const WalStore& store) {
    text += "rmgr: " + std::string(kind(record.kind)) + " tli " + std::to_string(store.origin.timeline) +
            " lsn: " + to_string(record.start()) + " len " + std::to_string(record.size) + " key " +
            std::to_string(record.key) + " value " + std::to_string(record.value) + "\n";
  });
  if (has(program, "--quiet")) text.clear();
  const bool ends_early = option(program, "-e") && readable < *to;
  if (ends_early)
    text += "pg_waldump: error: error in WAL record at " + to_string(readable) + ": invalid record length at " +
            to_string(readable) + ": wanted 24, got 0\n";
  self.exit({ends_early ? 1 : 0, std::move(text)});
}

}  // namespace heir::sim::programs
