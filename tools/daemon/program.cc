#include "tools/daemon/program.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "engine/agent/agent.h"
#include "engine/hosts/clocks.h"
#include "engine/hosts/control.h"
#include "engine/hosts/files.h"
#include "engine/hosts/linux_host.h"
#include "engine/hosts/service.h"
#include "engine/store/inbox.h"
#include "engine/store/remote_store.h"
#include "tools/daemon/control.h"
#include "tools/daemon/hand_over.h"
#include "tools/daemon/reload.h"
#include "tools/daemon/status_server.h"

namespace heir::tools {

namespace {

using namespace hosts;

constexpr int worker_threads = 4;
constexpr Duration hand_over_limit = Duration::seconds(20);
constexpr Duration look_interval = Duration::seconds(1);
constexpr Duration store_pause = Duration::seconds(1);
constexpr int most_orders = 16;  ///< Under way.

std::vector<Correspondent> correspondents(const HostingConfig& config) {
  std::vector<Correspondent> all;
  for (const HostEntry& host : config.hosts)
    all.push_back({host.name,
                   host.public_key,
                   {address_of(host, config.ports.agent), address_of(host, config.ports.store),
                    address_of(host, config.ports.requests)}});
  return all;
}

std::vector<OperatorKey> operator_keys(const HostingConfig& config) {
  std::vector<OperatorKey> keys;
  for (const OperatorEntry& each : config.operators) keys.push_back({each.name, each.public_key});
  return keys;
}

LogFormat log_format(const ProgramOptions& options, const HostingConfig& config) {
  return options.log_format.value_or(config.log == "json" ? LogFormat::json : LogFormat::text);
}

LogLevel log_level(const ProgramOptions& options, const HostingConfig& config) {
  if (options.log_level) return *options.log_level;
  if (config.log_level == "debug") return LogLevel::debug;
  if (config.log_level == "warning") return LogLevel::warning;
  return config.log_level == "error" ? LogLevel::error : LogLevel::info;
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

/// Of the one who acts for the operator.
store::RemoteStoreOptions store_options(const HostingConfig& config) {
  store::RemoteStoreOptions options;
  for (const HostEntry* member : config.store_hosts())
    options.servers.push_back(address_of(*member, config.ports.store));
  options.owner = PeerId("operator");
  return options;
}

class AgentProgram {
 public:
  AgentProgram(const HostingConfig& config, const Prepared& prepared, const ProgramOptions& options)
      : config_(config),
        options_(options),
        is_new_store_(prepared.store_is_new),
        signals_(loop_, {SIGTERM, SIGINT, SIGHUP}, [this](int number) { on_signal(number); }),
        log_(STDERR_FILENO, log_format(options, config), log_level(options, config)),
        workers_(worker_threads),
        mail_(loop_, config.cluster, prepared.keys, correspondents(config)),
        agent_host_(loop_, workers_, log_, &mail_, {"agent", config.password_file(), {}, config.gate.silence_limit}),
        store_host_(loop_, workers_, log_, &mail_, {"store", "", {}}),
        control_host_(loop_, workers_, log_, &mail_, {"control", "", {}}),
        inbox_(control_host_),
        store_(control_host_, inbox_, store_options(config)),
        control_(control_host_, store_, access_, config_),
        orders_(mail_, [this](ControlRequest request) { take_order(std::move(request)); }),
        status_server_(loop_, control_host_, access_, [this] { return counts(); }) {
    mail_.admit(operator_keys(config_));
  }

  int run() {
    const HostEntry& self = config_.self();
    control_host_.log(LogLevel::info, "starting",
                      {{"host", config_.name}, {"cluster", config_.cluster}, {"process", std::to_string(getpid())}});
    for (const std::string& warning : warnings_about(config_))
      control_host_.log(LogLevel::error, "configured-to-lose-data",
                        {{"error", warning}, {"cure", "take [policy] out of " + options_.config_path}});
    if ((self.peer && !open(agent_host_, address_of(self, config_.ports.agent))) ||
        (self.store && !open(store_host_, address_of(self, config_.ports.store))) ||
        !open(control_host_, address_of(self, config_.ports.requests)) ||
        !is_open(orders_.open(address_of(self, config_.ports.control))))
      return 1;
    if (self.store) scope_.spawn(serve_store());
    if (self.peer) scope_.spawn(serve_agent());
    scope_.spawn(inbox_.run());
    if (self.store) scope_.spawn(keep_store_lead_elsewhere(control_host_, store_, config_));
    scope_.spawn(look_after());
    if (const std::optional<Address> at = config_.http_address()) scope_.spawn(status_server_.run(*at));
    notify_service_manager("READY=1\nSTATUS=running");
    loop_.run();
    notify_service_manager("STOPPING=1");
    ending_.cancel();
    scope_.cancel();
    // What the gate's clients have still to hear goes out.
    loop_.set_timer(boot_time() + Duration::milliseconds(50), [this] { loop_.stop(); });
    loop_.run();
    control_host_.log(LogLevel::info, "ended", {{"status", std::to_string(status_)}});
    return status_;
  }

 private:
  bool open(LinuxHost& host, const Address& at) { return is_open(host.open_inbox(at)); }

  bool is_open(const Result<>& opened) {
    if (!opened)
      control_host_.log(LogLevel::error, "cannot-begin",
                        {{"error", to_string(opened.error())},
                         {"cure", opened.error().code == ErrorCode::already_exists
                                      ? "end what listens there (another agent?), or choose others in [ports]"
                                      : "check the address of this [[host]]"}});
    return opened.has_value();
  }

  void take_order(ControlRequest request) {
    if (orders_under_way_ >= most_orders)
      return orders_.answer(request, reply_text(Error{ErrorCode::unreachable, "busy with other orders; try again"}));
    scope_.spawn(obey(std::move(request)));
  }

  Task<void> obey(ControlRequest request) {
    ++orders_under_way_;
    std::string reply = co_await control_.carry_out(request.by, request.payload);
    orders_.answer(request, std::move(reply));
    --orders_under_way_;
  }

  Task<void> serve_store() {
    while (true) {
      co_await store::serve_member(store_host_, member_options(config_, is_new_store_));
      co_await store_host_.sleep(store_pause);
    }
  }

  Task<void> serve_agent() {
    agent::Config config = agent_config(config_);
    config.access = &access_;
    co_await agent::run(agent_host_, std::move(config));
    end(1);  // the log tells why
  }

  /// Tells the service manager that we turn, and the log when we did not.
  Task<void> look_after() {
    const std::optional<Duration> limit = watchdog_limit();
    const Duration interval = limit ? std::min(look_interval, *limit / 3) : look_interval;
    MessageCounts told;
    while (true) {
      co_await control_host_.sleep(interval);
      if (limit) notify_service_manager("WATCHDOG=1");
      const Stalls stalls = loop_.take_stalls();
      stalls_.count += stalls.count;
      stalls_.longest = std::max(stalls_.longest, stalls.longest);
      note_primary();
      if (stalls.count > 0)
        control_host_.log(LogLevel::warning, "loop-stalled",
                          {{"times", std::to_string(stalls.count)}, {"longest", to_string(stalls.longest)}});
      const MessageCounts counts = message_counts();
      tell_refused(told, counts);
      told = counts;
    }
  }

  MessageCounts message_counts() const {
    return agent_host_.message_counts() + store_host_.message_counts() + control_host_.message_counts() +
           orders_.counts();
  }

  ProcessCounts counts() const { return {message_counts(), stalls_, {}, primaries_seen_}; }

  void note_primary() {
    const std::optional<agent::Status> status = access_.status();
    if (!status || !status->state) return;
    if (primary_ && *primary_ != status->state->primary) ++primaries_seen_;
    primary_ = status->state->primary;
  }

  void tell_refused(const MessageCounts& before, const MessageCounts& now) {
    for (std::size_t i = 0; i < now.refused.size(); ++i)
      if (now.refused[i] != before.refused[i])
        control_host_.log(LogLevel::warning, "messages-refused",
                          {{"why", to_string(static_cast<Refusal>(i))}, {"count", std::to_string(now.refused[i])}});
    if (now.keys_refused != before.keys_refused)
      control_host_.log(LogLevel::warning, "keys-refused", {{"count", std::to_string(now.keys_refused)}});
    if (now.overflowed != before.overflowed)
      control_host_.log(LogLevel::warning, "messages-overflowed", {{"count", std::to_string(now.overflowed)}});
  }

  void on_signal(int number) {
    if (number == SIGHUP) return read_config_again();
    control_host_.log(LogLevel::info, "ending", {{"signal", number == SIGTERM ? "SIGTERM" : "SIGINT"}});
    if (is_ending_ || !config_.hand_over || !config_.self().peer) return end(0);  // asked twice, it does not wait
    is_ending_ = true;
    ending_.spawn(leave());
  }

  /// Where the loop does not wait for the disk.
  void read_config_again() {
    const auto loaded = std::make_shared<LoadedConfig>();
    config_files_.run(
        {{options_.config_path}}, [loaded, path = options_.config_path] { *loaded = load_config(path); },
        [this, loaded] { take_config(*loaded); });
  }

  void take_config(const LoadedConfig& loaded) {
    if (!loaded.config) {
      for (const std::string& message : loaded.messages)
        control_host_.log(LogLevel::error, "not-reloaded",
                          {{"error", message.substr(0, message.find('\n'))},
                           {"cure",
                            "correct it and send SIGHUP again; what was read before still counts. The file "
                            "must be readable by user '" +
                                config_.user + "'"}});
      return;
    }
    Reload again = reload(config_, *loaded.config);
    config_ = std::move(again.config);
    mail_.admit(operator_keys(config_));
    log_.change(log_format(options_, config_), log_level(options_, config_));
    access_.change_timing(agent_config(config_).timing);
    control_host_.log(LogLevel::info, "reloaded", {{"changed", joined(again.changed)}});
    if (!again.need_restart.empty())
      control_host_.log(LogLevel::warning, "not-reloaded",
                        {{"keys", joined(again.need_restart)},
                         {"cure", "they count once the agent is restarted, which does not touch the database"}});
  }

  Task<void> leave() {
    co_await hand_over(control_host_, store_, config_, hand_over_limit);
    end(0);
  }

  void end(int status) {
    status_ = status;
    loop_.stop();
  }

  HostingConfig config_;
  const ProgramOptions options_;
  const bool is_new_store_;
  bool is_ending_ = false;
  int status_ = 0;
  Loop loop_;
  Signals signals_;  // before the first thread
  Log log_;
  Workers workers_;
  FileQueue config_files_{loop_, workers_};
  Mail mail_;
  LinuxHost agent_host_;
  LinuxHost store_host_;
  LinuxHost control_host_;
  store::Inbox inbox_;
  store::RemoteStore store_;
  agent::Access access_;
  Control control_;
  ControlService orders_;
  int orders_under_way_ = 0;
  Stalls stalls_;  ///< Since it began.
  std::optional<PeerId> primary_;
  std::uint64_t primaries_seen_ = 0;
  StatusServer status_server_;
  Scope ending_;
  Scope scope_;
};

}  // namespace

int run_agent_program(const HostingConfig& config, const Prepared& prepared, const ProgramOptions& options) {
  signal(SIGPIPE, SIG_IGN);
  return AgentProgram(config, prepared, options).run();
}

}  // namespace heir::tools
