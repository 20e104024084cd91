// heir drain: a host is relieved of everything that others wait for, so that it can be stopped without being missed.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "engine/hosts/clocks.h"
#include "scenarios/mistakes.h"
#include "tools/command/json.h"
#include "tools/command/operator_options.h"
#include "tools/daemon/promotion.h"

namespace heir::tools {

namespace {

using scenarios::printable;

const char* const footer =
    "Example:\n"
    "  heir drain a && ssh a systemctl stop heir-agent\n"
    "\n"
    "If HOST is the primary, its sync takes over; if it is the sync then, the first async takes its place; if its "
    "member\n"
    "of the store leads, another does. Nothing is lost, and clients are kept waiting only while the primary changes.\n"
    "HOST remains an async, and can be chosen again if another host fails: stop its agent soon, which keeps it out "
    "until\n"
    "it is started again. Needs a third host; without one, a primary is made the sync, and that is said.\n"
    "\n";

struct Options {
  OperatorOptions common;
  std::string host;
};

class Drain {
 public:
  Drain(const Client& client, const Options& options) : client_(client), options_(options) {
    how_.limit = options.common.limit;
    if (!options.common.json)
      how_.tell = [](const std::string& step) {
        fmt::print("{}\n", printable(step));
        std::fflush(stdout);
      };
  }

  Exit run() {
    const std::vector<std::string> known = names();
    if (std::find(known.begin(), known.end(), options_.host) == known.end())
      return give_up({ErrorCode::invalid, "there is no host '" + printable(options_.host) + "'" +
                                              scenarios::suggestion(options_.host, known)});
    if (!leave_the_cluster() || !leave_the_store()) return give_up(error_);
    if (options_.common.json)
      fmt::print("{{\"host\":{},\"drained\":true,\"steps\":{}}}\n", json_string(options_.host), json_strings(steps_));
    else
      fmt::print("{} holds nothing that others wait for; stop its agent before another host fails\n",
                 printable(options_.host));
    return Exit::as_expected;
  }

 private:
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const HostEntry& host : client_.config().hosts) names.push_back(host.name);
    return names;
  }

  void note(const std::string& step) {
    steps_.push_back(step);
    how_.tell(step);
  }

  /// Until a state that is not older than what was done has the host as neither primary nor sync.
  bool leave_the_cluster() {
    while (true) {
      const std::optional<StateView> state = newest_state(client_.look());
      if (!state || state->generation < done_) {
        error_ = {ErrorCode::unreachable, "no host tells the cluster's state; see `heir status`"};
        if (!waits()) return false;
      } else if (state->primary == options_.host) {
        if (!move("", Goal::primary)) return false;
      } else if (state->sync != options_.host) {
        return true;
      } else if (state->async.empty()) {
        error_ = {ErrorCode::refused, options_.host +
                                          " is the sync, and there is no async that could take its "
                                          "place; without it the primary would take no writes"};
        return false;
      } else if (!move(state->async.front(), Goal::sync)) {
        return false;
      }
    }
  }

  /// Until the store says that the host's member does not lead it.
  bool leave_the_store() {
    Order order;
    order.what = orders::yield_store;
    order.host = options_.host;
    bool is_told = false;
    while (true) {
      const Result<std::string> yielded = client_.ask_any(order);
      if (!yielded) {
        error_ = yielded.error();
        return false;
      }
      if (*yielded == "{\"done\":false}") {
        if (is_told) note(options_.host + " does not lead the store any more");
        return true;
      }
      is_told = true;
      error_ = {ErrorCode::timed_out, options_.host + " leads the store still, though it was told to let another"};
      if (!waits()) return false;
    }
  }

  /// A moment; false if the time is up.
  bool waits() {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return hosts::boot_time() < until_;
  }

  bool move(const std::string& to, Goal goal) {
    how_.goal = goal;
    const std::variant<Promoted, Stuck> outcome = promote(client_, to, how_);
    if (const auto* stuck = std::get_if<Stuck>(&outcome)) {
      error_ = stuck->error;
      return error_.code == ErrorCode::conflict && waits();  // it is another cluster now: looked at again
    }
    const Promoted& done = std::get<Promoted>(outcome);
    done_ = std::max(done_, done.generation);
    steps_.push_back(done.to + (goal == Goal::primary ? " is the primary" : " is the sync"));
    return true;
  }

  Exit give_up(const Error& error) {
    const Exit status = fail(options_.common, "heir drain", error);
    return steps_.empty() ? status : Exit::partly_done;
  }

  const Client& client_;
  const Options& options_;
  PromotionOptions how_;
  const MonotonicTime until_ = hosts::boot_time() + options_.common.limit * 3;
  std::uint64_t done_ = 0;  ///< The generation of the last move.
  std::vector<std::string> steps_;
  Error error_;
};

Exit run(const Options& options) {
  const Result<Client> client = Client::open(options.common.config, answer_limit(options.common));
  if (!client) return fail(options.common, "heir drain", client.error());
  return Drain(*client, options).run();
}

}  // namespace

void add_drain_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  options->common.limit = Duration::seconds(60);
  CLI::App* command = app.add_subcommand("drain", "Relieve a host of what others wait for, before it is stopped");
  add_operator_options(*command, options->common, "For each step; default 60s");
  command->add_option("HOST", options->host, "Which")->required();
  command->footer(std::string(footer) + operator_exit_help);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
