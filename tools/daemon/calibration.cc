#include "tools/daemon/calibration.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>

#include "engine/base/assert.h"
#include "engine/databases/postgresql/adapter.h"
#include "engine/hosts/addresses.h"
#include "engine/hosts/clocks.h"
#include "engine/hosts/linux_host.h"

namespace heir::tools {

namespace {

using namespace postgresql;

constexpr int syncs = 200;
constexpr int replays = 30;  ///< A round.
constexpr std::size_t page_size = 8192;
constexpr Duration round_limit = Duration::seconds(120);
constexpr Duration replay_limit = Duration::seconds(10);

/// By their place among what is measured.
enum What : std::size_t { fsync_, start_, promote_, clone_, replay_, restart_, rewind_ };

std::vector<Measurement> nothing_measured() {
  return {{"fsync", "8 KiB written over, and on disk", "disk", "fsync", {}},
          {"start", "a standby that was stopped in order, until it answers", "server", "start", {}},
          {"promotion", "a standby, until it takes writes and its timeline is bound", "server", "promote", {}},
          {"base backup", "of an almost empty cluster, verified", "server", "clone", {}},
          {"replay", "on a standby, from flushed to replayed", "server", "replay_delay", {}},
          {"restart", "of a primary that was killed, until it answers", "", "", {}},
          {"rewind", "of a former primary, until it streams", "", "", {}}};
}

/// Of log that was allocated before, as PostgreSQL writes its own.
Result<std::vector<Duration>> measure_syncs(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return hosts::error_of(errno, "making " + path);
  const std::array<char, page_size> page{};
  std::vector<Duration> samples;
  // The first time allocates.
  for (const bool counts : {false, true}) {
    for (int i = 0; i < syncs; ++i) {
      const MonotonicTime began = hosts::boot_time();
      if (::pwrite(file, page.data(), page.size(), static_cast<off_t>(i * page_size)) !=
              static_cast<ssize_t>(page_size) ||
          ::fdatasync(file) != 0) {
        const Error error = hosts::error_of(errno, "writing " + path);
        ::close(file);
        return error;
      }
      if (counts) samples.push_back(hosts::boot_time() - began);
    }
  }
  ::close(file);
  return samples;
}

Statement commit_something() {
  return {"calibrate_commit", "SELECT pg_logical_emit_message(true, 'heir', 'calibration')", {}};
}

/// As the primary itself measures it, in microseconds; null once it has seen nothing for a while.
Statement replay_after_flush() {
  return {"calibrate_replay",
          "SELECT (extract(epoch FROM replay_lag - flush_lag) * 1000000)::bigint FROM pg_stat_replication",
          {}};
}

class Calibration {
 public:
  Calibration(Host& host, const CalibrationOptions& options, const std::vector<Address>& addresses)
      : host_(host), options_(options), measurements_(nothing_measured()) {
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      Config config;
      config.self = PeerId("calibration-" + std::to_string(i + 1));
      config.cluster = "calibration";
      config.root = options.folder + "/" + std::to_string(i + 1);
      config.listen = addresses[i];
      config.binaries = options.binaries;
      config.access = {"host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"};
      peers_[i] = std::make_unique<Adapter>(host, std::move(config));
    }
  }

  std::vector<Measurement>& measurements() { return measurements_; }
  Adapter& peer(std::size_t number) { return *peers_[number]; }

  Task<Result<>> begin() {
    options_.progress("making a cluster");
    Result<> done = co_await primary().initialize();
    if (done) done = co_await primary().start(Primary{});
    if (done) done = co_await primary().bind_timeline(generation_);
    co_return done;
  }

  /// The standby is made anew, takes over, and the former primary comes back as its standby.
  Task<Result<>> round(int number) {
    const std::string name = "round " + std::to_string(number) + " of " + std::to_string(options_.rounds) + ": ";
    options_.progress(name + "base backup");
    const Endpoint old_primary = endpoint(primary());
    MonotonicTime began = host_.monotonic_now();
    Result<> done = co_await standby().clone(old_primary);
    if (!done) co_return done;
    took(clone_, began);
    done = co_await standby().follow(old_primary, {});
    if (!done) co_return done;

    options_.progress(name + "replay");
    done = co_await measure_replay();
    if (!done) co_return done;

    options_.progress(name + "start");
    done = co_await standby().stop(StopMode::fast);
    if (!done) co_return done;
    began = host_.monotonic_now();
    Standby role;
    role.upstream = old_primary;
    done = co_await standby().start(std::move(role));
    if (!done) co_return done;
    took(start_, began);
    done = co_await standby().follow(old_primary, {});
    if (!done) co_return done;

    options_.progress(name + "promotion");
    done = co_await primary().kill();
    if (done) done = co_await standby().sever();
    if (!done) co_return done;
    generation_ = Generation(generation_.number() + 1);
    began = host_.monotonic_now();
    done = co_await standby().promote(generation_, Primary{});
    if (!done) co_return done;
    took(promote_, began);

    options_.progress(name + "restart");
    began = host_.monotonic_now();
    done = co_await primary().start(Primary{});
    if (!done) co_return done;
    took(restart_, began);
    // What it commits alone has to be rewound.
    done = co_await commit(primary());
    if (done) done = co_await primary().stop(StopMode::fast);
    if (!done) co_return done;

    options_.progress(name + "rewind");
    began = host_.monotonic_now();
    const Endpoint new_primary = endpoint(standby());
    const Result<RejoinReport> rejoined =
        co_await primary().rejoin(new_primary, new_primary, postgresql::Rebuild::in_place, {});
    if (!rejoined) co_return rejoined.error();
    if (rejoined->how == Rejoined::rewound) took(rewind_, began);
    done = co_await primary().stop(StopMode::fast);
    if (done) done = co_await primary().erase();
    leader_ = 1 - leader_;
    co_return done;
  }

  Task<void> end() {
    for (const std::unique_ptr<Adapter>& each : peers_) (void)co_await each->kill();
  }

 private:
  Adapter& primary() { return *peers_[leader_]; }
  Adapter& standby() { return *peers_[1 - leader_]; }
  static Endpoint endpoint(const Adapter& of) { return {of.config().self, of.config().listen}; }

  void took(What what, MonotonicTime began) { measurements_[what].samples.push_back(host_.monotonic_now() - began); }

  Task<Result<std::unique_ptr<SqlSession>>> session(const Adapter& with) {
    const SqlEndpoint at{with.config().listen, "postgres", with.config().superuser, "calibration"};
    co_return co_await host_.open_session(at);
  }

  Task<Result<>> commit(const Adapter& on) {
    Result<std::unique_ptr<SqlSession>> opened = co_await session(on);
    if (!opened) co_return opened.error();
    const Result<Rows> done = co_await (*opened)->execute(commit_something());
    if (!done) co_return done.error();
    co_return Result<>();
  }

  Task<Result<>> measure_replay() {
    Result<std::unique_ptr<SqlSession>> opened = co_await session(primary());
    if (!opened) co_return opened.error();
    SqlSession& sql = **opened;
    const MonotonicTime give_up = host_.monotonic_now() + replay_limit;
    for (int seen = 0; seen < replays && host_.monotonic_now() < give_up;) {
      const Result<Rows> committed = co_await sql.execute(commit_something());
      if (!committed) co_return committed.error();
      co_await host_.sleep(Duration::milliseconds(20));
      const Result<Rows> rows = co_await sql.execute(replay_after_flush());
      if (!rows) co_return rows.error();
      if (rows->empty() || !rows->front()[0]) continue;
      const std::string& text = *rows->front()[0];
      std::int64_t microseconds = 0;
      std::from_chars(text.data(), text.data() + text.size(), microseconds);
      measurements_[replay_].samples.push_back(Duration::microseconds(std::max<std::int64_t>(0, microseconds)));
      ++seen;
    }
    co_return Result<>();
  }

  Host& host_;
  const CalibrationOptions& options_;
  std::vector<Measurement> measurements_;
  std::array<std::unique_ptr<Adapter>, 2> peers_;
  std::size_t leader_ = 0;
  Generation generation_ = Generation(1);
};

Task<void> measure(Calibration& calibration, int rounds, Result<>& outcome) {
  outcome = co_await calibration.begin();
  for (int number = 1; outcome && number <= rounds; ++number) outcome = co_await calibration.round(number);
}

/// Rounded to three digits, as people write it.
std::string plain(Duration duration) {
  std::int64_t unit = 1;
  while (duration.ns() / unit >= 1000) unit *= 10;
  return to_string(Duration::nanoseconds((duration.ns() + unit / 2) / unit * unit));
}

}  // namespace

Duration Measurement::quantile(int percent) const {
  ASSERT(!samples.empty());
  return samples[(samples.size() - 1) * static_cast<std::size_t>(percent) / 100];
}

Result<std::vector<Measurement>> calibrate(const CalibrationOptions& options) {
  options.progress("fsync");
  const Result<std::vector<Duration>> synced = measure_syncs(options.folder + "/syncs");
  if (!synced) return synced.error();
  for (const char* const name : {"/1", "/2"})
    if (::mkdir((options.folder + name).c_str(), 0700) != 0)
      return hosts::error_of(errno, "making " + options.folder + name);
  const Result<std::vector<Address>> addresses = hosts::free_loopback_addresses(2);
  if (!addresses) return addresses.error();

  hosts::Loop loop;
  hosts::Log log{STDERR_FILENO, hosts::LogFormat::text, LogLevel::error};
  hosts::Workers workers{2};
  hosts::LinuxHost host{loop, workers, log, nullptr, {"calibrate", "", {}}};
  Calibration calibration(host, options, *addresses);
  Result<> outcome;
  const Duration limit = round_limit * (options.rounds + 1);
  if (!loop.run_to_end(measure(calibration, options.rounds, outcome), limit))
    outcome = Error{ErrorCode::timed_out, "it did not end in " + to_string(limit)};
  loop.run_to_end(calibration.end(), round_limit);
  if (!outcome) return outcome.error();

  std::vector<Measurement>& measured = calibration.measurements();
  measured[fsync_].samples = *synced;
  for (Measurement& each : measured) {
    if (each.samples.empty()) return Error{ErrorCode::failed, "no " + std::string(each.name) + " could be measured"};
    std::sort(each.samples.begin(), each.samples.end());
  }
  return std::move(measured);
}

std::string scenario_fragment(const std::vector<Measurement>& measurements) {
  std::string text;
  std::string_view table;
  for (const Measurement& each : measurements) {
    if (each.table.empty()) continue;
    if (each.table != table) text += (text.empty() ? "[" : "\n[") + std::string(each.table) + "]\n";
    table = each.table;
    text += std::string(each.key) + " = \"" + plain(each.quantile(10)) + ".." + plain(each.quantile(90)) + "\"\n";
  }
  return text;
}

Result<std::vector<std::string>> fragment_overrides(std::string_view text) {
  std::vector<std::string> overrides;
  std::string table;
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    const std::size_t equals = line.find(" = ");
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '[' && line.back() == ']')
      table = line.substr(1, line.size() - 2);
    else if (equals != std::string_view::npos && !table.empty())
      overrides.push_back(table + "." + std::string(line.substr(0, equals)) + "=" +
                          std::string(line.substr(equals + 3)));
    else
      return Error{
          ErrorCode::invalid,
          std::to_string(number) + ": no '[table]', and no 'key = value' below one, as `heir calibrate` prints them"};
  }
  return overrides;
}

}  // namespace heir::tools
