// A world that only writes down what the nemesis does to it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "scenarios/names.h"
#include "sim/faults/actions.h"
#include "sim/kernel/kernel.h"

namespace heir::sim {

class FakeWorld final : public Actions {
 public:
  /// Nodes: peers 1 to `peers`, then the store, then the clients.
  FakeWorld(Kernel& kernel, int peers, int clients) : kernel_(kernel), peers_(peers), clients_(clients) {}

  struct Act {
    Duration at;
    std::string what;
    bool operator==(const Act&) const = default;
  };
  std::vector<Act> acts;
  std::map<scenarios::TargetKind, int> roles;
  std::set<int> down;
  std::set<int> spared;    ///< By the atlas.
  bool repairing = false;  ///< What the atlas says.
  std::map<std::uint32_t, LinkFault> laid_on;

  int peers() const override { return peers_; }
  int host_in_role(scenarios::TargetKind role) const override {
    const auto found = roles.find(role);
    return found == roles.end() ? 0 : found->second;
  }
  bool is_up(int host) const override { return !down.contains(host); }
  int members = 1;
  int store_members() const override { return members; }
  NodeId node(int host) const override { return NodeId(static_cast<std::uint16_t>(host > 0 ? host : peers_ - host)); }
  NodeId store_node() const { return node(store_member(1)); }
  std::vector<NodeId> client_nodes() const override {
    std::vector<NodeId> nodes;
    for (int i = 0; i < clients_; ++i) nodes.push_back(node(peers_ + members + 1 + i));
    return nodes;
  }

  int racks() const override { return 2; }
  MomentSink moments;  ///< Call it: something happens on a host.
  void watch_moments(MomentSink sink) override { moments = std::move(sink); }

  void power_off(int host) override {
    down.insert(host);
    act("power off", host);
  }
  void shut_down(int host) override {
    down.insert(host);
    act("shut down", host);
  }
  void boot(int host) override {
    down.erase(host);
    act("boot", host);
  }
  void wipe_store(const std::vector<int>& hosts) override {
    for (const int host : hosts) act("wipe", host);
  }
  void crash_process(int host, scenarios::ProcessKind process) override { act("crash " + name(process), host); }
  void cancel_sessions(int host) override { act("cancel sessions", host); }
  void crash_backend(int host) override { act("crash a backend", host); }
  void kill_one(int host, std::uint64_t) override { act("kill one", host); }
  void use_up_files(int host, bool used_up) override { act(used_up ? "use up files" : "files again", host); }
  void use_up_connections(int host, bool used_up) override {
    act(used_up ? "use up connections" : "connections again", host);
  }
  void hold_agent(int host, bool held) override { act(held ? "hold agent" : "release agent", host); }
  void pause(int host, scenarios::ProcessKind process) override { act("pause " + name(process), host); }
  void resume(int host, scenarios::ProcessKind process) override { act("resume " + name(process), host); }
  LinkFaultId lay_on(LinkFault fault) override {
    laid_on[++last_] = std::move(fault);
    act("lay on " + std::to_string(last_));
    return LinkFaultId(last_);
  }
  void lift(LinkFaultId fault) override {
    act("lift " + std::to_string(fault.value()));
    laid_on.erase(fault.value());
  }
  std::size_t break_connections(NodeId a, NodeId b, scenarios::ToldOfBreak told) override {
    act("break " + std::to_string(a.value()) + "-" + std::to_string(b.value()) + ", told " +
        scenarios::to_string(told));
    return 1;
  }
  void step_wall_clock(int host, Duration by) override { act("step " + to_string(by), host); }
  void change_clock_rate(int host, std::int64_t by_ppb) override { act("rate " + std::to_string(by_ppb), host); }
  void freeze_clocks(int host) override { act("freeze clocks", host); }
  void thaw_clocks(int host, scenarios::AfterFreeze after) override {
    act("thaw clocks " + scenarios::to_string(after), host);
  }
  DiskFaultId lay_on(int host, const DiskFault& fault) override {
    std::string what;
    if (fault.slow) what += " slow " + to_string(fault.slow->low) + ".." + to_string(fault.slow->high);
    if (fault.full) what += " full";
    if (fault.read_only) what += " read-only";
    if (fault.stuck) what += " stuck";
    if (fault.sync == SyncAnswer::error) what += " error";
    if (fault.sync == SyncAnswer::error_dropped) what += " error-dropped";
    if (fault.sync == SyncAnswer::lie) what += " lie";
    act("disk" + what, host);
    return DiskFaultId(++last_);
  }
  std::optional<DiskFaultId> rot(int host, scenarios::RotPlace where, RandomStream&) override {
    return spoil("rot " + scenarios::to_string(where), host);
  }
  std::optional<DiskFaultId> misdirect_write(int host, RandomStream&) override {
    return spoil("misdirect write", host);
  }
  std::optional<DiskFaultId> misdirect_reads(int host, Ratio chance, RandomStream&) override {
    return spoil("misdirect reads " + std::to_string(chance.ppm()), host);
  }
  void lift(int host, DiskFaultId fault) override { act("lift disk " + std::to_string(fault.value()), host); }
  bool may_lose(int host) override { return !spared.contains(host); }
  bool is_repairing() override { return repairing; }
  DiskImage disk_image(int) const override { return {}; }
  DiskImage with_foreign_data(DiskImage image) override { return image; }
  void replace_disk(int host, const DiskImage&) override { act("replace disk", host); }
  void request(const scenarios::Fault& operator_request, int host) override {
    using scenarios::FaultKind;
    act(operator_request.kind == FaultKind::switchover ? "switchover"
        : operator_request.kind == FaultKind::freeze   ? "freeze"
        : operator_request.kind == FaultKind::unfreeze ? "unfreeze"
                                                       : "rebuild",
        host);
  }

  void run_pg_ctl(int host, std::string_view action) override { act("pg_ctl " + std::string(action), host); }
  void start_second_agent(int host) override { act("start a second agent", host); }
  void kill_second_agent(int host) override { act("kill the second agent", host); }

 private:
  std::string store_name(int host) const { return " store" + (members == 1 ? std::string() : std::to_string(-host)); }
  static std::string name(scenarios::ProcessKind process) {
    switch (process) {
      case scenarios::ProcessKind::host: return "all";
      case scenarios::ProcessKind::agent: return "agent";
      case scenarios::ProcessKind::database: return "database";
    }
    return "?";
  }
  std::optional<DiskFaultId> spoil(std::string what, int host) {
    if (spared.contains(host)) return std::nullopt;
    act(std::move(what), host);
    return DiskFaultId(++last_);
  }
  void act(std::string what, int host = 0) {
    acts.push_back({kernel_.now() - VirtualTime(), std::move(what) + (host == 0  ? ""
                                                                      : host < 0 ? store_name(host)
                                                                                 : " " + std::to_string(host))});
  }

  Kernel& kernel_;
  const int peers_;
  const int clients_;
  std::uint32_t last_ = 0;
};

}  // namespace heir::sim
