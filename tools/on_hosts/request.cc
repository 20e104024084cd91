#include "tools/on_hosts/request.h"

#include <unistd.h>

#include "engine/hosts/linux_host.h"
#include "tools/simulation/mains.h"

namespace heir::on_hosts {

namespace {

constexpr Duration send_pause = Duration::milliseconds(50);
constexpr int most_sends = 100;

/// A message is not kept for a connection that is not there yet: it is sent until it goes out, once.
Task<bool> ask_for_rebuild(hosts::LinuxHost& host, Address agent) {
  for (int i = 0; i < most_sends && host.message_counts().sent == 0; ++i) {
    host.send(agent, "Orebuild");
    co_await host.sleep(send_pause);
  }
  const bool is_sent = host.message_counts().sent > 0;
  host.log(is_sent ? LogLevel::info : LogLevel::warning, is_sent ? "operator-request" : "operator-request-failed",
           {{"request", "rebuild"}, {"agent", agent.value()}});
  co_return is_sent;
}

Task<void> carry_out(hosts::LinuxHost& host, hosts::Loop& loop, scenarios::Fault request, std::vector<Address> store,
                     Address agent, bool& succeeded) {
  if (request.kind == scenarios::FaultKind::rebuild)
    succeeded = co_await ask_for_rebuild(host, agent);
  else
    succeeded = co_await tools::carry_out_request(host, request, std::move(store), agent);
  // The last message is on its way when the loop has turned for a while.
  co_await host.sleep(send_pause);
  loop.stop();
}

}  // namespace

bool carry_out_request(const tools::HostingConfig& config, const hosts::KeyPair& keys, const scenarios::Fault& request,
                       const std::string& host_name) {
  hosts::Loop loop;
  hosts::Log log(STDERR_FILENO, hosts::LogFormat::json, LogLevel::info);
  hosts::Workers workers(1);
  std::vector<hosts::Correspondent> correspondents;
  std::vector<Address> store;
  Address agent;
  for (const tools::HostEntry& host : config.hosts) {
    const Address inbox = tools::address_of(host, config.ports.agent);
    correspondents.push_back({host.name, host.public_key, {inbox, tools::address_of(host, config.ports.store)}});
    if (host.store) store.push_back(correspondents.back().inboxes[1]);
    if (host.name == host_name) agent = inbox;
  }
  hosts::Mail mail(loop, config.cluster, keys, std::move(correspondents));
  hosts::LinuxHost host(loop, workers, log, &mail, {"operator", "", {}});
  if (const Result<> opened = host.open_inbox(tools::address_of(config.self(), config.ports.agent)); !opened) {
    host.log(LogLevel::warning, "operator-request-failed", {{"error", to_string(opened.error())}});
    return false;
  }
  bool succeeded = false;
  Scope scope;
  scope.spawn(carry_out(host, loop, request, std::move(store), agent, succeeded));
  loop.run();
  scope.cancel();
  return succeeded;
}

}  // namespace heir::on_hosts
